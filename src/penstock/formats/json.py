"""Findings for programs: one JSON object. What stands here is a promise; a change that breaks readers raises `version`.

version, penstock, nginx_version, profile, rules (how many were on)
files      names of the files that were read, sorted
findings   by place: path, line, column, end_line, end_column (from 1, in characters; the end is one past),
           severity (error, warning, info), confidence (high, medium), rule, message, hint, blocking,
           nginx_refuses (nginx does not start with it), suppressed (the reason, or null),
           related [{path, line, column, message}], fix [{path, start_byte, end_byte, text}],
           rendered_from {path, line, note} or null
broken_rules  [{rule, reason}]: rules that failed on their own account
summary    {error, warning, info, blocking, suppressed}: how many
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import penstock
from penstock.formats._findings import Row, counts, name, names, rendered_from, rows
from penstock.formats._manual import confidence, nginx_refuses
from penstock.formats._places import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.formats import About
    from penstock.model import FileSet, Report

VERSION = 1


def present(reports: Sequence[tuple[FileSet, Report]], about: About) -> str:
    """The whole object, indented, in an order that does not change between runs."""
    return json.dumps(document(reports, about), indent=2) + "\n"


def document(reports: Sequence[tuple[FileSet, Report]], about: About) -> dict[str, Any]:
    """The object itself."""
    found = rows(reports)
    broken = sorted({pair for _, report in reports for pair in report.broken_rules})
    return {
        "version": VERSION,
        "penstock": penstock.__version__,
        "nginx_version": about.nginx_version,
        "profile": about.profile,
        "rules": about.rules,
        "files": [text(label) for label in names(reports)],
        "findings": [_finding(row, about) for row in found],
        "broken_rules": [{"rule": rule, "reason": text(reason)} for rule, reason in broken],
        "summary": {
            **{severity.word: count for severity, count in counts(found).items()},
            "blocking": sum(row.blocking for row in found),
            "suppressed": sum(row.verdict.suppressed is not None for row in found),
        },
    }


def _finding(row: Row, about: About) -> dict[str, object]:
    finding, span, files = row.verdict.finding, row.span, row.files
    origin = rendered_from(files, span)
    return {
        "path": text(name(files, span.path)),
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line or span.line,
        "end_column": span.end_column or span.column,
        "severity": row.verdict.severity.word,
        "confidence": confidence(row.verdict, about),
        "rule": row.verdict.rule,
        "message": text(finding.message),
        "hint": text(finding.hint),
        "blocking": row.blocking,
        "nginx_refuses": nginx_refuses(row.verdict, about),
        "suppressed": None if row.verdict.suppressed is None else text(row.verdict.suppressed),
        "related": [
            {"path": text(name(files, at.path)), "line": at.line, "column": at.column, "message": text(message)}
            for at, message in finding.related
        ],
        "fix": [
            {
                "path": text(name(files, edit.span.path)),
                "start_byte": edit.span.start_byte,
                "end_byte": edit.span.end_byte,
                "text": text(edit.text),
            }
            for edit in finding.fix
        ],
        "rendered_from": origin and {"path": text(origin[0]), "line": origin[1], "note": text(origin[2])},
    }
