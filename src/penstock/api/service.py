"""The manager's own bodies: errors, health, who one is, and the analysis of files."""

from __future__ import annotations

import msgspec

from penstock.model import FileSet, Report, Severity, Verdict


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """One thing more about an error."""

    description: str


class ErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    """Every answer from 400 up. code: a number of `faults.Code`, or the HTTP status again."""

    code: int = 0
    message: str = ""
    details: tuple[Detail, ...] = ()


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the services run: each `healthy` or `unhealthy`."""

    services: dict[str, str]
    status: str
    timestamp: str


class Liveness(msgspec.Struct, frozen=True, kw_only=True):
    """The service answers."""

    status: str = "OK"


class UserMetadata(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A user's names."""

    name: str
    display_name: str = ""
    description: str = ""


class UserInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Who one is."""

    metadata: UserMetadata


class AnalysisItem(msgspec.Struct, frozen=True, kw_only=True):
    """One finding, in the form of the analyzer of F5's NGINXaaS; line from 1."""

    id: str
    directive: str
    description: str
    file: str
    line: int
    message: str
    rule: str
    level: str
    category: str


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """Ours: what the analysis found, by severity. passed: whether a publish with validateConfig would be let in."""

    errors: tuple[AnalysisItem, ...] = ()
    warnings: tuple[AnalysisItem, ...] = ()
    recommendations: tuple[AnalysisItem, ...] = ()
    passed: bool = True


def from_report(files: FileSet, report: Report) -> Analysis:
    """The open verdicts of a report, in its order."""
    by_severity: dict[Severity, list[AnalysisItem]] = {severity: [] for severity in Severity}
    for verdict in report.open:
        by_severity[verdict.severity].append(_item(files, verdict))
    return Analysis(
        errors=tuple(by_severity[Severity.ERROR]),
        warnings=tuple(by_severity[Severity.WARNING]),
        recommendations=tuple(by_severity[Severity.INFO]),
        passed=not (report.blocking or report.broken_rules or files.unreadable),
    )


def _item(files: FileSet, verdict: Verdict) -> AnalysisItem:
    finding = verdict.finding
    span = finding.span
    source = files.files.get(span.path, b"").decode("utf-8", "replace")
    return AnalysisItem(
        id=verdict.rule,
        directive=_word(source, span.line, span.column),
        description=finding.hint,
        file=span.path,
        line=span.line,
        message=finding.message,
        rule=verdict.rule,
        level=verdict.severity.word,
        category=verdict.rule.split("/", 1)[0],
    )


def _word(source: str, line: int, column: int) -> str:
    """The word at that place: the directive, where the finding is about one. Empty past the end of the text."""
    lines = source.split("\n")
    words = lines[line - 1][column - 1 :].split(maxsplit=1) if 0 < line <= len(lines) else []
    return words[0].rstrip(";{") if words else ""
