"""Addresses are allowed, and nobody is denied

`allow` lists exceptions from a `deny`. Without any `deny` in the same block everybody comes in: the list does nothing.
A `deny` of an outer block does not help, because a block with rules of its own inherits none.

```nginx bad
http {
    server {
        deny all;
        location /admin/ {
            allow 10.0.0.0/8;  # want "no deny"
        }
    }
}
```

```nginx good
http {
    server {
        deny 203.0.113.7;
        location /admin/ {
            allow 10.0.0.0/8;
            deny all;
        }
        location /public/ { allow all; }
    }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.config.facts import inheritance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.model import Directive


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """The first `allow` of every block that allows some addresses and denies none."""
    blocks = context.get(inheritance)
    seen: set[Directive | None] = set()
    for allow in context.each("allow"):
        if allow.parent in seen:
            continue
        seen.add(allow.parent)
        allowed = blocks.own(allow.parent, "allow")
        if blocks.own(allow.parent, "deny") or any(each.args[:1] == ("all",) for each in allowed):
            continue
        yield Finding(
            allow.head_span,
            "this block allows addresses and has no deny, so that everybody is let in",
            "End the list with `deny all;`.",
        )


RULE = Rule(
    id="security/allow-without-deny",
    doc=__doc__,
    severity=Severity.WARNING,
    sources=("https://nginx.org/en/docs/http/ngx_http_access_module.html",),
    options=NoOptions(),
    check=check,
)
