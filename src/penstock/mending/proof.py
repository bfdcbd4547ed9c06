"""What must hold before a fix is handed out: nothing but what it states has changed, and nothing got worse."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from penstock.analysis.engine import TOLERATED
from penstock.config.tokens import scan
from penstock.mending.pieces import pieces
from penstock.model import Severity, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.mending.pieces import Piece
    from penstock.model import Config, Report

_NUMBER = re.compile(r"\d+")


class Splice(NamedTuple):
    """Bytes start up to, not including, end of a file become `text`."""

    start: int
    end: int
    text: str


def spliced(data: bytes, splices: Sequence[Splice]) -> bytes:
    """The bytes with these splices made. They do not overlap; all others stay as they are."""
    out, at = [], 0
    for splice in sorted(splices):
        out += [data[at : splice.start], splice.text.encode("utf-8", "surrogateescape")]
        at = splice.end
    return b"".join((*out, data[at:]))


def readable(data: bytes) -> bool:
    """Whether nginx's tokenizer would read all of it."""
    return all(problem.kind in TOLERATED for problem in scan(_source(data)).problems)


def changes_only(before: bytes, after: bytes, splices: Sequence[Splice]) -> bool:
    """Whether every token and comment outside of the splices is what it was, where it was.

    A token that a splice cuts into belongs to it; one that grows out of a splice, into what follows, does not.
    """
    if not readable(after):
        return False
    old, new = pieces(scan(_source(before))), pieces(scan(_source(after)))
    regions = _regions(old, before, splices)
    expected = []
    at = shift = 0
    for piece in old:
        while at < len(regions) and regions[at].end <= piece.start:
            shift += regions[at].growth
            at += 1
        if at == len(regions) or piece.end <= regions[at].start:
            expected.append((piece.start + shift, piece.kind, piece.raw, piece.value))
    return expected == _outside(new, regions)


class _Region(NamedTuple):
    """The characters of the old text that a splice may change, and how many more there are in the new one."""

    start: int
    end: int
    growth: int


def _regions(old: Sequence[Piece], before: bytes, splices: Sequence[Splice]) -> Sequence[_Region]:
    """One for each splice, in order; those that cut into the same token are one."""
    found: list[_Region] = []
    at = done = offset = 0
    for splice in sorted(splices):
        start = offset + _characters(before[done : splice.start])
        end = offset = start + _characters(before[splice.start : splice.end])
        done = splice.end
        growth = len(splice.text) - (end - start)
        while at < len(old) and old[at].end <= start:
            at += 1
        touched = at
        while touched < len(old) and old[touched].start < end:
            start, end = min(start, old[touched].start), max(end, old[touched].end)
            touched += 1
        if found and start < found[-1].end:
            last = found.pop()
            start, end, growth = last.start, max(end, last.end), growth + last.growth
        found.append(_Region(start, end, growth))
    return found


def _outside(new: Sequence[Piece], regions: Sequence[_Region]) -> list[object]:
    """The new pieces that are not wholly inside a region, as `changes_only` compares them."""
    found: list[object] = []
    at = shift = 0
    for piece in new:
        while at < len(regions) and regions[at].end + shift + regions[at].growth <= piece.start:
            shift += regions[at].growth
            at += 1
        inside = (
            at < len(regions)
            and regions[at].start + shift <= piece.start
            and piece.end <= regions[at].end + shift + regions[at].growth
        )
        if not inside:
            found.append((piece.start, piece.kind, piece.raw, piece.value))
    return found


def got_worse(before: Sequence[tuple[Config, Report]], after: Sequence[tuple[Config, Report]]) -> str:
    """What the judgement after says that the one before did not, in a clause; empty where nothing got worse."""
    threshold = min([Severity.ERROR, *(report.fail_on for _, report in before)])
    worse = _grave(after, threshold) - _grave(before, threshold)
    if worse:
        rule, _, message = next(iter(worse))
        return f"it would bring a finding of {rule} ({message})"
    failed = {pair for _, report in after for pair in report.broken_rules}
    failed -= {pair for _, report in before for pair in report.broken_rules}
    if failed:
        return f"the rule {next(iter(failed))[0]} fails on the result"
    return ""


def _grave(judged: Sequence[tuple[Config, Report]], threshold: Severity) -> Counter[tuple[str, str, str]]:
    """How often each finding of weight is there; numbers in its message may be lines, and do not count."""
    return Counter(
        (verdict.rule, verdict.finding.span.path, _NUMBER.sub("N", verdict.finding.message))
        for _, report in judged
        for verdict in report.open
        if threshold <= verdict.severity
    )


def _source(data: bytes) -> Source:
    return Source("/a file", data.decode("utf-8", "surrogateescape"))


def _characters(data: bytes) -> int:
    return len(data.decode("utf-8", "surrogateescape"))
