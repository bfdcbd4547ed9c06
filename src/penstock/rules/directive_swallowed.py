"""A directive has become arguments of the one before it

A semicolon is missing, and nginx reads on to the next one. It refuses to start, or, worse, takes the lines that
follow for values: `server_name a.example` without its semicolon makes `root` and `/srv` names of the server.

```nginx bad
http {
    server {
        root /srv  # want "semicolon is missing after ./srv.*`index` on the next line"
        index index.html;
        server_name a.example  # want "semicolon is missing after .a.example"
        location / {
            expires 1d;
        }
    }
}
```

```nginx good
http {
    log_format long '$remote_addr'
                    '$request';
    server {
        server_name
            a.example
            b.example;
        location / {
            proxy_next_upstream error
                                timeout;
        }
    }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.analysis.standing import CONTEXTS
from penstock.analysis.swallowed import continued, swallowed
from penstock.config.facts import contexts

if TYPE_CHECKING:
    from collections.abc import Iterator


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every directive over several lines, one of which reads like a directive of its own."""
    inside = context.get(contexts)
    for directive in context.get(continued):
        at = inside[directive.parent]
        found = swallowed(directive, context, at) if at in CONTEXTS else None
        if found is None:
            continue
        before, word = directive.args[found - 1], directive.args[found]
        line = directive.source.position(directive.args[-1].end)[0]
        yield Finding(
            directive.source.span(before.end, before.end),
            f"a semicolon is missing after `{before}`: `{word}` on the next line has become an argument of "
            f"`{directive.name}`",
            f"Add `;` here. nginx reads on as far as line {line}.",
        )


RULE = Rule(
    id="directive/swallowed",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=("https://nginx.org/en/docs/beginners_guide.html#conf_structure",),
    options=NoOptions(),
    check=check,
)
