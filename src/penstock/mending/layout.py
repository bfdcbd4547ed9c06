"""Where the lines of a formatted file begin: the one opinion on how a configuration looks.

One directive a line, indented by depth; `{` ends the line of its block, `}` has a line of its own, an empty block is
`{}`; one space between arguments; arguments that begin a line go on doing so, one step further in. Nothing is aligned
in columns, so that a changed line changes no other one. Comments stay on their line, or behind what they stand behind;
one blank line is kept between directives, none at the edges of a block. Strings and Lua are left as they are.
"""

from __future__ import annotations

import bisect
import re
from typing import TYPE_CHECKING

from penstock.mending.pieces import Kind, Piece

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_ADDRESSED = re.compile(r"#+\s*penstock\s*:")


def lay_out(row: Sequence[Piece], line_starts: Sequence[int], *, indent: int, line_end: str) -> str:
    """The text of these pieces. line_starts: the offsets at which the lines of their file begin."""
    layout = _Layout(indent, line_end, _held(row, line_starts), line_starts)
    for piece in row:
        layout.add(piece)
    return layout.text()


def _held(row: Sequence[Piece], line_starts: Sequence[int]) -> Collection[int]:
    """The lines (from 0) that a suppression comment speaks of: what stands on such a line stays on one line."""
    if not any(piece.kind is Kind.COMMENT and _ADDRESSED.match(piece.raw) for piece in row):
        return ()
    comments = {bisect.bisect_right(line_starts, piece.start) - 1: piece for piece in row if piece.kind is Kind.COMMENT}
    held = set()
    for number, piece in comments.items():
        if _ADDRESSED.match(piece.raw):
            line = number
            while line in comments and comments[line].lines:  # alone on its line: the next one is meant
                line += 1
            held.add(line)
    return held


class _Layout:
    def __init__(self, indent: int, line_end: str, held: Collection[int], line_starts: Sequence[int]) -> None:
        self.step = " " * indent
        self.line_end = line_end
        self.held = held
        self.line_starts = line_starts
        self.out: list[str] = []
        self.depth = 0
        self.open = False  # a statement has begun, and neither `;` nor `{` has been seen
        self.last: Piece | None = None

    def add(self, piece: Piece) -> None:
        """Put the piece behind the last one."""
        kind = piece.kind
        if kind is Kind.CLOSE:
            self.depth -= 1
        if self.last is not None:
            self.out.append(self._between(self.last, piece))
        self.out.append(piece.raw.rstrip(" \t\r") if kind is Kind.COMMENT else piece.raw)
        if kind is Kind.OPEN:
            self.depth += 1
        if kind is not Kind.COMMENT:
            self.open = kind is Kind.WORD
        self.last = piece

    def text(self) -> str:
        """Everything so far, ended by a line end."""
        return "".join((*self.out, self.line_end)) if self.out else ""

    def _between(self, last: Piece, piece: Piece) -> str:
        if piece.kind is Kind.LUA or last.kind is Kind.LUA:
            return ""
        if piece.kind is Kind.COMMENT:
            return self._line(last, piece) if piece.lines else " "
        if self.open:
            return self._inside(last, piece)
        if piece.kind is Kind.CLOSE and last.kind is Kind.OPEN:
            return ""
        if not piece.lines and self._is_held(piece):
            return " "
        return self._line(last, piece)

    def _inside(self, last: Piece, piece: Piece) -> str:
        """What goes between two pieces of one statement."""
        if last.kind is Kind.COMMENT:
            return self._break(self.depth + (piece.kind is not Kind.OPEN))
        if piece.kind is Kind.SEMICOLON:
            return ""
        if piece.kind is Kind.OPEN:
            return " "
        if piece.lines:
            return self._break(self.depth + 1)
        return " " if last.end < piece.start else ""  # `"...")`: the only word that may touch the one before it

    def _line(self, last: Piece, piece: Piece) -> str:
        """A new line, with a blank one before it where there was one and may be one."""
        if self.open:
            return self._break(self.depth + 1)
        blank = 2 <= piece.lines and last.kind is not Kind.OPEN and piece.kind is not Kind.CLOSE
        return (self.line_end if blank else "") + self._break(self.depth)

    def _break(self, depth: int) -> str:
        return self.line_end + self.step * depth

    def _is_held(self, piece: Piece) -> bool:
        return bool(self.held) and bisect.bisect_right(self.line_starts, piece.start) - 1 in self.held


def line_end_of(text: str) -> str:
    """CRLF where every line of a text ends so, else LF."""
    return "\r\n" if 0 < text.count("\r\n") == text.count("\n") else "\n"
