"""The registry: what it finds, in which order, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

import penstock.rules
from penstock.errors import SettingsError
from penstock.rules.registry import examples, load_rules
from penstock.shipped import shipped

POLICY = """id: {id}
title: A title
why: Reasons.
source: {source}
severity: warning
each: gzip
forbid: {{args: ["on"]}}
message: gzip is on
examples:
  bad: |
    http {{ gzip on; }}{want}
  good: |
    http {{ gzip off; }}
"""


def write(folder: Path, **words: str) -> Path:
    """A policy in a folder, valid but for what is said."""
    given = {"id": "site/gzip", "source": "https://example.com", "want": '  # want "gzip"'} | words
    (folder / "gzip.yaml").write_text(POLICY.format(**given))
    return folder


def test_rules_come_sorted_by_id_and_each_has_its_file() -> None:
    """Code rules live in a file named for the id; policies in rules/<pack>/<slug>.yaml."""
    rules = load_rules()
    assert [rule.id for rule in rules] == sorted({rule.id for rule in rules})
    modules = {path.stem for path in Path(penstock.rules.__file__).parent.glob("*.py")} - {"__init__", "registry"}
    code = {rule.id.replace("/", "_").replace("-", "_") for rule in rules if not rule.pack}
    assert code - {"lint_bad_suppression"} == modules
    for path in shipped("rules").rglob("*.yaml"):
        assert f"{path.parent.name}/{path.stem}" in {rule.id for rule in rules if rule.pack}


def test_there_are_enough_rules_of_both_kinds() -> None:
    """At least twenty in all, at least five of them declared."""
    rules = load_rules()
    assert 20 <= len(rules)
    assert 5 <= sum(bool(rule.pack) for rule in rules)


def test_the_projects_policies_join(tmp_path: Path) -> None:
    """Policies of a folder, and of folders inside it."""
    write(tmp_path)
    (tmp_path / "notes.txt").write_text("not a policy")
    (rule,) = (rule for rule in load_rules([tmp_path]) if rule.id == "site/gzip")
    assert [(each.kind, each.wants) for each in examples(rule)] == [("bad", ((1, "gzip"),)), ("good", ())]
    assert "want" not in examples(rule)[0].text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"id": "security/ssrf"}, "two rules have the id security/ssrf"),
        ({"want": ""}, "bad example without"),
        ({"source": "somewhere"}, "names no source"),
    ],
)
def test_an_incomplete_policy_is_refused(words: dict[str, str], message: str, tmp_path: Path) -> None:
    """The same demands as on our own."""
    with pytest.raises(SettingsError, match=message):
        load_rules([write(tmp_path, **words)])


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A misspelt folder must not pass for one without policies."""
    with pytest.raises(SettingsError, match=r"no folder of policies .*/gone"):
        load_rules([tmp_path / "gone"])
