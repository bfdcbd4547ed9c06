"""The client chooses the server that nginx connects to

A request parameter, a header or a part of the URI reaches the host of an upstream address, directly or through `set`,
`map` or a capture. Whoever sends the request then makes nginx connect wherever they like: to cloud metadata services,
to databases on the internal network, to nginx's own status page.

A `map` that writes all its values out is an allow list and passes. So does a variable behind a check such as
`if ($arg_host !~ ^(a|b)$) { return 403; }`, and a label that can hold no delimiter before a fixed domain.

```nginx bad
http {
    resolver 127.0.0.1;
    server {
        location /fetch { proxy_pass http://$arg_host; }  # want "arg_host.* chooses the server"
    }
}
```

```nginx bad
http {
    resolver 127.0.0.1;
    map $http_x_backend $backend {
        default $http_x_backend;
    }
    server {
        location / {
            set $target http://$backend;
            proxy_pass $target;  # want "http_x_backend.* chooses the server"
        }
        location ~ ^/to/(.+)$ { proxy_pass http://$1; }  # want ".1. chooses the server"
        location ~ ^/api(.*)$ { proxy_pass http://127.0.0.1$1; }  # want ".1. chooses the server"
    }
}
```

```nginx good
http {
    resolver 127.0.0.1;
    map $http_x_version $backend {
        default 127.0.0.1:8001;
        beta    127.0.0.1:8002;
    }
    server {
        server_name ~^(?<user>[a-z0-9-]+)\\.example\\.com$;
        location / { proxy_pass http://$backend$request_uri; }
        location ~ ^/v1(/.*)$ { proxy_pass http://127.0.0.1:8001$1; }
        location /home/ { proxy_pass http://$user.internal.example.com; }
        location /checked/ {
            if ($arg_host !~ ^(one|two)\\.example\\.com$) { return 403; }
            proxy_pass http://$arg_host;
        }
    }
    server {
        listen 8080;
        location / { proxy_pass http://127.0.0.1:8001/?from=$arg_from; }
    }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.destinations import authority, chosen_by_client
from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.analysis.taint import flows
from penstock.config.facts import default_servers, servers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from penstock.config.facts import Server
    from penstock.model import Config, Directive

_PASSES = ("proxy_pass", "fastcgi_pass", "grpc_pass", "scgi_pass", "uwsgi_pass", "memcached_pass", "tunnel_pass")


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every upstream address whose host the client decides."""
    for directive in context.each(*_PASSES):
        if not directive.args or "$" not in directive.args[0]:
            continue
        for value in context.get(flows).expand(directive.args[0], directive):
            source = chosen_by_client(authority(value))
            if source is None or (source.name == "$host" and _bound_by_names(directive, context)):
                continue
            yield Finding(
                directive.word_span(directive.args[0]),
                f"the client's `{source.name}` chooses the server that {directive.name} connects to",
                "Choose among addresses that a `map` writes out, or name the server here.",
                tuple((step.head_span, "through this") for step in source.via),
            )
            break


def _by_block(config: Config) -> Mapping[Directive, Server]:
    """The servers by their blocks: a fact."""
    return {server.directive: server for server in servers(config)}


def _bound_by_names(directive: Directive, context: Context) -> bool:
    """Whether only requests for names that are written out reach this server, so that $host is one of them."""
    block = next((each for each in directive.ancestors if each.name == "server"), None)
    server = context.get(_by_block).get(block) if block is not None else None
    if server is None or not server.names or any(name.startswith("~") for name in server.names):
        return False
    defaults = context.get(default_servers)
    return all(defaults.get(socket) is not server for socket in server.sockets)


RULE = Rule(
    id="security/ssrf",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=(
        "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass",
        "https://cwe.mitre.org/data/definitions/918.html",
    ),
    options=NoOptions(),
    check=check,
)
