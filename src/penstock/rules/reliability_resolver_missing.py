"""A name is looked up at run time, and there is no resolver

With a variable in the address of an upstream, nginx looks the host up for each request: among the upstreams that the
configuration names, then in DNS, for which it needs `resolver`. Without one, each such request ends with 502 and
`no resolver defined to resolve`.

```nginx bad
http {
    server {
        location / {
            set $backend app.internal.example;
            proxy_pass http://$backend:8000;  # want "no resolver to look up .app.internal.example"
        }
        location /a {
            set $service app;
            proxy_pass http://$service.internal.example;  # want "no resolver to look up .app.internal.example"
        }
        location /b { proxy_pass http://localhost:8000$request_uri; }  # want "no resolver to look up .localhost"
    }
}
```

```nginx good
http {
    upstream app { server 127.0.0.1:8001; }
    map $arg_v $target { default app; b 127.0.0.1:8002; }
    server {
        location / { proxy_pass http://$target; }
        location /static/ { proxy_pass http://localhost:8000/; }
        location /c {
            resolver 127.0.0.1;
            proxy_pass http://app.internal.example$request_uri;
        }
    }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.destinations import authority
from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.analysis.taint import flows
from penstock.config.facts import inheritance, upstreams

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.model import Config

_PASSES = ("proxy_pass", "fastcgi_pass", "grpc_pass", "scgi_pass", "uwsgi_pass")


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every upstream address with a variable, whose host is written out somewhere and known nowhere."""
    for directive in context.each(*_PASSES):
        if not directive.args or "$" not in directive.args[0]:
            continue
        if context.get(inheritance).effective(directive.parent, "resolver"):
            continue
        for value in context.get(flows).expand(directive.args[0], directive):
            host = authority(value)
            name = _host(host[0]) if host and isinstance(host[0], str) else ""
            alone = len(host) == 1 or ":" in str(host[0])  # otherwise more of the name follows
            if name and alone and not _is_address(name) and name.lower() not in context.get(_known_hosts):
                yield Finding(
                    directive.word_span(directive.args[0]),
                    f"there is no resolver to look up `{name}`, which a variable makes nginx do for each request",
                    "Set `resolver`, or define an upstream of that name.",
                )
                break


def _host(text: str) -> str:
    return text if text.startswith(("[", "unix:")) else text.partition(":")[0]


def _is_address(name: str) -> bool:
    if name.startswith(("[", "unix:")):
        return True
    if not name[-1:].isdecimal():
        return False
    import ipaddress  # noqa: PLC0415 - most names end in a letter

    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _known_hosts(config: Config) -> frozenset[str]:
    """The names of upstreams, and the hosts of addresses without variables, which nginx looks up at its start."""
    names = {upstream.name.lower() for upstream in upstreams(config)}
    for directive in config.walk():
        if directive.name in _PASSES and directive.args and "$" not in directive.args[0]:
            host = authority((str(directive.args[0]),))
            names.update(_host(piece).lower() for piece in host if isinstance(piece, str))
    return frozenset(names)


RULE = Rule(
    id="reliability/resolver-missing",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=(
        "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass",
        "https://nginx.org/en/docs/http/ngx_http_core_module.html#resolver",
    ),
    options=NoOptions(),
    check=check,
)
