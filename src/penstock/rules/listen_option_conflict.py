"""Two servers disagree about a socket that they share

A socket has one default server, and its options (`backlog`, `reuseport`, `ipv6only` and the like) are set once, by
any one of the servers that listen on it. nginx refuses to start otherwise.

```nginx bad
http {
    server { listen 80 default_server; }
    server { listen *:80 default_server; server_name a.example; }  # want "second default server of \\*:80"
    server { listen 81 backlog=100; }
    server { listen 81 reuseport; server_name a.example; }  # want "options of \\*:81 are set twice"
}
```

```nginx good
http {
    server { listen 80 default_server backlog=100; }
    server { listen 80; server_name a.example; }
    server { listen [::]:80 default_server; server_name b.example; }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.config.facts import servers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.config.facts import Listen, Socket
    from penstock.model import Directive

# ngx_http_core_listen: the parameters that make `lsopt.set`.
_OPTIONS = ("accept_filter=", "backlog=", "fastopen=", "ipv6only=", "rcvbuf=", "setfib=", "sndbuf=", "so_keepalive=")
_FLAGS = frozenset({"bind", "deferred", "reuseport"})


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every second default server of a socket, and every second `listen` that sets its options."""
    default: dict[Socket, Directive] = {}
    options: dict[Socket, Directive] = {}
    for server in context.get(servers):
        for listen in server.listens:
            if listen.directive is None:
                continue
            for socket in listen.sockets:
                if listen.default and default.setdefault(socket, server.directive) is not server.directive:
                    yield _finding(listen.directive, f"this is the second default server of {socket}", default[socket])
                if _sets_options(listen) and options.setdefault(socket, server.directive) is not server.directive:
                    yield _finding(listen.directive, f"the options of {socket} are set twice", options[socket])


def _finding(listen: Directive, message: str, first: Directive) -> Finding:
    return Finding(listen.head_span, message, "Leave it to one of the two.", ((first.head_span, "the first one"),))


def _sets_options(listen: Listen) -> bool:
    return any(word in _FLAGS or word.startswith(_OPTIONS) for word in listen.parameters)


RULE = Rule(
    id="listen/option-conflict",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=("https://nginx.org/en/docs/http/ngx_http_core_module.html#listen",),
    options=NoOptions(),
    check=check,
    refuses=True,
)
