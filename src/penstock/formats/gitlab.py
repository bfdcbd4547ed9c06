"""A GitLab Code Quality report, which a merge request shows as what it brought and what it mended.

Source: https://docs.gitlab.com/ci/testing/code_quality/
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from penstock.formats._findings import rows
from penstock.formats._fingerprint import fingerprints
from penstock.formats._places import Sources, place_of, text
from penstock.model import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.formats import About
    from penstock.model import FileSet, Report

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.INFO: "info"}


def present(reports: Sequence[tuple[FileSet, Report]], about: About) -> str:  # noqa: ARG001 - a format takes both
    """An array with an object for each open finding; an empty one where there is none."""
    found = [row for row in rows(reports) if row.verdict.suppressed is None]
    document = []
    for row, fingerprint in zip(found, fingerprints(found, Sources()), strict=True):
        place = place_of(row)
        document.append(
            {
                "description": text(row.verdict.finding.message),
                "check_name": row.verdict.rule,
                "fingerprint": fingerprint,
                "severity": _SEVERITIES[row.verdict.severity],
                "location": {"path": place.path, "lines": {"begin": place.line, "end": place.end_line}},
            }
        )
    return json.dumps(document, indent=2) + "\n"
