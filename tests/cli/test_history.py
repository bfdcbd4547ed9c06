"""`penstock history`: the journal as a person and as a program read it."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from penstock.history import Entry, Journal
from penstock.model import Outcome, State
from tests.cli.running import penstock

START = datetime(2026, 11, 24, 2, 13, 7, tzinfo=UTC)
VERSIONS: tuple[tuple[str, Outcome, dict[str, bytes]], ...] = (
    ("First release", Outcome.ACTIVE, {"edge-1": b"one;\n", "edge-2": b"one;\n"}),
    ("Second release", Outcome.ACTIVE, {"edge-1": b"two;\n"}),
    ("A mistake", Outcome.ROLLED_BACK, {}),
)
STATES = {Outcome.ACTIVE: State.ACTIVE, Outcome.ROLLED_BACK: State.ROLLED_BACK}


@pytest.fixture
def commits() -> list[str]:
    """A project with three publishes in its history: their commits, oldest first."""
    Path("penstock.toml").write_text('[history]\npath = "history.git"\n')
    found = []
    with Journal(Path("history.git")) as journal:
        for at, (message, outcome, files) in enumerate(VERSIONS):
            entry = Entry(
                author="Ada Lovelace <ada@example.org>",
                when=START + timedelta(minutes=at),
                message=message,
                plan=f"{at}" * 64,
                target="production",
                outcome=outcome,
                results=dict.fromkeys(files or ("edge-1",), STATES[outcome]),
            )
            found.append(journal.record(entry, {name: {"nginx.conf": data} for name, data in files.items()}))
    return found


@pytest.mark.parametrize("words", [["log"], ["show"], ["diff"], ["verify"]], ids=" ".join)
def test_without_a_history_nothing_is_made(words: list[str]) -> None:
    """Reading begins no history: the error says what does."""
    end = penstock("history", *words)
    assert (end.code, end.stdout) == (2, "")
    assert "`penstock publish`" in end.stderr
    assert not Path(".penstock").exists()


def test_log_for_a_person(commits: list[str]) -> None:
    """Newest first: when, where, how it ended, who and why."""
    end = penstock("history", "log")
    assert (end.code, end.stderr) == (0, "")
    paragraphs = end.stdout.split("\n\n")
    assert paragraphs[1].splitlines() == [
        f"{commits[1][:12]}  2026-11-24 02:14:07Z  production  active  Ada Lovelace <ada@example.org>",
        "    Second release",
        "    edge-1 active",
        f"    plan {'1' * 12}",
    ]
    assert [paragraph.split()[0] for paragraph in paragraphs] == [commit[:12] for commit in reversed(commits)]


LOGS: dict[str, tuple[list[str], list[int]]] = {
    "all": ([], [2, 1, 0]),
    "the newest": (["--limit", "1"], [2]),
    "of one instance": (["edge-2"], [0]),
    "of nobody": (["edge-9"], []),
}


@pytest.mark.parametrize("case", LOGS)
def test_log_for_a_program(case: str, commits: list[str]) -> None:
    """One object, with every fact of each entry."""
    arguments, expected = LOGS[case]
    end = penstock("history", "log", *arguments, "--format", "json")
    versions = json.loads(end.stdout)["versions"]
    assert [version["commit"] for version in versions] == [commits[at] for at in expected]
    for version, at in zip(versions, expected, strict=True):
        message, outcome, files = VERSIONS[at]
        assert (version["message"], version["outcome"]) == (message, outcome.value)
        assert version["instances"] == sorted(files)
        assert version["when"] == (START + timedelta(minutes=at)).isoformat()


def test_show(commits: list[str]) -> None:
    """One publish, or the files that an instance had after it."""
    assert "First release" in penstock("history", "show", commits[0][:8]).stdout
    assert penstock("history", "show", "HEAD~2", "--instance", "edge-1").stdout == "==> edge-1/nginx.conf <==\none;\n"
    document = json.loads(penstock("history", "show", "HEAD", "--instance", "edge-1", "--format", "json").stdout)
    assert document["files"] == {"nginx.conf": "two;\n"}
    assert penstock("history", "show", "HEAD~7").code == 2


def test_diff(commits: list[str]) -> None:
    """The diff is the result; that there is none is a message; --exit-code tells them apart."""
    end = penstock("history", "diff", commits[0], commits[1])
    assert (end.code, end.stderr) == (0, "")
    assert re.search(r"^-one;\n\+two;$", end.stdout, re.MULTILINE)
    assert "+++ b/edge-1/nginx.conf" in end.stdout
    assert penstock("history", "diff", commits[0], commits[1], "--exit-code").code == 3
    same = penstock("history", "diff", "--exit-code")
    assert (same.code, same.stdout) == (0, "")
    assert "No difference between HEAD~1 and HEAD" in same.stderr
    other = penstock("history", "diff", commits[0], commits[1], "--instance", "edge-2")
    assert other.stdout == ""


def test_verify(commits: list[str]) -> None:
    """A sound history is 0; one that was tampered with is 1, with each problem on stdout."""
    end = penstock("history", "verify")
    assert (end.code, end.stdout) == (0, "")
    assert "is sound" in end.stderr
    git = ("git", "-C", "history.git")
    words = (*git, "commit-tree", f"{commits[-1]}^{{tree}}", "-p", commits[-1], "-m", "by hand")
    stray = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    subprocess.run([*git, "update-ref", "refs/heads/main", stray], check=True)
    broken = penstock("history", "verify")
    assert broken.code == 1
    assert broken.stdout.startswith(f"{stray}: is no entry of the history")
    assert broken.stderr.endswith("history.git: 1 problem\n")
