"""A value that the directive cannot read

nginx refuses to start: a switch is `on` or `off`, a size is `512k` or `10m`, a time is `30s` or `1h30m`, and some
directives know a few words only.

```nginx bad
http {
    geo $near {
        defautl 0;  # want "begins with a network or default, not .defautl."
    }
    gzip yes;  # want "gzip. is on or off, not .yes."
    keepalive_requests many;  # want "keepalive_requests. takes a number"
    proxy_connect_timeout 10x;  # want "proxy_connect_timeout. takes a time"
    client_max_body_size 10mb;  # want "client_max_body_size. takes a size"
    server {
        ssl_verify_client maybe;  # want "ssl_verify_client. takes one of"
        ssl_protocols TLSv1.2 TLSv1.4;  # want "ssl_protocols. takes one of .*not .TLSv1.4."
        listen 8080 default-server;  # want "listen. takes an address .*not .default-server."
        error_page 404 200 /missing.html;  # want "error_page. takes statuses .*not .200."
        add_header X-A 1 allways;  # want "add_header. knows one .*not .allways."
        location /a { return moved; }  # want "return. takes a status"
        location /b { proxy_pass localhost:8000; }  # want "proxy_pass. takes a URL that begins with http://"
        location /c { deny 10.0.0.0/33; }  # want "deny. takes an address"
    }
}
```

```nginx good
http {
    geo $near { default 0; proxy 10.0.0.1; 10.0.0.0/8 1; ::1 1; }
    gzip ON;
    keepalive_requests 100;
    proxy_connect_timeout 1m30s;
    client_max_body_size 10M;
    ssl_protocols TLSv1.2 TLSv1.3;
    proxy_next_upstream error timeout http_502;
    upstream app { server 127.0.0.1:8000 weight=2 max_fails=3 fail_timeout=1m; keepalive 8; }
    server {
        listen [::1]:8080 default_server backlog=64;
        error_page 500 502 =200 /sorry.html;
        error_page 404 = @app;
        expires modified +1h;
        deny 2001:db8::/32;
        location / { return http://example.com; }
        location @app { proxy_pass http://app; }
    }
}
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis.quantities import parse_quantity
from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.analysis.standing import known_groups
from penstock.analysis.swallowed import swallowed
from penstock.analysis.values import VALUES, address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.analysis.values import Judge
    from penstock.catalog import DirectiveFact
    from penstock.model import Directive, Word

_ELSEWHERE = frozenset({"mail", "mail server", "stream", "stream server", "stream upstream"})
_GEO_WORDS = frozenset({"default", "delete", "include", "proxy"})
_QUANTITIES = {
    "size": ("size", "a size, such as 512k or 10m"),
    "offset": ("offset", "a size, such as 512k or 10m"),
    "number": ("number", "a number"),
    "time_s": ("time_s", "a time, such as 30s or 1h30m"),
    "time_ms": ("time_ms", "a time, such as 30s or 1h30m"),
}
_CHECKED = frozenset({"flag", "enum", "bitmask", "number size", *_QUANTITIES})


def check(context: Context, _: NoOptions) -> Iterator[Finding]:
    """Every argument that none of the directive's rows can read."""
    for name, at, rows, directives in known_groups(context):
        by_hand = VALUES.get(name) if at not in _ELSEWHERE else None
        if by_hand is not None and rows:
            yield from _by_hand(by_hand, [each for each in directives if swallowed(each, context, at) is None])
            continue
        if not rows or not all(row.value in _CHECKED for row in rows):
            continue
        for directive in directives:
            wrong = [_wrong(row, directive.args) for row in rows if directive.args and row.takes(len(directive.args))]
            if wrong and all(wrong) and swallowed(directive, context, at) is None:
                word, wanted = wrong[0] or (directive.args[0], "")
                yield Finding(directive.word_span(word), f"`{name}` {wanted}, not `{word}`")
    for block in context.each("geo"):
        yield from _networks(block)


def _networks(block: Directive) -> Iterator[Finding]:
    lines = block.block or ()
    if any(line.name == "ranges" for line in lines):
        return
    for line in lines:
        if len(line.args) == 1 and line.name not in _GEO_WORDS and address((line.name,)) is not None:
            yield Finding(line.name_span, f"a line of `geo` begins with a network or default, not `{line.name}`")


def _by_hand(judge: Judge, directives: list[Directive]) -> Iterator[Finding]:
    for directive in directives:
        wrong = judge(directive.args) if directive.args else None
        if wrong is not None:
            word, wanted = wrong
            yield Finding(directive.word_span(word), f"`{directive.name}` {wanted}, not `{word}`")


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
        value = parse_quantity(first, unit)
        if value is None:
            return first, f"takes {wanted}"
        if row.bounds is not None and not row.bounds[0] <= value <= row.bounds[1]:
            return first, f"takes a number from {row.bounds[0]} to {row.bounds[1]}"
        return None
    if row.value == "number size" and len(words) == 2:
        if not parse_quantity(first, "number"):
            return first, "takes a number and a size"
        return None if parse_quantity(words[1], "size") is not None else (words[1], "takes a number and a size")
    return None


RULE = Rule(
    id="directive/invalid-value",
    doc=__doc__,
    severity=Severity.ERROR,
    sources=("https://nginx.org/en/docs/syntax.html", "https://nginx.org/en/docs/dirindex.html"),
    options=NoOptions(),
    check=check,
    refuses=True,
)
