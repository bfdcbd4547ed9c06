"""A named location is referred to and does not exist

`nginx -t` says nothing. The request that comes this way ends with 500 and `could not find named location` in the
error log: usually on the error page that nobody has tried.

```nginx bad
http {
    server {
        error_page 502 @sorry;  # want "@sorry. is no location of this server"
        location / { try_files $uri @app; }  # want "@app. is no location"
    }
    server {
        listen 8080;
        location @app { return 200; }
    }
}
```

```nginx good
http {
    server {
        error_page 502 @sorry;
        location / { try_files $uri @app; }
        location @app { proxy_pass http://127.0.0.1:8000; }
        location @sorry { return 200 "later"; }
    }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.config.facts import locations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.model import Directive


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every `@name` at the end of try_files and error_page that its server does not have."""
    named: dict[Directive | None, set[str]] = {}
    for place in context.get(locations):
        if place.modifier == "@":
            named.setdefault(place.server, set()).add(f"@{place.pattern}")
    for directive in context.each("try_files", "error_page"):
        server = next((block for block in directive.ancestors if block.name == "server"), None)
        word = directive.args[-1] if directive.args else None
        if server is None or word is None or not word.startswith("@") or "$" in word:
            continue
        if word not in named.get(server, ()):
            yield Finding(
                directive.word_span(word),
                f"`{word}` is no location of this server: the request ends with 500",
                f"Define `location {word}` in this server.",
                ((server.head_span, "the server"),),
            )


RULE = Rule(
    id="ref/named-location-undefined",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=("https://nginx.org/en/docs/http/ngx_http_core_module.html#try_files",),
    options=NoOptions(),
    check=check,
)
