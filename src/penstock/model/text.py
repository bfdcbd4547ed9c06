"""Places in text: a source, a span of it, a word with its place."""

from __future__ import annotations

import bisect
import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple


class Span(NamedTuple):
    """A stretch of one file. Lines and columns from 1, in characters; `end_column` is one past the last one.

    Byte offsets from 0, `end_byte` one past the last.
    """

    path: str
    line: int
    column: int = 1
    end_line: int = 0
    end_column: int = 0
    start_byte: int = 0
    end_byte: int = 0


@dataclass(frozen=True, eq=False)
class Source:
    """One file's text, and the way from offsets to lines.

    text: the bytes decoded as UTF-8 with `surrogateescape`: a byte that is not UTF-8 is one character,
    and `text.encode("utf-8", "surrogateescape")` gives the very bytes back. No newline is translated.
    nginx counts lines by LF alone, and so do we.
    """

    path: str
    text: str

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """Character offsets at which lines begin; the first is 0."""
        starts = [0]
        find = self.text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        return tuple(starts)

    @cached_property
    def is_ascii(self) -> bool:
        """Whether character offsets are byte offsets."""
        return self.text.isascii()

    @cached_property
    def _line_bytes(self) -> tuple[int, ...]:
        """Byte offsets at which lines begin."""
        lines = self.text.split("\n")
        sizes = (len(line.encode("utf-8", "surrogateescape")) + 1 for line in lines)
        return (0, *itertools.accumulate(sizes))[:-1]

    def byte_offset(self, offset: int) -> int:
        """The byte offset of a character offset."""
        if self.is_ascii:
            return offset
        row = bisect.bisect_right(self.line_starts, offset) - 1
        before = self.text[self.line_starts[row] : offset]
        return self._line_bytes[row] + len(before.encode("utf-8", "surrogateescape"))

    def position(self, offset: int) -> tuple[int, int]:
        """(line, column) of a character offset, both from 1."""
        row = bisect.bisect_right(self.line_starts, offset) - 1
        return row + 1, offset - self.line_starts[row] + 1

    def span(self, start: int, end: int) -> Span:
        """The Span of the characters from start up to, not including, end."""
        line, column = self.position(start)
        end_line, end_column = self.position(end)
        return Span(self.path, line, column, end_line, end_column, self.byte_offset(start), self.byte_offset(end))

    def line_text(self, line: int) -> str:
        """The text of a line (from 1), without its line end; empty past the end of the file."""
        if len(self.line_starts) < line:
            return ""
        start = self.line_starts[line - 1]
        end = self.line_starts[line] - 1 if line < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r")


class Word(str):
    """One token of a config as a str: its value as nginx decodes it, with its place in the source.

    start, end: character offsets of the token as written, quotes included. quote: `'`, `"` or empty.
    """

    __slots__ = ("end", "quote", "start")
    start: int
    end: int
    quote: str

    def __new__(cls, value: str, start: int, end: int, quote: str = "") -> Word:
        """A word of this value that stands from start up to, not including, end."""
        word = super().__new__(cls, value)
        word.start = start
        word.end = end
        word.quote = quote
        return word
