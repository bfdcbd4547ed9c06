"""Findings for programs: one JSON object. What stands here is a promise; a change that breaks readers raises `version`.

version, penstock, nginx_version, profile, rules (how many were on)
files      names of the files that were read, sorted
findings   by place: path, line, column, end_line, end_column (from 1, in characters; the end is one past),
           severity (error, warning, info), rule, message, hint, blocking, suppressed (the reason, or null),
           related [{path, line, column, message}], fix [{path, start_byte, end_byte, text}],
           rendered_from {path, line, note} or null
broken_rules  [{rule, reason}]: rules that failed on their own account
summary    {error, warning, info, blocking, suppressed}: how many
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import penstock
from penstock.formats._findings import Row, counts, name, names, rendered_from, rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.formats import About
    from penstock.model import FileSet, Report

VERSION = 1


def present(reports: Sequence[tuple[FileSet, Report]], about: About) -> str:
    """The whole object, indented, in an order that does not change between runs."""
    found = rows(reports)
    broken = sorted({pair for _, report in reports for pair in report.broken_rules})
    document = {
        "version": VERSION,
        "penstock": penstock.__version__,
        "nginx_version": about.nginx_version,
        "profile": about.profile,
        "rules": about.rules,
        "files": [_text(label) for label in names(reports)],
        "findings": [_finding(row) for row in found],
        "broken_rules": [{"rule": rule, "reason": _text(reason)} for rule, reason in broken],
        "summary": {
            **{severity.word: count for severity, count in counts(found).items()},
            "blocking": sum(row.blocking for row in found),
            "suppressed": sum(row.verdict.suppressed is not None for row in found),
        },
    }
    return json.dumps(document, indent=2) + "\n"


def _finding(row: Row) -> dict[str, object]:
    finding, span, files = row.verdict.finding, row.span, row.files
    origin = rendered_from(files, span)
    return {
        "path": _text(name(files, span.path)),
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line or span.line,
        "end_column": span.end_column or span.column,
        "severity": row.verdict.severity.word,
        "rule": row.verdict.rule,
        "message": _text(finding.message),
        "hint": _text(finding.hint),
        "blocking": row.blocking,
        "suppressed": None if row.verdict.suppressed is None else _text(row.verdict.suppressed),
        "related": [
            {"path": _text(name(files, at.path)), "line": at.line, "column": at.column, "message": _text(message)}
            for at, message in finding.related
        ],
        "fix": [
            {
                "path": _text(name(files, edit.span.path)),
                "start_byte": edit.span.start_byte,
                "end_byte": edit.span.end_byte,
                "text": _text(edit.text),
            }
            for edit in finding.fix
        ],
        "rendered_from": origin and {"path": _text(origin[0]), "line": origin[1], "note": _text(origin[2])},
    }


def _text(value: str) -> str:
    """Bytes that are not UTF-8 came as lone surrogates, which strict JSON readers refuse; they become U+FFFD."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
