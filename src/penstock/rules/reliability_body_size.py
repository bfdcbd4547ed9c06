"""Requests may be larger than disks like

nginx buffers request bodies on disk before an upstream gets them. A few requests of many gigabytes fill it.

`grpc_pass` sends a body on as it comes, and so does `proxy_request_buffering off`: there a stream without end needs
`client_max_body_size 0`, and it is left alone.

```nginx bad
http {
    client_max_body_size 0;  # want "client_max_body_size 0 lets"
    server {
        client_max_body_size 100g;  # want "client_max_body_size 100g lets"
        location / { proxy_pass http://127.0.0.1:8000; }
        location /stream/ { grpc_pass grpc://127.0.0.1:8001; }
    }
}
```

```nginx good
http {
    client_max_body_size 64m;
    server {
        client_max_body_size 0;
        location / { grpc_pass grpc://127.0.0.1:8001; }
        location /upload/ {
            proxy_request_buffering off;
            proxy_pass http://127.0.0.1:8000;
        }
    }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.quantities import parse_quantity
from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.config.facts import inheritance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.config.facts import Inheritance
    from penstock.model import Directive

_MOST = 4 * 1024**3
_BUFFERED = {
    "proxy_pass": "proxy_request_buffering",
    "fastcgi_pass": "fastcgi_request_buffering",
    "scgi_pass": "scgi_request_buffering",
    "uwsgi_pass": "uwsgi_request_buffering",
    "grpc_pass": "",
}


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every limit of none, or of more than 4 GB, where bodies go to disk."""
    for directive in context.each("client_max_body_size"):
        size = parse_quantity(directive.args[0], "offset") if directive.args else None
        if size is None or 0 < size <= _MOST or _streams(directive.parent, context.get(inheritance)):
            continue
        yield Finding(
            directive.head_span,
            f"{directive.name} {directive.args[0]} lets one request fill the disk",
            "Set a limit that your largest upload needs; 0 means none.",
        )


def _streams(block: Directive | None, blocks: Inheritance) -> bool:
    """Whether the block hands requests on, and never by way of the disk."""
    passes = [each for each in block.walk() if each.name in _BUFFERED] if block is not None else []
    return bool(passes) and all(
        each.name == "grpc_pass" or blocks.value(each.parent, _BUFFERED[each.name], "on").lower() == "off"
        for each in passes
    )


RULE = Rule(
    id="reliability/body-size",
    doc=__doc__,
    severity=Severity.WARNING,
    sources=(
        "https://nginx.org/en/docs/http/ngx_http_core_module.html#client_max_body_size",
        "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_request_buffering",
    ),
    options=NoOptions(),
    check=check,
    profiles=frozenset({"strict"}),
)
