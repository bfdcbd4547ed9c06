"""The one place that finds rules: those in code beside it, the declared policies that ship, and the user's own."""

from __future__ import annotations

import hashlib
import json
import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import penstock.rules
from penstock.analysis.examples import Example, examples
from penstock.analysis.policy import RULE_ID, compile_document, compile_folder, policy_files, read_policy
from penstock.analysis.suppressions import BAD_SUPPRESSION
from penstock.documents import Document, load_yaml
from penstock.errors import SettingsError
from penstock.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.analysis.rule import Rule

__all__ = ["Example", "examples", "load_rules"]

DIGEST = Path(__file__).with_name("policies.json")


def load_rules(policy_folders: Sequence[Path] = ()) -> tuple[Rule[Any], ...]:
    """Every rule, sorted by id: those in code, the policies that ship, and those of the given folders.

    Raises SettingsError for a rule that is incomplete, a policy that does not compile (file and line are named), and
    an id that is taken.
    """
    found = dict(_own())
    for folder in policy_folders:
        for rule in compile_folder(folder):
            fault = fault_of(rule)
            if fault:
                raise SettingsError(f"the rule {rule.id} of {folder} {fault}")
            _add(found, rule, str(folder))
    return tuple(found[name] for name in sorted(found))


@cache
def _own() -> tuple[tuple[str, Rule[Any]], ...]:
    found: dict[str, Rule[Any]] = {}
    _add(found, BAD_SUPPRESSION, "the engine")
    for module in sorted(pkgutil.iter_modules(penstock.rules.__path__), key=lambda module: module.name):
        if module.name != "registry":
            _add(found, import_module(f"penstock.rules.{module.name}").RULE, module.name)
    for rule in shipped_policies():
        _add(found, rule, "rules")
    return tuple(found.items())


def shipped_policies() -> tuple[Rule[Any], ...]:
    """The policies that ship, compiled.

    `policies.json` holds what YAML's parser makes of each, under the hash of its text, so that the hook need not wait
    for that parser; `make policies` writes it. A file whose hash is not there is parsed, so an edit counts at once.
    """
    read = json.loads(DIGEST.read_bytes())
    found = []
    for path in policy_files(shipped("rules")):
        text = read_policy(path)
        known = read.get(digest_key(text))
        document = Document(known, {(): 1}, str(path)) if known else load_yaml(text, str(path))
        found.append(compile_document(document, pack=path.parent.name))
    return tuple(found)


def digest_key(text: str) -> str:
    """What a policy's text is found under in `policies.json`."""
    return hashlib.sha256(text.encode()).hexdigest()


def _add(found: dict[str, Rule[Any]], rule: Rule[Any], whence: str) -> None:
    if rule.id in found:
        raise SettingsError(f"two rules have the id {rule.id}, one of them in {whence}", way_out="Rename one of them.")
    found[rule.id] = rule


def fault_of(rule: Rule[Any]) -> str:
    """What an incomplete rule lacks, or nothing. A test asks it of the rules that ship, `load_rules` of the others."""
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
