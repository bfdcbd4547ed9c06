"""analyse: a Config becomes a Report. Order, severity, suppression and failing rules are decided here, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.analysis.profile import Chosen, Profile, choose
from penstock.analysis.rule import Context
from penstock.analysis.suppressions import BAD_SUPPRESSION, Suppressions
from penstock.catalog import catalog
from penstock.model import Finding, Report, Severity, Span, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.analysis.rule import Rule
    from penstock.model import Config

TOLERATED = frozenset({"syntax/invalid-encoding", "syntax/lone-cr", "syntax/odd-whitespace"})
"""Kinds of Problem that nginx itself reads past, and we too: nothing is left unread."""

SUPPRESSIBLE = frozenset({"syntax/odd-whitespace"})
"""Of those, what may be meant: the rest shows another text than nginx reads."""


def analyse(config: Config, rules: Sequence[Rule[Any]], profile: Profile) -> Report:
    """What the rules of this profile find, with what could not be parsed, sorted by place.

    Files come in the order in which nginx reads them, then lines, columns and rule ids. A directive that is included
    twice is reported once. A rule that raises does not end the run: it is in `Report.broken_rules`.
    Raises SettingsError for a profile that names what does not exist, UsageError for an unknown nginx release.
    """
    known = catalog()
    rules = (*(rule for rule in rules if rule.id != BAD_SUPPRESSION.id), BAD_SUPPRESSION)
    chosen = choose(rules, profile)
    context = Context(config, known, known.resolve_version(profile.nginx_version))
    run = _Run(Suppressions(config))
    for problem in config.problems:
        finding = Finding(problem.span, problem.message, problem.hint)
        severity = Severity.WARNING if problem.kind in TOLERATED else Severity.ERROR
        may_be_meant = problem.kind in SUPPRESSIBLE
        reason = run.suppressions.reason(problem.kind, problem.span) if may_be_meant else None
        run.add(problem.kind, severity, finding, reason)
    for choice in chosen:
        run.try_rule(choice, context)
    run.judge_comments(chosen, {rule.id for rule in rules})
    order = {path: at for at, path in enumerate(config.sources)}
    return Report(
        digest=config.files.digest,
        verdicts=tuple(sorted(run.verdicts, key=lambda verdict: _place(verdict, order))),
        fail_on=profile.fail_on,
        broken_rules=tuple(run.broken),
    )


class _Run:
    """The verdicts of one analysis while they come in."""

    def __init__(self, suppressions: Suppressions) -> None:
        self.suppressions = suppressions
        self.verdicts: list[Verdict] = []
        self.broken: list[tuple[str, str]] = []
        self._seen: set[tuple[str, Span, str]] = set()

    def add(self, rule: str, severity: Severity, finding: Finding, reason: str | None) -> None:
        key = (rule, finding.span, finding.message)
        if key not in self._seen:
            self._seen.add(key)
            self.verdicts.append(Verdict(rule, severity, finding, reason))

    def try_rule(self, choice: Chosen, context: Context) -> None:
        rule = choice.rule
        try:
            findings = tuple(rule.check(context, choice.options))
        except Exception as exc:  # a rule's own fault must neither hide the others' findings nor pass for silence
            self.broken.append((rule.id, f"{type(exc).__name__}: {exc}"))
            return
        for finding in findings:
            self.add(rule.id, choice.severity, finding, self.suppressions.reason(rule.id, finding.span))

    def judge_comments(self, chosen: Sequence[Chosen], known: set[str]) -> None:
        """Report the suppression comments that are of no use, unless that rule is switched off."""
        severity = next((one.severity for one in chosen if one.rule.id == BAD_SUPPRESSION.id), None)
        if severity is None:
            return
        broken = {rule for rule, _ in self.broken}
        ran = {one.rule.id for one in chosen} - broken
        for finding in self.suppressions.findings(known | SUPPRESSIBLE, ran | SUPPRESSIBLE):
            self.add(BAD_SUPPRESSION.id, severity, finding, None)


def _place(verdict: Verdict, order: dict[str, int]) -> tuple[int, str, int, int, str, str]:
    span = verdict.finding.span
    return (order.get(span.path, len(order)), span.path, span.line, span.column, verdict.rule, verdict.finding.message)
