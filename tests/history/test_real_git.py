"""The journal beside the git on this machine: both say the same, and nothing around us reaches its children."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from penstock.history import Journal
from penstock.model import Outcome, State

from .making import entry, git

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).parents[2] / "src" / "penstock"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.git"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal(path) as one:
        for number in range(1, 140):
            name = f"web{number % 5}"
            failed = number % 9 == 0
            outcome = Outcome.ROLLED_BACK if failed else Outcome.ACTIVE
            given = entry(number, name, outcome=outcome, state=State.ROLLED_BACK if failed else State.ACTIVE)
            one.record(given, {} if failed else {name: {"nginx.conf": b"# %d\n" % number, "a/b c.conf": b"same\n"}})
        yield one


def test_log_show_and_files_agree_with_git(journal: Journal, path: Path) -> None:
    printed = git(path, "log", "--format=%H %aI %an <%ae> %s", "main").splitlines()
    versions = journal.log(limit=1000)
    assert printed == [
        f"{version.commit} {version.entry.when.isoformat()} {version.entry.author} {version.entry.message}"
        for version in versions
    ]
    for version in versions[:20]:
        changed = git(path, "show", "--format=", "--name-only", "-z", version.commit, "--", "fleet").split("\0")
        assert set(version.instances) == {name.split("/")[2] for name in changed if name}
    for name in (f"web{number}" for number in range(5)):
        folder = next(
            line for line in git(path, "ls-tree", "-rd", "--name-only", "main").split("\n") if line.endswith(name)
        )
        shown = {file: git(path, "show", f"main:{folder}/{file}").encode() for file in ("nginx.conf", "a/b c.conf")}
        assert journal.latest(name) == shown
        in_git = git(path, "log", "--format=%H", "main", "--", folder, folder.replace("fleet", "attempts")).split()
        assert [version.commit for version in journal.log(instance=name, limit=1000)] == in_git
    assert git(path, "fsck", "--strict", "--full") == ""
    assert journal.verify() == ()


def test_diffs_apply(journal: Journal, tmp_path: Path) -> None:
    """What `diff` prints is a patch: applied to the old files it gives the new ones."""
    work = tmp_path / "work"
    for instance in ("web1", "web2"):
        for name, data in journal.files("HEAD~60", instance).items():
            file = work / instance / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    patch = journal.diff("HEAD~60", "HEAD", instance="web1") + journal.diff("HEAD~60", "HEAD", instance="web2")
    subprocess.run(["git", "apply", "-"], cwd=work, input=patch.encode(), check=True, env={"PATH": os.environ["PATH"]})
    for instance in ("web1", "web2"):
        for name, data in journal.files("HEAD", instance).items():
            assert (work / instance / name).read_bytes() == data


def test_the_environment_of_a_git_hook_does_not_reach_our_children(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Penstock may run inside somebody else's git hook, whose variables name *their* repository."""
    other = tmp_path / "other.git"
    git(other, "init", "--quiet", "--bare", str(other))
    for name in ("GIT_DIR", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_WORK_TREE", "GIT_QUARANTINE_PATH"):
        monkeypatch.setenv(name, str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / "index"))
    monkeypatch.setenv("GIT_NAMESPACE", "theirs")
    monkeypatch.setenv("GIT_TRACE", "1")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.bare")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "nonsense")
    before = sorted(other.rglob("*"))
    with Journal(path) as journal:
        journal.record(entry(1, "web1"), {"web1": {"nginx.conf": b"1"}})
        assert len(journal.log()) == 1
        assert journal.verify() == ()
    assert sorted(other.rglob("*")) == before


