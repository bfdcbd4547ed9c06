"""A directive that may stand once stands twice in a block

nginx refuses to start with `directive is duplicate`. Often the second one comes out of an include.

```nginx bad
http {
    server {
        client_max_body_size 1m;
        gzip on;
        client_max_body_size 2m;  # want "client_max_body_size. stands twice"
    }
}
```

```nginx good
http {
    gzip on;
    server {
        gzip off;
        add_header A 1;
        add_header B 2;
        location / { gzip on; }
    }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.analysis.standing import known_groups

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.model import Directive

_ONCE = frozenset({"flag", "size", "offset", "number", "time_s", "time_ms", "enum"})
"""Kinds of value whose setters in nginx's source refuse a second one (ngx_conf_set_flag_slot and its kin)."""


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every second directive of a name in a block, where nginx takes only one."""
    for name, _at, rows, directives in known_groups(context):
        if not rows or not all(row.value in _ONCE for row in rows):
            continue
        first: dict[Directive | None, Directive] = {}
        for directive in directives:
            earlier = first.setdefault(directive.parent, directive)
            if earlier is not directive:
                yield Finding(
                    directive.head_span,
                    f"`{name}` stands twice in this block",
                    "Delete one of them.",
                    ((earlier.head_span, "the first one"),),
                )


RULE = Rule(
    id="directive/duplicate",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=("https://nginx.org/en/docs/dirindex.html",),
    options=NoOptions(),
    check=check,
)
