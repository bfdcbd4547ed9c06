"""This release of nginx does not have the directive yet

The directive came with a later release than the one that the configuration is for, which refuses to start.

```nginx bad version=1.22.1
http {
    server {
        http2 on;  # want "http2. came with nginx 1.25.1"
    }
}
```

```nginx good version=1.25.1 since=1.25.1
http {
    server { http2 on; }
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
    """Every directive of a later release."""
    for directive in of_standing(context, Standing.LATER):
        since = min(
            (row.since for row in context.catalog.all_directives(directive.name)), key=context.catalog.releases.index
        )
        yield Finding(
            directive.name_span,
            f"`{directive.name}` came with nginx {since}, and this is for {context.nginx_version}",
            f"Leave it out, or move the target to {since}.",
        )


RULE = Rule(
    id="directive/not-in-version",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=("https://nginx.org/en/CHANGES",),
    options=NoOptions(),
    check=check,
    refuses=True,
)
