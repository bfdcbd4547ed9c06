"""A header of its own makes a block lose those of the blocks around it

`add_header` is inherited only by a block that has none itself. A location that adds a Cache-Control header therefore
serves its pages without the Strict-Transport-Security or Content-Security-Policy that the server sets: the protection
is gone exactly there, and nothing says so.

Since 1.29.3 `add_header_inherit merge;` keeps them.

```nginx bad
http {
    server {
        add_header Strict-Transport-Security max-age=63072000 always;
        location /static/ {
            add_header Cache-Control public;  # want "Strict-Transport-Security"
        }
    }
}
```

```nginx good since=1.29.3
http {
    server {
        add_header X-Frame-Options DENY;
        location /merged/ {
            add_header_inherit merge;
            add_header Cache-Control public;
        }
    }
}
```

```nginx good
http {
    add_header X-Served-By a;
    server {
        add_header X-Frame-Options DENY;
        location /static/ {
            add_header Cache-Control public;
            add_header X-Frame-Options DENY;
        }
        location / { root /srv; }
    }
}
```
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, Rule, Severity
from penstock.config.facts import inheritance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.model import Directive


@dataclass(frozen=True, slots=True)
class Options:
    """headers: whose loss is reported; `*` for any."""

    headers: tuple[str, ...] = (
        "Content-Security-Policy",
        "Cross-Origin-Embedder-Policy",
        "Cross-Origin-Opener-Policy",
        "Cross-Origin-Resource-Policy",
        "Permissions-Policy",
        "Referrer-Policy",
        "Strict-Transport-Security",
        "X-Content-Type-Options",
        "X-Frame-Options",
    )


def check(context: Context, options: Options) -> Iterator[Finding]:
    """Every block that loses a header, at the first header of its own."""
    blocks = context.get(inheritance)
    watched = {header.lower() for header in options.headers}
    for name in ("add_header", "add_trailer"):
        seen: set[Directive] = set()
        for directive in context.each(name):
            block = directive.parent
            if block is None or block in seen:
                continue
            seen.add(block)
            if blocks.value(block, f"{name}_inherit", "on") in {"merge", "off"}:
                continue
            kept = {header.args[0].lower() for header in blocks.own(block, name) if header.args}
            lost = {
                str(header.args[0]): header
                for header in blocks.effective(block.parent, name)
                if header.args
                and header.args[0].lower() not in kept
                and ("*" in watched or header.args[0].lower() in watched)
            }
            if lost:
                yield Finding(
                    directive.head_span,
                    f"this {name} makes the {block.name} lose {_listed(tuple(lost))}, which it would inherit",
                    f"Repeat {'it' if len(lost) == 1 else 'them'} here, or set `{name}_inherit merge;` (nginx 1.29.3).",
                    tuple((header.head_span, "set here") for header in lost.values()),
                )


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


RULE = Rule(
    id="security/header-inheritance",
    doc=__doc__,
    severity=Severity.WARNING,
    sources=("https://nginx.org/en/docs/http/ngx_http_headers_module.html#add_header",),
    options=Options(),
    check=check,
)
