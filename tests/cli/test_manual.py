"""What the program says of itself: help of every command, rules, explanations, and the state of this machine."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from penstock.cli import COMMANDS, HISTORY_COMMANDS
from penstock.config import PROBLEM_KINDS
from penstock.rules.registry import load_rules
from tests.cli.running import penstock

GOLDEN = Path(__file__).parent / "golden" / "help.txt"
LINES = [[], *([name] for name in COMMANDS), *(["history", name] for name in HISTORY_COMMANDS), ["rules", "list"]]


def test_the_help_is_golden() -> None:
    """Each command, option and exit code as the README and the completion know it."""
    parts = []
    for words in LINES:
        end = penstock(*words, "--help")
        assert (end.code, end.stderr) == (0, "")
        parts.append(f"$ {' '.join(['penstock', *words, '--help'])}\n{end.stdout}")
    shown = "\n".join(parts)
    if os.environ.get("PENSTOCK_UPDATE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(shown)
    assert shown == GOLDEN.read_text()


def test_no_flag_takes_a_secret() -> None:
    """A password on the command line is in every process list."""
    flags = re.findall(r"--[a-z-]+", GOLDEN.read_text())
    assert {flag for flag in flags if re.search("password|token|secret", flag)} == {
        "--admin-password-file",
        "--password-file",
        "--password-stdin",
    }
    assert "--insecure" not in flags


def test_every_rule_is_listed() -> None:
    """For a person in columns, for a program with its sources."""
    rules = load_rules()
    end = penstock("rules", "list")
    assert (end.code, end.stderr) == (0, "")
    assert [line.split()[0] for line in end.stdout.splitlines()] == [rule.id for rule in rules]
    listed = json.loads(penstock("rules", "list", "--format", "json").stdout)["rules"]
    assert [row["id"] for row in listed] == [rule.id for rule in rules]
    assert all(row["title"] and row["sources"] for row in listed)


def test_the_projects_own_policies_are_listed_too() -> None:
    """A folder of policies in penstock.toml; one that is not there is named."""
    Path("penstock.toml").write_text('[check]\npolicies = ["mine"]\n')
    end = penstock("rules", "list")
    assert (end.code, end.stdout) == (2, "")
    assert "mine" in end.stderr


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.id)
def test_every_rule_is_explained(rule: object) -> None:
    """Its manual with its examples, its options and its sources."""
    assert hasattr(rule, "id")
    end = penstock("explain", rule.id)
    assert (end.code, end.stderr) == (0, "")
    assert "```nginx bad" in end.stdout
    assert "Sources:\n  https://" in end.stdout
    assert json.loads(penstock("explain", rule.id, "--format", "json").stdout)["id"] == rule.id


@pytest.mark.parametrize("kind", PROBLEM_KINDS)
def test_what_the_parser_reports_is_explained(kind: str) -> None:
    """A finding's id always leads somewhere."""
    assert PROBLEM_KINDS[kind] in penstock("explain", kind).stdout
    assert json.loads(penstock("explain", kind, "--format", "json").stdout)["id"] == kind


def test_an_unknown_rule_is_2_with_its_neighbour() -> None:
    """The nearest id is the hint."""
    end = penstock("explain", "security/srf")
    assert (end.code, end.stdout) == (2, "")
    assert "there is no rule 'security/srf'\n  Did you mean 'security/ssrf'?" in end.stderr


def doctor() -> tuple[int, dict[str, tuple[str, str]]]:
    """(exit code, subject -> (state, fact)) of an examination."""
    end = penstock("doctor", "--format", "json")
    lines = json.loads(end.stdout)["lines"]
    return end.code, {line["subject"]: (line["state"], line["fact"]) for line in lines}


def test_doctor_says_what_is_there() -> None:
    """Warnings alone are no failure."""
    code, lines = doctor()
    assert code == 0
    assert lines["git"][0] == "ok"
    assert lines["manager extra"] == ("ok", "installed")
    assert lines["project"] == ("warn", "no penstock.toml here or above")
    text = penstock("doctor").stdout
    assert re.search(r"^ok    git: \d+\.\d+", text, re.MULTILINE)
    assert re.search(r"^warn  project: .*\n      `penstock check FILE` works without", text, re.MULTILINE)


def test_doctor_fails_where_something_stands_in_the_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A PATH without git, settings that are wrong, a manager that does not answer."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    code, lines = doctor()
    assert code == 1
    assert lines["git"] == ("fail", "not found on PATH, and the history needs it")
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    Path("penstock.toml").write_text("[chekc]\n")
    code, lines = doctor()
    assert code == 1
    assert lines["project"][0] == "fail"
    Path("penstock.toml").write_text(
        '[configs.web]\npath = "nginx.conf"\n[targets.web]\nconfig = "web"\ninstance = "web"\n'
        'manager = "http://127.0.0.1:9"\n'
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ada password engine-number-2\n")
    (tmp_path / ".netrc").chmod(0o600)
    code, lines = doctor()
    assert code == 1
    assert lines["manager http://127.0.0.1:9"][0] == "fail"
    assert not any("engine-number-2" in fact for _, fact in lines.values())


@pytest.mark.nginx
def test_doctor_finds_nginx() -> None:
    """Its version is asked of itself."""
    if not shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin"):
        pytest.skip("no nginx on this machine")
    assert re.match(r"nginx/\d+\.\d+\.\d+.*", doctor()[1]["nginx"][1])
