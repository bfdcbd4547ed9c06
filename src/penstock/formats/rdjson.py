"""The Reviewdog Diagnostic Format: comments on a review, with suggestions that one click takes over.

Its columns count bytes of UTF-8. Source: https://github.com/reviewdog/reviewdog/tree/master/proto/rdf
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from penstock.formats._findings import rows
from penstock.formats._manual import source
from penstock.formats._places import Sources, place_in, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.formats import About
    from penstock.formats._findings import Row
    from penstock.model import FileSet, Report, Span


def present(reports: Sequence[tuple[FileSet, Report]], about: About) -> str:
    """One object with a diagnostic for each open finding."""
    sources = Sources()
    found = [row for row in rows(reports) if row.verdict.suppressed is None]
    document = {
        "source": {"name": "penstock"},
        "diagnostics": [_diagnostic(row, about, sources) for row in found],
    }
    return json.dumps(document, indent=2) + "\n"


def _diagnostic(row: Row, about: About, sources: Sources) -> dict[str, object]:
    finding, code = row.verdict.finding, {"value": row.verdict.rule}
    if url := source(row.verdict.rule, about):
        code["url"] = url
    said = f"{finding.message}\n{finding.hint}" if finding.hint else finding.message
    diagnostic: dict[str, object] = {
        "message": text(said),
        "location": _location(row.files, row.span, sources),
        "severity": row.verdict.severity.name,
        "code": code,
    }
    # Suggestions are alternatives, so that only a fix of one edit in this very file is one.
    if len(finding.fix) == 1 and not finding.unsafe_fix and finding.fix[0].span.path == row.span.path:
        edit = finding.fix[0]
        where = _location(row.files, edit.span, sources)
        if place_in(row.files, edit.span).column:
            diagnostic["suggestions"] = [{"range": where["range"], "text": text(edit.text)}]
    if finding.related:
        diagnostic["related_locations"] = [
            {"message": text(message), "location": _location(row.files, span, sources)}
            for span, message in finding.related
        ]
    return diagnostic


def _location(files: FileSet, span: Span, sources: Sources) -> dict[str, object]:
    place = place_in(files, span)
    if not place.column:
        return {"path": place.path, "range": {"start": {"line": place.line}}}
    read = sources.get(files, span.path)

    def point(line: int, column: int) -> dict[str, int]:
        before = "" if read is None else read.line_text(line)[: column - 1]
        return {"line": line, "column": len(before.encode("utf-8", "surrogateescape")) + 1}

    return {
        "path": place.path,
        "range": {"start": point(place.line, place.column), "end": point(place.end_line, place.end_column)},
    }
