"""Checkstyle's XML, which Jenkins and many others read."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from penstock.formats._findings import rows, visible
from penstock.formats._places import place_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.formats import About
    from penstock.model import FileSet, Report


def present(reports: Sequence[tuple[FileSet, Report]], about: About) -> str:  # noqa: ARG001 - a format takes both
    """A `file` for each file with open findings, an `error` for each of them."""
    by_file: dict[str, list[str]] = {}
    for row in rows(reports):
        if row.verdict.suppressed is not None:
            continue
        place, verdict = place_of(row), row.verdict
        column = f' column="{place.column}"' if place.column else ""
        by_file.setdefault(place.path, []).append(
            f'    <error line="{place.line}"{column} severity="{verdict.severity.word}"'
            f' message="{escape(visible(verdict.finding.message))}" source="penstock.{escape(verdict.rule)}"/>\n'
        )
    files = "".join(
        f'  <file name="{escape(visible(path))}">\n{"".join(errors)}  </file>\n' for path, errors in by_file.items()
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<checkstyle version="4.3">\n{files}</checkstyle>\n'
