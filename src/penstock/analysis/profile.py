"""Profile: which rules run, how severe each is held to be, and with which options."""

from __future__ import annotations

from dataclasses import fields, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock.errors import SettingsError
from penstock.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from penstock.analysis.rule import Rule
    from penstock.settings import RuleSetting

PROFILES = ("default", "strict", "all")
"""`default` is for everybody, `strict` asks for more, `all` has every rule."""


class Profile(NamedTuple):
    """How a configuration is judged.

    name: one of PROFILES. fail_on: the severity from which a verdict blocks. nginx_version: the release that the
    configuration is for, empty for the newest. rules: what is said of single rules, by id: a rule that is named here
    runs whatever the profile, unless it is switched off.
    """

    name: str = "default"
    fail_on: Severity = Severity.ERROR
    nginx_version: str = ""
    rules: Mapping[str, RuleSetting] = MappingProxyType({})


class Chosen(NamedTuple):
    """A rule that runs, with its severity and options in this profile."""

    rule: Rule[Any]
    severity: Severity
    options: Any


def choose(rules: Sequence[Rule[Any]], profile: Profile) -> tuple[Chosen, ...]:
    """The rules that this profile runs, in their order.

    Raises SettingsError for a profile, a rule or an option that does not exist, with the nearest one that does.
    """
    if profile.name not in PROFILES:
        raise SettingsError(f"there is no profile {profile.name!r}", way_out=nearest(profile.name, PROFILES))
    ids = {rule.id for rule in rules}
    for name in profile.rules:
        if name not in ids:
            raise SettingsError(f"there is no rule {name!r} to set", way_out=nearest(name, ids))
    chosen = []
    for rule in rules:
        setting = profile.rules.get(rule.id)
        listed = profile.name == "all" or profile.name in rule.profiles
        if setting is None:
            if listed:
                chosen.append(Chosen(rule, rule.severity, rule.options))
        elif setting.enabled:
            severity = rule.severity if setting.severity is None else setting.severity
            chosen.append(Chosen(rule, severity, _options(rule, setting.options)))
    return tuple(chosen)


def nearest(name: str, known: Iterable[str]) -> str:
    """What to suggest for a name that is not known: the nearest one, or all of them where they are few."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake pays for it

    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f'Did you mean "{close[0]}"?'
    return f"There are: {', '.join(names)}." if 0 < len(names) <= 16 else "`penstock rules list` shows all of them."


def _options(rule: Rule[Any], given: Mapping[str, object]) -> Any:
    known = {option.name for option in fields(rule.options)}
    values: dict[str, object] = {}
    for name, value in given.items():
        if name not in known:
            way_out = nearest(name, known) if known else "It has no options."
            raise SettingsError(f"the rule {rule.id} has no option {name!r}", way_out=way_out)
        values[name] = _like(getattr(rule.options, name), value, f"the option {name!r} of the rule {rule.id}")
    return replace(rule.options, **values)


def _like(default: object, value: object, what: str) -> object:
    """The value in the type of the default."""
    if isinstance(default, tuple) and isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value):
        return tuple(value)
    if type(value) is type(default) and not isinstance(default, tuple):
        return value
    kinds: dict[type, str] = {tuple: "a list of strings", bool: "true or false", int: "a whole number", str: "a string"}
    raise SettingsError(f"{what} must be {kinds.get(type(default), type(default).__name__)}, not {value!r}")
