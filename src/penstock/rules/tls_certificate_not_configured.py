"""TLS is spoken on a socket whose default server has no certificate

nginx refuses to start with `no "ssl_certificate" is defined`. Only the default server of the socket has to have one,
unless it rejects handshakes: then every other server of the socket needs one, or rejects them, too.

```nginx bad
http {
    server {
        listen 443 ssl;  # want "no ssl_certificate for TLS on \\*:443"
        server_name a.example;
    }
}
```

```nginx bad
http {
    server {
        listen 443 ssl default_server;
        ssl_reject_handshake on;
    }
    server {
        listen 443 ssl;  # want "no ssl_certificate for TLS on \\*:443, whose default server rejects handshakes"
        server_name a.example;
    }
}
```

```nginx good
http {
    server {
        listen 443 ssl default_server;
        ssl_reject_handshake on;
    }
    server {
        listen 443 ssl;
        server_name a.example;
        ssl_certificate example.crt;
        ssl_certificate_key example.key;
    }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.config.facts import default_servers, inheritance, servers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.config.facts import Inheritance, Server, Socket
    from penstock.model import Directive


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every server that has to have a certificate for a socket with TLS and has none, once for each server."""
    secured = {
        socket for server in context.get(servers) for each in server.listens if each.ssl for socket in each.sockets
    }
    blocks = context.get(inheritance)
    sharing: dict[Socket, list[Server]] = {}
    for server in context.get(servers):
        for socket in secured.intersection(server.sockets):
            sharing.setdefault(socket, []).append(server)
    told: set[int] = set()
    for socket, default in context.get(default_servers).items():
        if socket not in secured or blocks.effective(default.directive, "ssl_certificate"):
            continue
        rejects = _rejects(blocks, default)
        for server in sharing[socket] if rejects else [default]:
            if id(server) in told or _rejects(blocks, server):
                continue
            if blocks.effective(server.directive, "ssl_certificate"):
                continue
            told.add(id(server))
            why = "whose default server rejects handshakes" if rejects else "and this server is its default one"
            listen = _listen(server, socket)
            yield Finding(
                listen.head_span if listen is not None else server.directive.head_span,
                f"there is no ssl_certificate for TLS on {socket}, {why}",
                "Give it ssl_certificate and ssl_certificate_key, or `ssl_reject_handshake on;`.",
            )


def _rejects(blocks: Inheritance, server: Server) -> bool:
    return blocks.value(server.directive, "ssl_reject_handshake", "off").lower() == "on"


def _listen(server: Server, socket: Socket) -> Directive | None:
    return next((each.directive for each in server.listens if socket in each.sockets), None)


RULE = Rule(
    id="tls/certificate-not-configured",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=("https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_certificate",),
    options=NoOptions(),
    check=check,
    refuses=True,
)
