"""What formats share: the findings of several reports as one sorted list, and the words of the last line."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from penstock.model import Severity, Source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from penstock.formats import About
    from penstock.model import FileSet, Report, Span, Verdict


class Row(NamedTuple):
    """One verdict, with the files that it is about and whether it blocks."""

    files: FileSet
    verdict: Verdict
    blocking: bool

    @property
    def span(self) -> Span:
        """Where the finding stands."""
        return self.verdict.finding.span


def rows(reports: Sequence[tuple[FileSet, Report]]) -> tuple[Row, ...]:
    """Every verdict once, suppressed ones too, sorted by label, place and rule.

    A file that two configurations include gives its findings once, and so does a template for many instances.
    """
    found: dict[tuple[str, int, int, str, str], Row] = {}
    for files, report in reports:
        blocking = {id(verdict) for verdict in report.blocking}
        for verdict in report.verdicts:
            key = (*_place(files, verdict.finding.span), verdict.rule, verdict.finding.message)
            row = Row(files, verdict, id(verdict) in blocking)
            if key not in found or found[key].verdict.suppressed is not None:
                found[key] = row
    return tuple(found[key] for key in sorted(found))


def _place(files: FileSet, span: Span) -> tuple[str, int, int]:
    """What tells findings apart: one line of a template is one place, however many instances it is rendered for."""
    if origin := rendered_from(files, span):
        return origin[0], origin[1], span.column
    return name(files, span.path), span.line, span.column


def rendered_from(files: FileSet, span: Span) -> tuple[str, int, str] | None:
    """(template, line, note) of the line that a span begins in, or None for a file that was not rendered."""
    origin = files.origins.get(span.path)
    if origin is None or not 1 <= span.line <= len(origin.lines):
        return None
    return origin.lines[span.line - 1]


def name(files: FileSet, path: str) -> str:
    """What a report calls a file: as on this disk; a rendered file by its name on the target."""
    return path if is_rendered(files, path) else files.label(path)


def is_rendered(files: FileSet, path: str) -> bool:
    """Whether a template made the file."""
    origin = files.origins.get(path)
    return origin is not None and bool(origin.lines)


def source_of(files: FileSet, path: str) -> Source | None:
    """The file's text, or None for a file that was not read."""
    content = files.files.get(path)
    return None if content is None else Source(path, content.decode("utf-8", "surrogateescape"))


def names(reports: Sequence[tuple[FileSet, Report]]) -> tuple[str, ...]:
    """Every file that was read, once, sorted."""
    return tuple(sorted({name(files, path) for files, _ in reports for path in files.files}))


def counts(found: Sequence[Row]) -> Mapping[Severity, int]:
    """How many open findings there are of each severity, worst first."""
    counter = Counter(row.verdict.severity for row in found if row.verdict.suppressed is None)
    return {severity: counter[severity] for severity in sorted(Severity, reverse=True)}


def summary(reports: Sequence[tuple[FileSet, Report]], about: About) -> str:
    """One line for the end: `2 errors, 1 warning in 4 files`, or what was clean and measured by what."""
    found = rows(reports)
    # A template rendered for three instances is three files that were read.
    read = len(
        {
            (id(files) if is_rendered(files, path) else 0, name(files, path))
            for files, _ in reports
            for path in files.files
        }
    )
    files = f"{read} file{'' if read == 1 else 's'}"
    parts = [f"{count} {plural(severity, count)}" for severity, count in counts(found).items() if count]
    suppressed = sum(row.verdict.suppressed is not None for row in found)
    aside = f", {suppressed} suppressed" if suppressed else ""
    if parts:
        return f"{', '.join(parts)} in {files}{aside}"
    return f"No findings in {files} (nginx {about.nginx_version}, {about.rules} rules{aside})"


def plural(severity: Severity, count: int) -> str:
    """The severity's word for that many."""
    if severity is Severity.INFO:
        return "note" if count == 1 else "notes"
    return severity.word if count == 1 else f"{severity.word}s"


def visible(text: str) -> str:
    """The text with everything that a terminal would obey or could not show replaced, one character for one."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
