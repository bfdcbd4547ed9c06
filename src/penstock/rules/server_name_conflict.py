"""Two servers answer to the same name on the same socket

nginx takes the first and ignores the second with no more than a warning: the second server is dead, and which one
that is depends on the order of the files.

```nginx bad
http {
    server { listen 80; server_name a.example; }
    server { listen *:80; server_name A.example; }  # want "a.example on \\*:80 is taken"
    server { listen 81; }
    server { listen 81; }  # want "no name at all on \\*:81 is taken"
}
```

```nginx good
http {
    server { listen 80; server_name a.example; }
    server { listen 81; server_name a.example; }
    server { listen 80 default_server; server_name _; }
    server { listen 80; server_name b.example b.example; }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.config.facts import servers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.config.facts import Server, Socket
    from penstock.model import Word


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every name of a server that an earlier one has on the same socket; the first socket is named."""
    first: dict[tuple[Socket, str], Server] = {}
    for server in context.get(servers):
        reported: set[str] = set()
        for socket in server.sockets:
            for key, word in _names(server).items():
                taken = first.setdefault((socket, key), server)
                if taken is server or key in reported:
                    continue
                reported.add(key)
                yield Finding(
                    server.directive.word_span(word) if word is not None else server.directive.head_span,
                    f"{key or 'no name at all'} on {socket} is taken by an earlier server: this one never answers",
                    "Name, or listen on, something else; or delete one of the servers.",
                    ((taken.directive.head_span, "the server that answers"),),
                )


def _names(server: Server) -> dict[str, Word | None]:
    if not server.names:
        return {"": None}
    return {name if name.startswith("~") else name.lower(): name for name in server.names}


RULE = Rule(
    id="server-name/conflict",
    doc=__doc__,
    severity=Severity.WARNING,
    sources=("https://nginx.org/en/docs/http/request_processing.html",),
    options=NoOptions(),
    check=check,
)
