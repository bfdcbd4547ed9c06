"""`verify` says what is wrong with a history, whatever was done to it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from penstock.errors import PenstockError
from penstock.history import Journal

from .making import entry, git

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILES = {"nginx.conf": b"events {}\n", "conf.d/site.conf": b"server {}\n"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "history.git"
    with Journal(place) as journal:
        for number in (1, 2, 3):
            journal.record(entry(number, "web1"), {"web1": {**FILES, "number": b"%d" % number}})
    return place


def verified(path: Path) -> str:
    with Journal(path) as journal:
        return "\n".join(journal.verify())


def loose(path: Path, revision: str) -> Path:
    name = git(path, "rev-parse", revision).strip()
    return path / "objects" / name[:2] / name[2:]


def overwrite(file: Path, data: bytes) -> None:
    file.chmod(0o644)
    file.write_bytes(data)


def test_a_sound_history_has_no_problem(path: Path) -> None:
    assert verified(path) == ""


def pack_and_remove(path: Path) -> None:
    newest = loose(path, "HEAD")
    git(path, "pack-refs", "--all")
    newest.unlink()


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a file's object is gone": (lambda path: loose(path, blob(path)).unlink(), "missing blob"),
    "a file's object is empty": (lambda path: overwrite(loose(path, blob(path)), b""), "empty"),
    "a file's object is garbage": (lambda path: overwrite(loose(path, blob(path)), b"garbage"), "cannot be read"),
    "a commit is gone": (lambda path: loose(path, "HEAD~1").unlink(), "line of commits cannot be read"),
    "a tree is gone": (lambda path: loose(path, "HEAD~1^{tree}").unlink(), "missing tree"),
    "the newest commit is gone": (lambda path: loose(path, "HEAD").unlink(), "cannot be read"),
    "the newest commit of a packed branch is gone": (
        pack_and_remove,
        "cannot be read",
    ),
    "the branch is empty": (lambda path: overwrite(path / "refs/heads/main", b""), "cannot be read"),
    "the branch is garbage": (lambda path: overwrite(path / "refs/heads/main", b"x" * 40 + b"\n"), "cannot be read"),
    "HEAD is gone": (lambda path: (path / "HEAD").unlink(), "cannot be opened"),
}


def blob(path: Path) -> str:
    listed = git(path, "ls-tree", "-r", "HEAD~1")
    return next(line.split()[2] for line in listed.splitlines() if line.endswith("/number"))


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_reported_and_never_taken_for_an_empty_history(path: Path, name: str) -> None:
    damage, sentence = DAMAGE[name]
    damage(path)
    assert sentence in verified(path)


@pytest.mark.parametrize(
    "name", [name for name in DAMAGE if "newest commit" in name or "HEAD" in name or "branch is empty" in name]
)
def test_nothing_is_recorded_on_a_damaged_history(path: Path, name: str) -> None:
    DAMAGE[name][0](path)
    with Journal(path) as journal, pytest.raises(PenstockError, match="git"):
        journal.record(entry(4, "web1"), {"web1": FILES})


def land(path: Path, *, message: str, files: dict[str, str], mode: str = "100644", parent: str = "HEAD") -> None:
    """Put a commit on the branch past Penstock, as somebody with git at hand could."""
    stream = "commit refs/heads/main\nauthor x <> 0 +0000\ncommitter x <> 0 +0000\n"
    stream += f"data {len(message.encode())}\n{message}\n"
    stream += f"from {git(path, 'rev-parse', parent).strip()}\n"
    stream += "".join(f"M {mode} inline {name}\ndata {len(text)}\n{text}\n" for name, text in files.items())
    subprocess.run(
        ["git", f"--git-dir={path}", "fast-import", "--quiet", "--force"],
        input=stream.encode(),
        check=True,
        capture_output=True,
    )


def message(path: Path, **changes: str) -> str:
    text = git(path, "log", "-1", "--format=%B").rstrip("\n") + "\n"
    text = text.replace("Sequence: 3", "Sequence: 4")
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


def test_files_that_do_not_have_the_promised_digest_are_reported(path: Path) -> None:
    folder = next(line for line in git(path, "ls-tree", "-r", "--name-only", "HEAD").splitlines() if "number" in line)
    land(path, message=message(path), files={folder: "forged"})
    assert "the files of web1 do not have the digest" in verified(path)


@pytest.mark.parametrize(
    ("text", "files", "mode", "sentence"),
    [
        ("hello\n", {}, "100644", "is no entry of the history: 'hello' is not a trailer"),
        ("x\n\nPlan: 1\n", {}, "100644", "the trailer Target is missing"),
        ("x\n\nPlan: 1\nPlan: 2\n", {}, "100644", "the trailer Plan stands there twice"),
        ("x\n\nPlan: 1\nTarget: t\nOutcome: fine\nSequence: 4\n", {}, "100644", "'fine' is not a valid Outcome"),
        ("x\n\nPlan: 1\nTarget: t\nOutcome: active\nSequence: 9\n", {}, "100644", "number 9 and stands at place 4"),
        ("", {"README": "hi"}, "100644", "README does not belong at the top"),
        ("", {"fleet/zz/a/b": "hi"}, "100644", "fleet/zz is not a shard"),
        ("", {"fleet/00/a/b": "hi"}, "100644", "fleet/00/a is not where an instance of that name stands"),
        ("", {"fleet/ca/a/b": "hi"}, "100644", "it changes a and has no Tree-Digest of it"),
        ("", {"fleet/ca/a/b": "/etc/passwd"}, "120000", "has the mode 120000"),
        ("", {"fleet/ca/a/b\u200b": "hi"}, "100644", "is not named as the history names files"),
        ("", {"fleet/ca/a/key": "-----BEGIN RSA " + "PRIVATE KEY-----"}, "100644", "a/key:1 holds a private key"),
        ("p://u:hunter22@h\n\nPlan: 1\nTarget: t\nOutcome: active\nSequence: 4\n", {}, "100644", "its message holds a"),
    ],
)
def test_what_was_put_there_past_penstock_is_reported(
    path: Path, text: str, files: dict[str, str], mode: str, sentence: str
) -> None:
    land(path, message=text or message(path), files=files, mode=mode)
    assert sentence in verified(path)


def test_a_history_that_was_cut_and_grafted_is_reported(path: Path) -> None:
    land(path, message=message(path), files={}, parent="HEAD~1")
    assert "number 4 and stands at place 3" in verified(path)
