"""`try_files` finds nothing below an `alias` in a regular expression's location

In such a location nginx puts `alias` and the names of try_files together as they are: with `alias /srv/$1` and the
request `/files/a.txt`, `$uri` is looked for as `/srv/a.txt/files/a.txt`. Everything ends with the last argument.

```nginx bad
http {
    server {
        location ~ ^/files/(.*)$ {
            alias /srv/$1;
            try_files $uri =404;  # want "looks for .uri below the whole alias"
        }
    }
}
```

```nginx good
http {
    server {
        location ~ ^/files/(.*)$ {
            root /srv;
            try_files /$1 =404;
        }
        location /more/ {
            alias /srv/;
            try_files $uri $uri/ =404;
        }
    }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.config.facts import inheritance, locations

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every try_files with $uri beside an alias in a location with a regular expression."""
    regexes = {place.directive for place in context.get(locations) if place.regex}
    for directive in context.each("try_files"):
        if directive.parent not in regexes or not any("$uri" in word for word in directive.args[:-1]):
            continue
        alias = context.get(inheritance).own(directive.parent, "alias")
        if alias:
            yield Finding(
                directive.head_span,
                "this looks for $uri below the whole alias, where nothing stands",
                "Use `root`, and a capture instead of $uri.",
                ((alias[0].head_span, "the alias"),),
            )


RULE = Rule(
    id="correctness/try-files-alias",
    doc=__doc__,
    severity=Severity.WARNING,
    sources=(
        "https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files",
        "https://trac.nginx.org/nginx/ticket/97",
    ),
    options=NoOptions(),
    check=check,
)
