"""A TLS version that is deprecated is offered

TLS 1.0 and 1.1 were deprecated in 2021, SSL before. Which versions a socket offers is decided by its *default* server:
the handshake begins before nginx knows which name is asked for. What another server of the socket says has no effect
there, and is not reported; neither is a setting that no TLS socket uses. Where `ssl_protocols` is not set at all,
OpenSSL's own settings have a say, and nothing is reported.

```nginx bad
http {
    ssl_protocols TLSv1 TLSv1.2;  # want "\\*:443 offers TLSv1,"
    server {
        listen 443 ssl;
        ssl_certificate example.crt;
        ssl_certificate_key example.key;
    }
}
```

```nginx good
http {
    ssl_protocols TLSv1 TLSv1.1 TLSv1.2;
    server {
        listen 443 ssl;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate example.crt;
        ssl_certificate_key example.key;
    }
    server { listen 80; }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.config.facts import default_servers, inheritance, servers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.config.facts import Socket
    from penstock.model import Directive

_DEPRECATED = {"sslv2": "SSLv2", "sslv3": "SSLv3", "tlsv1": "TLSv1", "tlsv1.1": "TLSv1.1"}


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every ssl_protocols that makes a socket offer a deprecated version."""
    secured = {
        socket for server in context.get(servers) for each in server.listens if each.ssl for socket in each.sockets
    }
    blocks = context.get(inheritance)
    sockets: dict[Directive, list[Socket]] = {}
    for socket, server in context.get(default_servers).items():
        if socket in secured:
            for directive in blocks.effective(server.directive, "ssl_protocols"):
                sockets.setdefault(directive, []).append(socket)
    for directive, used in sockets.items():
        old = [_DEPRECATED[word.lower()] for word in directive.args if word.lower() in _DEPRECATED]
        if old:
            more = f" and {len(used) - 1} more" if 1 < len(used) else ""
            yield Finding(
                directive.head_span,
                f"{used[0]}{more} offers {' and '.join(old)}, deprecated since 2021",
                "Write `ssl_protocols TLSv1.2 TLSv1.3;`.",
            )


RULE = Rule(
    id="tls/protocols",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=(
        "https://www.rfc-editor.org/rfc/rfc8996",
        "https://nginx.org/en/docs/http/ngx_http_ssl_module.html#ssl_protocols",
    ),
    options=NoOptions(),
    check=check,
)
