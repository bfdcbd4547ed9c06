"""Findings for a person's eyes, like a compiler's.

    conf.d/app.conf:3:5 error rules/name what is wrong
      3 |     listen 80 80;
        |               ^^
      help: what to do about it

ANSI by hand and not by rich: a hook that runs at every commit has 150 ms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.formats._findings import Row, name, rendered_from, rows, source_of, visible
from penstock.model import Severity, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from penstock.formats import About
    from penstock.model import FileSet, Report, Span

_RESET = "\x1b[0m"
_STYLES = {
    "place": "\x1b[1m",
    "quiet": "\x1b[2m",
    "help": "\x1b[36m",
    Severity.ERROR: "\x1b[1;31m",
    Severity.WARNING: "\x1b[1;33m",
    Severity.INFO: "\x1b[1;36m",
}
_TAB = 4
_ELLIPSIS = "…"


def present(reports: Sequence[tuple[FileSet, Report]], about: About) -> str:
    """Every open finding with its source line; suppressed ones only count in the summary."""
    sources: dict[tuple[int, str], Source | None] = {}
    lines: list[str] = []
    for row in rows(reports):
        if row.verdict.suppressed is None:
            key = (id(row.files), row.span.path)
            if key not in sources:
                sources[key] = source_of(row.files, row.span.path)
            lines.extend(_finding(row, sources[key], about))
            lines.append("")
    return "".join(f"{line}\n" for line in lines)


def _finding(row: Row, source: Source | None, about: About) -> Iterator[str]:
    finding, span, severity = row.verdict.finding, row.span, row.verdict.severity
    place = _style("place", _place(row.files, span), about)
    word = _style(severity, severity.word, about)
    yield f"{place} {word} {row.verdict.rule} {visible(finding.message)}"
    if source is not None:
        gutter = len(str(span.line))
        text, underline = _quote(source.line_text(span.line), span, about.width - gutter - 5)
        bar = _style("quiet", "|", about)
        yield f"  {_style('quiet', str(span.line), about)} {bar} {text}".rstrip()
        yield f"  {' ' * gutter} {bar} {underline[0]}{_style(severity, underline[1], about)}"
    if finding.hint:
        yield f"  {_style('help', 'help:', about)} {visible(finding.hint)}"
    for place_of, message in finding.related:
        yield f"  {_style('help', 'see:', about)} {_place(row.files, place_of)} {visible(message)}".rstrip()
    if origin := rendered_from(row.files, span):
        label, line, note = origin
        yield f"  {_style('help', 'from', about)} {visible(label)}:{line}{f' ({visible(note)})' if note else ''}"


def _place(files: FileSet, span: Span) -> str:
    return f"{visible(name(files, span.path))}:{span.line}:{span.column}"


def _style(style: str | Severity, text: str, about: About) -> str:
    return f"{_STYLES[style]}{text}{_RESET}" if about.color else text


def _quote(line: str, span: Span, width: int) -> tuple[str, tuple[str, str]]:
    """(the line as shown, (blanks, underline)), both cut to `width` columns around the span."""
    first = min(span.column - 1, len(line))
    last = min(span.end_column - 1, len(line)) if span.end_line in (0, span.line) else len(line)
    cells = _cells(line)
    start = sum(len(cell) for cell in cells[:first])
    size = max(1, sum(len(cell) for cell in cells[first : max(first, last)]))
    shown = "".join(cells)
    width = max(width, 20)
    if len(shown) <= width:
        left, right = 0, len(shown)
    else:
        # A third of the line before the span: what leads to it says more than what follows.
        left = max(0, min(start - width // 3, len(shown) - width))
        right = left + width
    text = shown[left:right]
    if left:
        text = _ELLIPSIS + (" " + text[2:] if text[1:2] == _SECOND_CELL else text[1:])
    if right < len(shown):
        text = text[:-1] + _ELLIPSIS
    # A wide character took two cells above, the second of them the empty mark.
    return text.replace(_SECOND_CELL, ""), (" " * (start - left), "^" * max(1, min(size, right - start)))


_SECOND_CELL = "\0"


def _cells(line: str) -> list[str]:
    """For each character, the columns that it takes: a tab to the next stop, two for wide ones, none for marks."""
    cells: list[str] = []
    column = 0
    for character in line:
        if character == "\t":
            cell = " " * (_TAB - column % _TAB)
        elif character.isascii():
            cell = visible(character)
        else:
            cell = _wide(visible(character))
        cells.append(cell)
        column += len(cell)
    return cells


def _wide(character: str) -> str:
    import unicodedata  # noqa: PLC0415 - most configurations are ASCII

    if unicodedata.combining(character):
        return ""
    return character + _SECOND_CELL if unicodedata.east_asian_width(character) in "WF" else character
