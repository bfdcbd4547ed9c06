"""Workflow commands of GitHub Actions, which shows each finding beside its line.

Source: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.formats._findings import rows, visible
from penstock.formats._places import place_of, text
from penstock.model import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.formats import About
    from penstock.formats._findings import Row
    from penstock.model import FileSet, Report

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def present(reports: Sequence[tuple[FileSet, Report]], about: About) -> str:  # noqa: ARG001 - a format takes both
    """One command a line for each open finding, the worst first: GitHub shows only the first ten of each kind."""
    found = [row for row in rows(reports) if row.verdict.suppressed is None]
    return "".join(f"{_command(row)}\n" for row in sorted(found, key=lambda row: -row.verdict.severity))


def _command(row: Row) -> str:
    place, finding = place_of(row), row.verdict.finding
    fields = {"file": place.path, "line": place.line, "endLine": place.end_line}
    if place.column and place.line == place.end_line:  # GitHub takes columns only within one line
        fields |= {"col": place.column, "endColumn": place.end_column}
    fields["title"] = row.verdict.rule
    properties = ",".join(f"{key}={_property(str(value))}" for key, value in fields.items())
    # The log shows the message alone, so that it names the place once more.
    said = f"{place} {row.verdict.rule} {visible(finding.message)}"
    if finding.hint:
        said += f"\n{visible(finding.hint)}"
    return f"::{_COMMANDS[row.verdict.severity]} {properties}::{_data(text(said))}"


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
