"""The directive is NGINX Plus' alone

The open source nginx does not have it and refuses to start. Switch this rule off where the fleet runs NGINX Plus.

```nginx bad
http {
    server {
        location /api/ { api write=on; }  # want "api. is part of NGINX Plus"
    }
}
```

```nginx good
http {
    server {
        location /status { stub_status; }
    }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.analysis.standing import Standing, of_standing

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every directive that only subscribers have."""
    for directive in of_standing(context, Standing.PLUS):
        yield Finding(
            directive.name_span,
            f"`{directive.name}` is part of NGINX Plus; the open source nginx refuses it",
            'Where the fleet runs NGINX Plus: [check.rules."directive/plus-only"] severity = "off".',
        )


RULE = Rule(
    id="directive/plus-only",
    doc=__doc__,
    severity=Severity.WARNING,
    sources=("https://nginx.org/en/docs/",),
    options=NoOptions(),
    check=check,
)
