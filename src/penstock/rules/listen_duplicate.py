"""A server listens on the same socket twice

nginx refuses to start with `a duplicate listen`. Two spellings of one address count: `80`, `*:80` and `0.0.0.0:80`.

```nginx bad
http {
    server {
        listen 80;
        listen 0.0.0.0:80;  # want "already listens on \\*:80"
    }
}
```

```nginx good
http {
    server {
        listen 80;
        listen [::]:80;
        listen 127.0.0.1:80;
    }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.config.facts import servers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.config.facts import Socket
    from penstock.model import Directive


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every `listen` that repeats another one of its server."""
    for server in context.get(servers):
        first: dict[Socket, Directive] = {}
        for listen in server.listens:
            for socket in listen.sockets if listen.directive is not None else ():
                assert listen.directive is not None
                earlier = first.setdefault(socket, listen.directive)
                if earlier is not listen.directive:
                    yield Finding(
                        listen.directive.head_span,
                        f"this server already listens on {socket}",
                        "Delete one of the two.",
                        ((earlier.head_span, "here"),),
                    )


RULE = Rule(
    id="listen/duplicate",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=("https://nginx.org/en/docs/http/ngx_http_core_module.html#listen",),
    options=NoOptions(),
    check=check,
    refuses=True,
)
