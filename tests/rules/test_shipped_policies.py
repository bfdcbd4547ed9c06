"""The policies that ship: complete, and read without YAML's parser."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from penstock.analysis.policy import policy_files, read_policy
from penstock.documents import load_yaml
from penstock.rules import registry
from penstock.shipped import shipped

if TYPE_CHECKING:
    from penstock.analysis.rule import Rule


def test_the_digest_holds_what_yaml_reads() -> None:
    """policies.json is what the parser makes of rules/ today; `make policies` writes it."""
    texts = [read_policy(path) for path in policy_files(shipped("rules"))]
    assert texts
    read = {registry.digest_key(text): load_yaml(text, "policy").value for text in texts}
    assert json.loads(registry.DIGEST.read_text()) == read


def test_loading_the_rules_reads_no_yaml() -> None:
    """Whoever commits does not wait for a parser whose answer is known."""
    asked = "import sys; from penstock.rules.registry import load_rules; load_rules(); sys.exit('yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0


@pytest.mark.parametrize("rule", registry.load_rules(), ids=lambda rule: rule.id)
def test_every_rule_that_ships_is_complete(rule: Rule[object]) -> None:
    """A title, sources, a good example, and bad ones that say what they want."""
    assert registry.fault_of(rule) == ""
