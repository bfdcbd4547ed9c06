"""The directive may not stand in this block

nginx knows the directive, but not here, and refuses to start. A snippet that is included in two places is judged in
each of them.

```nginx bad
http {
    proxy_pass http://127.0.0.1;  # want "proxy_pass. may not stand in http"
    server {
        log_format short $uri;  # want "log_format. may not stand in server"
        if ($args) {
            root /srv;  # want "root. may not stand in if in server"
        }
    }
}
```

```nginx good
http {
    log_format short $uri;
    server {
        location / {
            if ($args) { root /srv; }
            limit_except GET { deny all; }
        }
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


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every directive in a block in which no release documents it."""
    for name, at, rows, directives in known_groups(context):
        # NGINX Plus and modules may allow more than the source of nginx does.
        if rows or any(at in fact.contexts for fact in context.catalog.reference(name)):
            continue
        known = context.catalog.directives(name, context.nginx_version)
        allowed = dict.fromkeys(where for row in known for where in row.contexts)
        for directive in directives:
            yield Finding(
                directive.name_span,
                f"`{name}` may not stand in {at}",
                f"It may stand in: {', '.join(allowed)}.",
                ((directive.parent.head_span, "in this block"),) if directive.parent is not None else (),
            )


RULE = Rule(
    id="directive/wrong-context",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=("https://nginx.org/en/docs/dirindex.html",),
    options=NoOptions(),
    check=check,
    refuses=True,
)
