"""A value that the directive cannot read

nginx refuses to start: a switch is `on` or `off`, a size is `512k` or `10m`, a time is `30s` or `1h30m`, and some
directives know a few words only.

```nginx bad
http {
    gzip yes;  # want "gzip. is on or off, not .yes."
    keepalive_requests many;  # want "keepalive_requests. takes a number"
    proxy_connect_timeout 10x;  # want "proxy_connect_timeout. takes a time"
    client_max_body_size 10mb;  # want "client_max_body_size. takes a size"
    server {
        ssl_verify_client maybe;  # want "ssl_verify_client. takes one of"
        ssl_protocols TLSv1.2 TLSv1.4;  # want "ssl_protocols. takes one of .*not .TLSv1.4."
    }
}
```

```nginx good
http {
    gzip ON;
    keepalive_requests 100;
    proxy_connect_timeout 1m30s;
    client_max_body_size 10M;
    ssl_protocols TLSv1.2 TLSv1.3;
    proxy_next_upstream error timeout http_502;
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.quantities import parse_quantity
from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.analysis.standing import known_groups

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.catalog import DirectiveFact
    from penstock.model import Word

_QUANTITIES = {
    "size": ("size", "a size, such as 512k or 10m"),
    "offset": ("offset", "a size, such as 512k or 10m"),
    "number": ("number", "a number"),
    "time_s": ("time_s", "a time, such as 30s or 1h30m"),
    "time_ms": ("time_ms", "a time, such as 30s or 1h30m"),
}
_CHECKED = frozenset({"flag", "enum", "bitmask", *_QUANTITIES})


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every argument that none of the directive's rows can read."""
    for name, _at, rows, directives in known_groups(context):
        if not rows or not all(row.value in _CHECKED for row in rows):
            continue
        for directive in directives:
            wrong = [_wrong(row, directive.args) for row in rows if directive.args and row.takes(len(directive.args))]
            if wrong and all(wrong):
                word, wanted = wrong[0] or (directive.args[0], "")
                yield Finding(directive.word_span(word), f"`{name}` {wanted}, not `{word}`")


def _wrong(row: DirectiveFact, words: tuple[Word, ...]) -> tuple[Word, str] | None:
    """The first word that the row's setter refuses, and what it wants; None where all is well."""
    first = words[0]
    if row.value == "flag" and row.counts == (1,):
        return None if first.lower() in {"on", "off"} else (first, "is on or off")
    if row.value in {"enum", "bitmask"} and row.choices:
        known = {choice.lower() for choice in row.choices}
        bad = next(
            (word for word in (words if row.value == "bitmask" else words[:1]) if word.lower() not in known), None
        )
        return None if bad is None else (bad, f"takes one of {', '.join(row.choices)}")
    if row.value in _QUANTITIES and row.counts == (1,):
        unit, wanted = _QUANTITIES[row.value]
        return None if parse_quantity(first, unit) is not None else (first, f"takes {wanted}")
    return None


RULE = Rule(
    id="directive/invalid-value",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=("https://nginx.org/en/docs/syntax.html", "https://nginx.org/en/docs/dirindex.html"),
    options=NoOptions(),
    check=check,
)
