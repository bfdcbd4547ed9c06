"""The upstream is told a host that the client made up

`$http_host` is the Host header as it was sent, even where the request line names another host, and `X-Forwarded-Host`
is a header that anybody can send. An application that builds links, password mails or cache keys from it does so for
the attacker's host. `$host` is the host that nginx itself chose the server by.

```nginx bad
http {
    server {
        location / {
            proxy_set_header Host $http_host;  # want "http_host"
            proxy_pass http://127.0.0.1:8000;
        }
        location /forwarded/ {
            proxy_set_header Host $http_x_forwarded_host;  # want "http_x_forwarded_host"
            proxy_pass http://127.0.0.1:8000;
        }
    }
}
```

```nginx good
http {
    server {
        location / {
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_pass http://127.0.0.1:8000;
        }
    }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Edit, Finding, NoOptions, Rule, Severity
from penstock.analysis.taint import Source, flows

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every Host header for an upstream that is taken from what the client sends, but for $host."""
    for directive in context.each("proxy_set_header", "grpc_set_header"):
        if len(directive.args) != 2 or directive.args[0].lower() not in {"host", ":authority"}:
            continue
        word = directive.args[1]
        if "$" not in word:
            continue
        for value in context.get(flows).expand(word, directive):
            source = next((piece for piece in value if _made_up(piece)), None)
            if isinstance(source, Source):
                yield Finding(
                    directive.word_span(word),
                    f"the upstream takes `{source.name}` for the host, and the client writes it as it likes",
                    "Use $host.",
                    tuple((step.head_span, "through this") for step in source.via),
                    (Edit(directive.word_span(word), "$host"),) if word == "$http_host" else (),
                )
                break


def _made_up(piece: object) -> bool:
    if not isinstance(piece, Source) or piece.finite:
        return False
    return piece.name == "$http_host" or piece.kind == "header" or piece.name.startswith("$arg_")


RULE = Rule(
    id="security/host-spoofing",
    doc=__doc__,
    severity=Severity.WARNING,
    sources=("https://nginx.org/en/docs/http/ngx_http_core_module.html#var_host",),
    options=NoOptions(),
    check=check,
)
