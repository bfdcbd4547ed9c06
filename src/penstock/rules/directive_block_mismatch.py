"""A block where a semicolon belongs, or the reverse

nginx refuses to start: `server` needs a block in `http`, `root` takes none.

```nginx bad
http {
    server {
        root /srv { }  # want "root. takes no block"
        location /;  # want "location. needs a block"
    }
}
```

```nginx good
http {
    server {
        root /srv;
        location / { }
    }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.analysis.standing import known_groups
from penstock.analysis.swallowed import swallowed

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every directive with braces that takes none, and every one without that needs them."""
    for name, at, rows, directives in known_groups(context):
        allowed = {row.block for row in rows}
        if len(allowed) != 1:
            continue
        for directive in directives:
            has_block = directive.block is not None or directive.body is not None
            if has_block in allowed or swallowed(directive, context, at) is not None:
                continue
            if has_block:
                yield Finding(directive.head_span, f"`{name}` takes no block", "End it with a semicolon.")
            else:
                yield Finding(directive.head_span, f"`{name}` needs a block", "Put what belongs to it in braces.")


RULE = Rule(
    id="directive/block-mismatch",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=("https://nginx.org/en/docs/beginners_guide.html#conf_structure",),
    options=NoOptions(),
    check=check,
    refuses=True,
)
