"""What an analysis found, how it is judged, and the gate."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from penstock.errors import Refused

if TYPE_CHECKING:
    from penstock.model.files import FileSet
    from penstock.model.text import Span


class Severity(enum.IntEnum):
    """How bad a finding is held to be by the profile."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        """error, warning or info."""
        return self.name.lower()


class Edit(NamedTuple):
    """Replace the span's text by `text`."""

    span: Span
    text: str


class Finding(NamedTuple):
    """A fact with a place. It knows neither its rule nor its severity.

    hint: what to do about it. related: other places that belong to it. fix: edits that mend it.
    unsafe_fix: the fix may change more than the message says, so it is made only when that is asked for.
    """

    span: Span
    message: str
    hint: str = ""
    related: tuple[tuple[Span, str], ...] = ()
    fix: tuple[Edit, ...] = ()
    unsafe_fix: bool = False


class Verdict(NamedTuple):
    """A finding as the profile judges it. suppressed: the reason that a comment gave, or None."""

    rule: str
    severity: Severity
    finding: Finding
    suppressed: str | None = None


@dataclass(frozen=True)
class Report:
    """What the analysis of one FileSet found, sorted by place.

    digest: of the files that were read. fail_on: the severity from which a verdict blocks.
    broken_rules: (rule id, what it raised) for each rule that failed on its own account.
    """

    digest: str
    verdicts: tuple[Verdict, ...]
    fail_on: Severity = Severity.ERROR
    broken_rules: tuple[tuple[str, str], ...] = ()

    @cached_property
    def open(self) -> tuple[Verdict, ...]:
        """The verdicts that no comment suppresses."""
        return tuple(verdict for verdict in self.verdicts if verdict.suppressed is None)

    @cached_property
    def blocking(self) -> tuple[Verdict, ...]:
        """The open verdicts at or above `fail_on`."""
        return tuple(verdict for verdict in self.open if self.fail_on <= verdict.severity)


@dataclass(frozen=True)
class Accepted:
    """Files that passed the gate. Making one is the gate: it refuses whatever blocks.

    Raises Refused on a blocking verdict, an unread file, a rule that failed, or a report on other bytes.
    It is a local proof and does not cross the wire: the manager checks again.
    """

    files: FileSet
    report: Report

    def __post_init__(self) -> None:
        if self.report.digest != self.files.digest:
            raise Refused("the report is about other bytes than these files", way_out="Check the files again.")
        if self.files.unreadable:
            path, why = next(iter(self.files.unreadable.items()))
            raise Refused(f"{path} could not be read: {why}")
        if self.report.broken_rules:
            rule, why = self.report.broken_rules[0]
            raise Refused(f"the rule {rule} failed on its own account, so nothing vouches for these files: {why}")
        if self.report.blocking:
            first = self.report.blocking[0]
            count = len(self.report.blocking)
            raise Refused(
                f"{count} finding{'s' if count > 1 else ''} block{'' if count > 1 else 's'}: "
                f"{self.files.label(first.finding.span.path)}:{first.finding.span.line}: "
                f"{first.finding.message} [{first.rule}]"
            )