def test_the_users_git_settings_and_hooks_do_not_run(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    template = tmp_path / "template" / "hooks"
    template.mkdir(parents=True)
    hook = template / "reference-transaction"
    hook.write_text(f"#!/bin/sh\ntouch {ran}\n")
    hook.chmod(0o755)
    (tmp_path / ".gitconfig").write_text(
        f"[init]\n\ttemplateDir = {template.parent}\n"
        f"[core]\n\thooksPath = {template}\n"
        f"[diff]\n\texternal = touch {ran}\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    with Journal(path) as journal:
        journal.record(entry(1, "web1"), {"web1": {"nginx.conf": b"1"}})
        (path / "hooks").mkdir(exist_ok=True)
        (path / "hooks" / hook.name).write_text(hook.read_text())
        (path / "hooks" / hook.name).chmod(0o755)
        journal.record(entry(2, "web1"), {"web1": {"nginx.conf": b"2"}})
        assert "-1\n" in journal.diff("HEAD~1", "HEAD")
    assert not ran.exists()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def running_children() -> list[str]:
    own = str(os.getpid())
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if after_name[1] == own:
            found.append(stat.parent.name)
    return found


def test_a_closed_journal_leaves_no_descriptor_and_no_child(path: Path) -> None:
    with Journal(path) as journal:  # what is opened once and for all (GitPython, its modules) is open after this
        journal.record(entry(1, "web1"), {"web1": {"nginx.conf": b"1"}})
    files, children = open_files(), running_children()
    for number in range(2, 12):
        with Journal(path) as journal:
            commit = journal.record(entry(number, "web1"), {"web1": {"nginx.conf": b"%d" % number}})
            journal.files(commit, "web1")
            journal.previous("web1")
            journal.diff("HEAD~1", "HEAD")
            journal.verify()
    assert open_files() == files
    assert running_children() == children


def test_threads_share_a_journal(path: Path) -> None:
    failures: list[BaseException] = []
    with Journal(path) as journal:
        journal.record(entry(1, "web1"), {"web1": {"nginx.conf": b"x" * 100_000}})

        def work(number: int) -> None:
            try:
                name = f"web{number}"
                for turn in range(10):
                    data = {"nginx.conf": b"%d" % turn * 10_000}
                    journal.record(entry(number * 100 + turn, name), {name: data})
                    assert journal.latest(name) == data
                    assert journal.latest("web1") == {"nginx.conf": b"x" * 100_000}
            except BaseException as failure:
                failures.append(failure)

        threads = [threading.Thread(target=work, args=(number,)) for number in (2, 3, 4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(journal.log(limit=100)) == 31


def test_an_interrupted_read_leaves_no_wrong_answer_behind(path: Path) -> None:
    """Ctrl-C between a question to git and its answer: the next question gets its own answer."""
    with Journal(path) as journal:
        commit = journal.record(entry(1, "web1"), {"web1": {"nginx.conf": b"1"}})
        journal.show(commit)
        os.kill(journal._repository._reader.proc.pid, signal.SIGSTOP)  # so that the answer does not come in time
        before = signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        try:
            with pytest.raises(KeyboardInterrupt):
                journal.files(commit, "web1")
        finally:
            signal.signal(signal.SIGALRM, before)
        assert journal.show(commit).commit == commit
        assert journal.files(commit, "web1") == {"nginx.conf": b"1"}


def test_no_value_becomes_a_keyword_argument_of_gitpython() -> None:
    """GitPython turns keywords into options; every command goes through `execute` with a list instead."""
    allowed = {"istream", "as_process", "pass_fds"}
    calls = 0
    for file in (PACKAGE / "history").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = ast.unparse(node.func.value)
                assert "allow_unsafe" not in ast.unparse(node)
                if owner in {"git", "repo.git"} and node.func.attr == "execute":
                    calls += 1
                    assert {keyword.arg for keyword in node.keywords} <= allowed
                elif owner.split(".")[-1] == "git" and file.name == "repository.py":
                    assert node.func.attr in {"update_environment", "Repo", "Git"}, ast.unparse(node)
    assert calls == 2


def test_only_one_module_imports_gitpython_and_only_when_a_repository_is_used() -> None:
    importers = {
        file.relative_to(PACKAGE).as_posix()
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if (isinstance(node, ast.Import) and any(name.name.split(".")[0] == "git" for name in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "git" and not node.level)
    }
    assert importers == {"history/repository.py"}
    code = "import sys, penstock.history; sys.exit('git' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_git_the_error_says_what_to_install(path: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from penstock.history import Journal; from penstock.errors import UsageError\n"
        "try: Journal(Path(sys.argv[1]))\n"
        "except UsageError as problem: print(problem)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=True
    )
    assert "there is none on this machine" in done.stdout
    assert "apt-get install git" in done.stdout
