"""Sizes, times and numbers as nginx writes them (nginx.org/en/docs/syntax.html; ngx_parse_size, ngx_parse_time)."""

from __future__ import annotations

import re

_SIZE = {"size": re.compile(r"([0-9]+)([kKmM]?)"), "offset": re.compile(r"([0-9]+)([kKmMgG]?)")}
_PART = re.compile(r"([0-9]+)(ms|[yMwdhms])? *")
_MOST = 2**63 - 1  # of a signed number of 64 bits: ngx_atoi refuses more
_FACTORS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_SECONDS = {"y": 31_536_000, "M": 2_592_000, "w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1, "ms": 0.001}
_ORDER = (*_SECONDS, "")
_WITHOUT = {"time": (), "time_s": ("ms",), "time_ms": ("y", "M")}


def parse_quantity(text: str, unit: str) -> float | None:
    """Bytes for `size` and `offset`, seconds for `time`, the number for `number`; None for what is no such thing.

    Only an `offset` may be given in gigabytes. `time_s` and `time_ms` are the two kinds of time that directives take:
    the first knows no milliseconds, the second neither months nor years. The units of a time come in falling order,
    each once.
    """
    if unit == "number":
        return float(text) if text.isascii() and text.isdecimal() and int(text) <= _MOST else None
    if unit in _SIZE:
        found = _SIZE[unit].fullmatch(text)
        size = int(found[1]) * _FACTORS[found[2].lower()] if found else _MOST + 1
        return float(size) if size <= _MOST else None
    return _time(text, _WITHOUT[unit])


def _time(text: str, without: tuple[str, ...]) -> float | None:
    at, last, total = 0, -1, 0.0
    while at < len(text):
        part = _PART.match(text, at)
        if part is None:
            return None
        name = part[2] or ""
        step = _ORDER.index(name)
        if step <= last or name in without:
            return None
        at, last = part.end(), step
        total += int(part[1]) * _SECONDS[name or "s"]
    return total if text and total * 1000 <= _MOST else None
