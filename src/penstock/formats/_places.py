"""Where a finding is for a tool that knows the repository: in a file that stands there, which may be a template."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from penstock.formats._findings import name, rendered_from, source_of

if TYPE_CHECKING:
    from penstock.formats._findings import Row
    from penstock.model import FileSet, Source, Span


class Place(NamedTuple):
    """A file with lines and columns from 1; the end is one past. A line alone has 0 for the columns."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}" if self.column else f"{self.path}:{self.line}"


def place_of(row: Row) -> Place:
    """Where the finding stands in the repository: for rendered text, the template's line."""
    return place_in(row.files, row.span)


def place_in(files: FileSet, span: Span) -> Place:
    """The same for any span, such as a related one."""
    if origin := rendered_from(files, span):
        return Place(text(origin[0]), origin[1], 0, origin[1], 0)
    path = text(posixpath.normpath(name(files, span.path)))
    return Place(path, span.line, span.column, span.end_line or span.line, span.end_column or span.column)


class Sources:
    """The texts of the files, each decoded once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], Source | None] = {}

    def line(self, files: FileSet, span: Span) -> str:
        """The line that the span begins in; empty for a file that was not read."""
        source = self.get(files, span.path)
        return "" if source is None else source.line_text(span.line)

    def get(self, files: FileSet, path: str) -> Source | None:
        """The text of a file, or None for one that was not read."""
        key = (id(files), path)
        if key not in self._known:
            self._known[key] = source_of(files, path)
        return self._known[key]


def text(value: str) -> str:
    """Bytes that are not UTF-8 came as lone surrogates, which strict readers refuse; they become U+FFFD."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
