"""A location stands twice in a server

nginx refuses to start with `duplicate location`. `/a` and `^~ /a` are the same prefix; `= /a` is another location.

```nginx bad
http {
    server {
        location /a { }
        location ^~ /a { }  # want "/a. stands twice"
        location = /b { }
        location = /b { }  # want "/b. stands twice"
    }
}
```

```nginx good
http {
    server {
        location /a { }
        location = /a { }
        location /a/ { }
        location ~ /a { }
    }
    server {
        listen 8080;
        location /a { }
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
    """Every second location of the same kind and pattern in one block."""
    first: dict[tuple[Directive | None, bool, str], Directive] = {}
    for place in context.get(locations):
        if place.modifier not in {"", "=", "^~"}:
            continue
        key = (place.directive.parent, place.modifier == "=", place.pattern)
        earlier = first.setdefault(key, place.directive)
        if earlier is not place.directive:
            yield Finding(
                place.directive.head_span,
                f"location `{place.pattern}` stands twice",
                "Put both into one.",
                ((earlier.head_span, "the first one"),),
            )


RULE = Rule(
    id="location/duplicate",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=("https://nginx.org/en/docs/http/ngx_http_core_module.html#location",),
    options=NoOptions(),
    check=check,
    refuses=True,
)
