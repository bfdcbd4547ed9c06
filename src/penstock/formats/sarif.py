"""SARIF 2.1.0, which GitHub's code scanning and many others read.

Sources: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html and, for the limit,
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import penstock
from penstock.formats._findings import rows
from penstock.formats._fingerprint import fingerprints
from penstock.formats._manual import confidence, nginx_refuses, source, title
from penstock.formats._places import Place, Sources, place_in, place_of, text
from penstock.model import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.formats import About
    from penstock.formats._findings import Row
    from penstock.model import FileSet, Report

MOST = 25_000
"""Results that GitHub takes in one run; the least severe are left out, and a notification says so."""

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def present(reports: Sequence[tuple[FileSet, Report]], about: About) -> str:
    """One run, the worst results first; suppressed ones are there with their reason."""
    found = rows(reports)
    pairs = sorted(zip(found, fingerprints(found, Sources()), strict=True), key=lambda pair: -pair[0].verdict.severity)
    shown = pairs[:MOST]
    rules = sorted({row.verdict.rule for row, _ in shown})
    at = {rule: index for index, rule in enumerate(rules)}
    broken = sorted({pair for _, report in reports for pair in report.broken_rules})
    notes = [_note("error", f"The rule {rule} failed on its own account: {why}") for rule, why in broken]
    if MOST < len(pairs):
        notes.append(_note("warning", f"{len(pairs) - MOST} of {len(pairs)} findings, the least severe, are left out."))
    run = {
        "tool": {
            "driver": {
                "name": "penstock",
                "version": penstock.__version__,
                "rules": [_rule(rule, about) for rule in rules],
            }
        },
        "automationDetails": {"id": "penstock/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not broken, "toolExecutionNotifications": notes}],
        "properties": {"nginx_version": about.nginx_version, "profile": about.profile},
        "results": [_result(row, fingerprint, at[row.verdict.rule], about) for row, fingerprint in shown],
    }
    document = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2) + "\n"


def _note(level: str, message: str) -> dict[str, object]:
    return {"level": level, "message": {"text": text(message)}}


def _rule(rule: str, about: About) -> dict[str, object]:
    described: dict[str, object] = {
        "id": rule,
        "shortDescription": {"text": text(title(rule, about))},
        "properties": {"tags": [rule.partition("/")[0]]},
    }
    if url := source(rule, about):
        described["helpUri"] = url
    return described


def _result(row: Row, fingerprint: str, index: int, about: About) -> dict[str, Any]:
    verdict, finding = row.verdict, row.verdict.finding
    said = f"{finding.message}\n{finding.hint}" if finding.hint else finding.message
    result: dict[str, Any] = {
        "ruleId": verdict.rule,
        "ruleIndex": index,
        "level": _LEVELS[verdict.severity],
        "message": {"text": text(said)},
        "locations": [{"physicalLocation": _physical(place_of(row))}],
        "partialFingerprints": {"primaryLocationLineHash": fingerprint, "penstock/v1": fingerprint},
        "properties": {
            "confidence": confidence(verdict, about),
            "nginx_refuses": nginx_refuses(verdict, about),
        },
    }
    if finding.related:
        result["relatedLocations"] = [
            {"physicalLocation": _physical(place_in(row.files, span)), "message": {"text": text(message)}}
            for span, message in finding.related
        ]
    if verdict.suppressed is not None:
        result["suppressions"] = [{"kind": "inSource", "justification": text(verdict.suppressed)}]
    if changes := _changes(row):
        result["fixes"] = [{"artifactChanges": changes}]
    return result


def _changes(row: Row) -> list[dict[str, object]]:
    """The edits of a safe fix by file; none where one of them would be in a template, which has other text."""
    finding = row.verdict.finding
    by_file: dict[str, list[dict[str, object]]] = {}
    for edit in () if finding.unsafe_fix else finding.fix:
        place = place_in(row.files, edit.span)
        if not place.column:
            return []
        by_file.setdefault(place.path, []).append(
            {"deletedRegion": _region(place), "insertedContent": {"text": text(edit.text)}}
        )
    return [{"artifactLocation": _artifact(path), "replacements": edits} for path, edits in by_file.items()]


def _physical(place: Place) -> dict[str, object]:
    return {"artifactLocation": _artifact(place.path), "region": _region(place)}


def _region(place: Place) -> dict[str, int]:
    if not place.column:
        return {"startLine": place.line}
    return {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }


def _artifact(path: str) -> dict[str, str]:
    """Relative to the checkout's top where it can be, so that a file is the same one on every machine."""
    if PurePosixPath(path).is_absolute():
        return {"uri": f"file://{quote(path)}"}
    return {"uri": quote(path), "uriBaseId": "%SRCROOT%"}
