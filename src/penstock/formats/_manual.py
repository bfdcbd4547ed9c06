"""What the formats say of a rule beside its finding: how sure it is, and whether nginx itself refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.model import Severity

if TYPE_CHECKING:
    from penstock.formats import About
    from penstock.model import Verdict

_READER = ("syntax/", "include/")
_NOT_FOLLOWED = "include/not-followed"


def confidence(verdict: Verdict, about: About) -> str:
    """`high` or `medium`."""
    rule = about.manual.get(verdict.rule)
    return "high" if rule is None else rule.confidence


def nginx_refuses(verdict: Verdict, about: About) -> bool:
    """Whether nginx does not start with it: by its rule, or because the file cannot be read as nginx reads it."""
    rule = about.manual.get(verdict.rule)
    if rule is not None:
        return rule.refuses
    unread = verdict.rule.startswith(_READER) and verdict.rule != _NOT_FOLLOWED
    return unread and verdict.severity is Severity.ERROR


def title(rule_id: str, about: About) -> str:
    """The first line of the rule's manual; its id where there is none."""
    rule = about.manual.get(rule_id)
    return rule_id if rule is None else rule.title


def source(rule_id: str, about: About) -> str:
    """The URL of the first fact that the rule rests on, or nothing."""
    rule = about.manual.get(rule_id)
    return "" if rule is None else rule.sources[0]
