"""The manager's own check of what it is asked to publish: it does not believe the client's."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from penstock.analysis import analyse
from penstock.api.faults import Code, HttpFault
from penstock.config import parse
from penstock.errors import Refused
from penstock.model import Accepted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.analysis import Profile
    from penstock.analysis.rule import Rule
    from penstock.model import FileSet, Report, Verdict

_SHOWN = 100  # findings in one answer


class Gate:
    """The analysis with one profile. The rules are loaded at the first use."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._rules: Sequence[Rule[Any]] | None = None
        self._loading = threading.Lock()

    def report(self, files: FileSet) -> Report:
        """What the analysis finds."""
        with self._loading:
            if self._rules is None:
                from penstock.rules.registry import load_rules  # noqa: PLC0415 - a manager that only reads needs none

                self._rules = load_rules()
        return analyse(parse(files), self._rules, self._profile)

    def admit(self, files: FileSet) -> Accepted:
        """The files, accepted. Raises HttpFault 400 with every blocking finding where they are not."""
        report = self.report(files)
        try:
            return Accepted(files, report)
        except Refused as error:
            found = [_line(files, verdict) for verdict in report.blocking]
            more = [f"and {len(found) - _SHOWN} more"] if _SHOWN < len(found) else []
            raise HttpFault(
                400,
                f"The configuration is not valid: {error.message}",
                code=Code.FINDINGS,
                details=[*found[:_SHOWN], *more],
            ) from error


def _line(files: FileSet, verdict: Verdict) -> str:
    finding = verdict.finding
    place = f"{files.label(finding.span.path)}:{finding.span.line}:{finding.span.column}"
    return f"{place}: {verdict.severity.word}: {finding.message} [{verdict.rule}]"
