"""The project's rules and profile, ready to judge: what `check`, `render --check` and `plan` judge by."""

from __future__ import annotations

import sys
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock.analysis import Profile, analyse
from penstock.analysis.profile import choose, nearest
from penstock.catalog import catalog
from penstock.cli.terminal import stdout_color, width
from penstock.errors import UsageError
from penstock.formats import About
from penstock.rules.registry import load_rules
from penstock.settings import RuleSetting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.analysis.rule import Rule
    from penstock.model import Config, Report
    from penstock.settings import CheckSettings


class Judge(NamedTuple):
    """Rules and a profile that fit each other."""

    rules: tuple[Rule[Any], ...]
    profile: Profile
    about: About

    def report(self, config: Config) -> Report:
        """What they find in a configuration."""
        return analyse(config, self.rules, self.profile)


def judge_of(check: CheckSettings, *, select: Sequence[str] = (), ignore: Sequence[str] = ()) -> Judge:
    """The judge that the settings describe.

    select: ids or categories; only these rules run, whatever the profile. ignore: ids or categories that do not run.
    Raises UsageError, with the nearest name, for what does not exist.
    """
    rules = load_rules(check.policies)
    settings = dict(check.rules)
    if select:
        chosen = _matching(rules, select)
        settings = {rule.id: settings.get(rule.id, RuleSetting())._replace(enabled=rule.id in chosen) for rule in rules}
    for rule_id in _matching(rules, ignore):
        settings[rule_id] = RuleSetting(enabled=False)
    profile = profile_of(check._replace(rules=MappingProxyType(settings)))
    about = About(
        nginx_version=catalog().resolve_version(check.nginx_version),
        profile=check.profile,
        rules=len(choose(rules, profile)),
        color=stdout_color(),
        width=width() if sys.stdout.isatty() else 120,
        manual=MappingProxyType({rule.id: rule for rule in rules}),
    )
    return Judge(rules, profile, about)


def profile_of(check: CheckSettings) -> Profile:
    """What [check] says, as the engine takes it."""
    return Profile(name=check.profile, fail_on=check.fail_on, nginx_version=check.nginx_version, rules=check.rules)


def _matching(rules: Sequence[Rule[Any]], wanted: Sequence[str]) -> frozenset[str]:
    """The ids that are named, or whose category is: `security` is every `security/...`."""
    found: set[str] = set()
    for name in wanted:
        ids = {rule.id for rule in rules if name in (rule.id, rule.id.partition("/")[0])}
        if not ids:
            known = {rule.id for rule in rules} | {rule.id.partition("/")[0] for rule in rules}
            raise UsageError(f"there is no rule or category {name!r}", way_out=nearest(name, known))
        found |= ids
    return frozenset(found)
