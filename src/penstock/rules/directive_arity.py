"""The directive does not take this many arguments

nginx refuses to start. A missing semicolon is a common cause: the next line has become arguments.

```nginx bad
http {
    server {
        listen;  # want "listen. takes at least 1 argument, not 0"
        root /srv /var/www;  # want "root. takes 1 argument, not 2"
        add_header X-Frame-Options;  # want "add_header. takes 2 or 3 arguments, not 1"
    }
    map $uri $kind {
        /a b c;  # want "a line of this `map` has a key and one value, not 2"
    }
    geo $near {
        10.0.0.0/8;  # want "a line of this `geo` has a key and one value, not 0"
    }
}
```

```nginx good
http {
    server {
        listen 8080;
        root /srv;
        add_header X-Frame-Options DENY always;
    }
    map $uri $kind { volatile; hostnames; default 0; ~^/a 1; }
    geo $near { ranges; default 0; 10.0.0.0-10.0.0.9 1; }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.analysis.standing import known_groups
from penstock.analysis.swallowed import swallowed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.catalog import DirectiveFact

_ALONE: dict[str, tuple[str, ...]] = {
    "map": ("hostnames", "volatile"),
    "geo": ("ranges", "proxy_recursive"),
    "split_clients": (),
}
"""Blocks of pairs, and the words that stand in them alone."""


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every directive with fewer or more arguments than any of its rows takes."""
    for name, at, rows, directives in known_groups(context):
        if not rows or any(at in fact.contexts and fact.origin for fact in context.catalog.reference(name)):
            continue
        taken: dict[int, bool] = {}
        for directive in directives:
            count = len(directive.args)
            if count not in taken:
                taken[count] = any(row.takes(count) for row in rows)
            if not taken[count] and swallowed(directive, context, at) is None:
                hint = "Is a semicolon missing?" if rows[0].minimum < count else ""
                yield Finding(directive.head_span, f"`{name}` takes {_wanted(rows[0])}, not {count}", hint)
    for block in context.each(*_ALONE):
        if block.block is None:
            continue
        for line in block.block:
            if len(line.args) == 1 or (not line.args and line.name in _ALONE[str(block.name)]):
                continue
            message = f"a line of this `{block.name}` has a key and one value, not {len(line.args)}"
            yield Finding(line.head_span, message, "Is a semicolon missing?" if line.args else "")


def _wanted(row: DirectiveFact) -> str:
    if not row.counts:
        least, most = row.minimum, row.maximum
        text, last = (f"at least {least}", least) if most is None else (f"{least} to {most}", most)
    else:
        *first, last = row.counts
        text = f"{', '.join(map(str, first))} or {last}" if first else (str(last) if last else "no")
    return f"{text} argument{'' if last == 1 else 's'}"


RULE = Rule(
    id="directive/arity",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=("https://nginx.org/en/docs/dirindex.html",),
    options=NoOptions(),
    check=check,
    refuses=True,
)
