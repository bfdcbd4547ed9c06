"""The one place that finds rules: those in code beside it, the declared policies that ship, and the user's own."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import penstock.rules
from penstock.analysis.examples import Example, examples
from penstock.analysis.policy import RULE_ID, compile_folder
from penstock.analysis.suppressions import BAD_SUPPRESSION
from penstock.errors import SettingsError
from penstock.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from penstock.analysis.rule import Rule

__all__ = ["Example", "examples", "load_rules"]


def load_rules(policy_folders: Sequence[Path] = ()) -> tuple[Rule[Any], ...]:
    """Every rule, sorted by id: those in code, the policies that ship, and those of the given folders.

    Raises SettingsError for a rule that is incomplete, a policy that does not compile (file and line are named), and
    an id that is taken.
    """
    found = dict(_own())
    for folder in policy_folders:
        for rule in compile_folder(folder):
            _add(found, rule, str(folder))
    return tuple(found[name] for name in sorted(found))


@cache
def _own() -> tuple[tuple[str, Rule[Any]], ...]:
    found: dict[str, Rule[Any]] = {}
    _add(found, BAD_SUPPRESSION, "the engine")
    for module in sorted(pkgutil.iter_modules(penstock.rules.__path__), key=lambda module: module.name):
        if module.name != "registry":
            _add(found, import_module(f"penstock.rules.{module.name}").RULE, module.name)
    for rule in compile_folder(shipped("rules")):
        _add(found, rule, "rules")
    return tuple(found.items())


def _add(found: dict[str, Rule[Any]], rule: Rule[Any], whence: str) -> None:
    fault = _fault(rule)
    if fault:
        raise SettingsError(f"the rule {rule.id} of {whence} {fault}")
    if rule.id in found:
        raise SettingsError(f"two rules have the id {rule.id}, one of them in {whence}", way_out="Rename one of them.")
    found[rule.id] = rule


def _fault(rule: Rule[Any]) -> str:
    """What an incomplete rule lacks, or nothing."""
    if not RULE_ID.fullmatch(rule.id):
        return "has an id that is not `category/slug`"
    if not rule.title:
        return "has no title"
    if not rule.sources or not all(source.startswith("https://") for source in rule.sources):
        return "names no source (an https:// URL of the fact that it rests on)"
    shown = examples(rule)
    if not any(example.kind == "good" for example in shown):
        return "has no good example"
    bad = [example for example in shown if example.kind == "bad"]
    if not bad:
        return "has no bad example"
    if not all(example.wants for example in bad):
        return 'has a bad example without a `# want "regexp"`'
    return ""
