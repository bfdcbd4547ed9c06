"""Sizes, times and numbers as nginx writes them (nginx.org/en/docs/syntax.html)."""

from __future__ import annotations

import re

_SIZE = re.compile(r"([0-9]+)([kKmMgG]?)")
_TIME = re.compile(r"(?:[0-9]+(?:ms|[yMwdhms])?\s*)+")
_PART = re.compile(r"([0-9]+)(ms|[yMwdhms])?")
_FACTORS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_SECONDS = {"y": 31_536_000, "M": 2_592_000, "w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1, "ms": 0.001}


def parse_quantity(text: str, unit: str) -> float | None:
    """Bytes for `size`, seconds for `time`, the number itself for `number`; None for what is no such thing."""
    if unit == "number":
        return float(text) if text.isascii() and text.isdecimal() else None
    if unit == "size":
        found = _SIZE.fullmatch(text)
        return float(int(found[1]) * _FACTORS[found[2].lower()]) if found else None
    if not _TIME.fullmatch(text):
        return None
    return sum(int(number) * _SECONDS[name or "s"] for number, name in _PART.findall(text))
