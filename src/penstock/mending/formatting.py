"""formatted: a file as it should look, proved to hold the very tokens that it held."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from penstock.analysis.engine import TOLERATED
from penstock.config.tokens import scan
from penstock.mending.layout import lay_out, line_end_of
from penstock.mending.pieces import pieces, stream
from penstock.model import Problem, Source

if TYPE_CHECKING:
    from penstock.config.tokens import Scan

UNREADABLE_HERE = frozenset({"syntax/lone-cr"})
"""Kinds of Problem that nginx reads past and that leave open where a line ends: such a file is left alone."""


class Formatted(NamedTuple):
    """The outcome for one file. text: the new text, or the old one where something stands in the way.

    obstacles: why the file was left alone; empty where it was not.
    """

    text: str
    obstacles: tuple[Problem, ...] = ()


def formatted(source: Source, *, indent: int = 4) -> Formatted:
    """The file, formatted. indent: the spaces of one level.

    No token changes: the pieces of the new text, comments included, are compared with those of the old one, and the
    old text is given where they differ. A file that nginx would not read is left alone.
    """
    before = scan(source)
    obstacles = tuple(problem for problem in before.problems if _stands_in_the_way(problem))
    if obstacles:
        return Formatted(source.text, obstacles)
    row = pieces(before)
    line_end = line_end_of(source.text)
    text = lay_out(row, source.line_starts, indent=indent, line_end=line_end)
    after = scan(Source(source.path, text))
    if _kinds(before) != _kinds(after) or stream(row) != stream(pieces(after)):
        message = "formatting would change what nginx reads, which is a fault of Penstock's; the file is left alone"
        return Formatted(source.text, (Problem(source.span(0, 0), "fmt/unproved", message),))
    return Formatted(text)


def _stands_in_the_way(problem: Problem) -> bool:
    return problem.kind not in TOLERATED or problem.kind in UNREADABLE_HERE


def _kinds(result: Scan) -> Counter[str]:
    return Counter(problem.kind for problem in result.problems)
