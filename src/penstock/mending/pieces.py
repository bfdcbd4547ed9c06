"""A file as a row of pieces: words, comments and marks as written, with the lines between them.

The words are those of the tokenizer; what stands between two words is white space, comments and marks alone, so that
nothing here decides anew where a word ends.
"""

from __future__ import annotations

import enum
import re
from typing import TYPE_CHECKING, NamedTuple

from penstock.config.tokens import Head
from penstock.model import Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from penstock.config.tokens import Scan

_BETWEEN = re.compile(r"[ \t\r\n]*+(?:(#[^\n]*+)|([;{}]))")


class Kind(enum.Enum):
    """What a piece is. LUA is the inside of a `*_by_lua_block`."""

    WORD = "word"
    COMMENT = "comment"
    SEMICOLON = ";"
    OPEN = "{"
    CLOSE = "}"
    LUA = "Lua"


class Piece(NamedTuple):
    """One piece of a file.

    raw: as written, quotes included. value: as nginx decodes it. start: its character offset. lines: the line feeds
    in the white space before it; for the first piece of a file one more, so that it begins a line.
    """

    kind: Kind
    raw: str
    value: str
    start: int
    lines: int

    @property
    def end(self) -> int:
        """The offset past its last character."""
        return self.start + len(self.raw)


def pieces(scan: Scan) -> tuple[Piece, ...]:
    """The pieces of a file, in order. Only for a file whose tokens nginx would take: the scan has no such problem."""
    return tuple(_Row(scan.source.text).of(token[0] for token in scan.tokens))


def stream(row: Iterable[Piece]) -> tuple[tuple[Kind, str, str], ...]:
    """What must stay as it is when white space changes: each piece as written and as decoded, in order.

    White space at the end of a comment is not part of it.
    """
    return tuple(
        (piece.kind, piece.raw.rstrip(" \t\r"), "")
        if piece.kind is Kind.COMMENT
        else (piece.kind, piece.raw, piece.value)
        for piece in row
    )


class _Row:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0  # the end of the last piece
        self.lua: Head | None = None  # the statement that is being read, when its block is Lua

    def of(self, tokens: Iterable[str]) -> Iterator[Piece]:
        for token in tokens:
            if not isinstance(token, Word):
                continue
            if isinstance(token, Head):
                yield from self._lua()
                self.lua = token if token.body is not None else None
            yield from self._between(token.start)
            yield self._piece(Kind.WORD, token.start, token.end, str(token))
        yield from self._lua()
        yield from self._between(len(self.text))

    def _lua(self) -> Iterator[Piece]:
        """The rest of a statement with a Lua block: its `{`, the code, its `}`."""
        if self.lua is None:
            return
        head, self.lua = self.lua, None
        body = head.body or ""
        start, end = head.stop - 1 - len(body), head.stop - 1
        yield from self._between(start)
        yield self._piece(Kind.LUA, start, end, body)
        yield self._piece(Kind.CLOSE, end, head.stop, "}")

    def _between(self, end: int) -> Iterator[Piece]:
        while found := _BETWEEN.match(self.text, self.at, end):
            kind = Kind.COMMENT if found[1] else Kind(found[2])
            yield self._piece(kind, *found.span(found.lastindex or 0), found[1] or found[2])

    def _piece(self, kind: Kind, start: int, end: int, value: str) -> Piece:
        lines = self.text.count("\n", self.at, start) + (not self.at)
        self.at = end
        return Piece(kind, self.text[start:end], value, start, lines)
