"""What follows a `return` never runs

`return` ends the rewrite phase of its block. A `set`, `rewrite`, `if` or second `return` behind it is dead; so are the
locations of a server that returns: a certificate authority's challenge, say, is redirected like all else.

```nginx bad
http {
    server {
        location /a {
            return 404;
            rewrite ^ /b;  # want "rewrite. never runs"
        }
    }
    server {
        listen 8080;
        return 301 https://$host$request_uri;
        location /.well-known/acme-challenge/ { root /srv; }  # want "location is never reached"
    }
}
```

```nginx good
http {
    server {
        if ($request_method = TRACE) { return 405; }
        location /a {
            add_header X-Gone yes always;
            return 404;
            root /srv;
        }
    }
    server {
        listen 8080;
        error_page 503 @later;
        return 503;
        location @later { return 200 "later"; }
    }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.config.facts import contexts, inheritance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.model import Directive

_REWRITE_PHASE = frozenset({"break", "if", "return", "rewrite", "set"})


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """The first dead directive behind each `return`, and the first dead location of each server that returns."""
    seen: set[Directive] = set()
    inside = context.get(contexts)
    for answer in context.each("return"):
        block = answer.parent
        if block is None or block in seen or inside[block] == "stream server":
            continue
        seen.add(block)
        inner = block.block or []
        behind = (each for each in inner[inner.index(answer) + 1 :] if each.name in _REWRITE_PHASE)
        dead = next(behind, None)
        if dead is not None:
            yield Finding(
                dead.head_span,
                f"`{dead.name}` never runs: a return stands before it",
                "",
                ((answer.head_span, "here"),),
            )
        if inside[block] == "server" and not context.get(inheritance).effective(block, "error_page"):
            unreached = next((each for each in block.children("location") if not _named(each)), None)
            if unreached is not None:
                yield Finding(
                    unreached.head_span,
                    "this location is never reached: its server returns before a location is looked for",
                    "Put the return into `location / { }`.",
                    ((answer.head_span, "here"),),
                )


def _named(location: Directive) -> bool:
    return bool(location.args) and location.args[0].startswith("@")


RULE = Rule(
    id="dead/after-return",
    doc=__doc__,
    severity=Severity.WARNING,
    sources=("https://nginx.org/en/docs/http/ngx_http_rewrite_module.html",),
    options=NoOptions(),
    check=check,
)
