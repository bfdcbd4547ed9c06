"""Fingerprints: what tells a finding from another across runs, for whoever tracks findings over time."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

from penstock.formats._places import place_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.formats._findings import Row
    from penstock.formats._places import Sources


def fingerprints(found: Sequence[Row], sources: Sources) -> tuple[str, ...]:
    """One for each row, 40 hexadecimal digits, all different.

    They hang on the rule, the file, the words of the line and how many of the same stand before it; not on the line's
    number, so that a line added above changes none, and not on the message, which may be said better some day.
    """
    before: Counter[tuple[str, str, str]] = Counter()
    made: list[str] = []
    for row in found:
        words = " ".join(sources.line(row.files, row.span).split())
        key = (row.verdict.rule, place_of(row).path, words)
        text = "\0".join((*key, str(before[key])))
        before[key] += 1
        made.append(hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:40])
    return tuple(made)
