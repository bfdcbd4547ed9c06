"""Findings as a Markdown table, for a comment on a merge request or the summary of a job."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from penstock.formats._findings import rows, summary, visible
from penstock.formats._places import place_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.formats import About
    from penstock.formats._findings import Row
    from penstock.model import FileSet, Report

MOST = 300
"""How many rows are shown: GitHub takes 65,536 characters in a comment."""

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~@&])")


def present(reports: Sequence[tuple[FileSet, Report]], about: About) -> str:
    """The summary, and a table of the open findings with the worst first."""
    found = [row for row in rows(reports) if row.verdict.suppressed is None]
    found.sort(key=lambda row: -row.verdict.severity)
    lines = [f"**{_plain(summary(reports, about))}**", ""]
    if found:
        lines += ["| place | severity | rule | finding |", "|---|---|---|---|"]
        lines += [_line(row) for row in found[:MOST]]
    if MOST < len(found):
        lines += ["", f"{len(found) - MOST} more findings are not shown."]
    return "\n".join(lines).rstrip("\n") + "\n"


def _line(row: Row) -> str:
    verdict, place = row.verdict, visible(str(place_of(row)))
    said = " ".join(part for part in (verdict.finding.message, verdict.finding.hint) if part)
    return f"| {_plain(place)} | {verdict.severity.word} | {_plain(verdict.rule)} | {_message(visible(said))} |"


def _plain(text: str) -> str:
    return _MARKUP.sub(r"\\\1", text)


def _message(text: str) -> str:
    """The text with its `code` kept as such, and nothing else that Markdown would read."""
    parts = text.split("`")
    if len(parts) % 2 == 0 or not all(parts[1::2]):
        return _plain(text)
    return "".join(f"`{part.replace('|', chr(92) + '|')}`" if at % 2 else _plain(part) for at, part in enumerate(parts))
