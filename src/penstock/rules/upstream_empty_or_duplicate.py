"""An upstream without servers, or two of one name

nginx refuses to start: `no servers are inside upstream`, or `duplicate upstream`.

```nginx bad
http {
    upstream none { keepalive 8; }  # want "none. has no server"
    upstream twice { server 127.0.0.1:8001; }
    upstream Twice { server 127.0.0.1:8002; }  # want "Twice. is defined twice"
}
```

```nginx good
http {
    upstream one { server 127.0.0.1:8001; }
    upstream two { server 127.0.0.1:8001; server 127.0.0.1:8002 backup; }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.config.facts import upstreams

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.model import Directive

# NGINX Plus fills such upstreams at run time; Lua balancers need one server only, whatever it is.
_FILLED = ("state", "zone")


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every upstream without a server, and every second one of a name (nginx compares without case)."""
    first: dict[tuple[str, str], Directive] = {}
    for upstream in context.get(upstreams):
        if not upstream.servers and not any(upstream.directive.children(*_FILLED)):
            yield Finding(
                upstream.directive.head_span, f"the upstream `{upstream.name}` has no server", "Add a `server` to it."
            )
        key = (upstream.family, upstream.name.lower())
        earlier = first.setdefault(key, upstream.directive)
        if earlier is not upstream.directive:
            yield Finding(
                upstream.directive.head_span,
                f"the upstream `{upstream.name}` is defined twice",
                "Rename one, or put the servers into one block.",
                ((earlier.head_span, "the first one"),),
            )


RULE = Rule(
    id="upstream/empty-or-duplicate",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=("https://nginx.org/en/docs/http/ngx_http_upstream_module.html#upstream",),
    options=NoOptions(),
    check=check,
    refuses=True,
)
