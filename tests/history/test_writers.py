"""Many writers, killed writers, and writers who do not ask: no entry that was answered for is ever lost."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from penstock.errors import Conflict, PenstockError
from penstock.history import Journal, writer
from penstock.history.opening import LOCK

from .making import entry, git

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]

# A writer of its own process: it records entries for ever, or as many as told, and prints each commit it was given.
WRITER = """
import sys
from pathlib import Path
from penstock.history import Journal
from tests.history.making import entry

def write(path, start, count, out):
    with Journal(path, lock_timeout_s=60) as journal:
        for number in range(start, start + count):
            name = f"web{number % 7}"
            commit = journal.record(entry(number, name), {name: {"nginx.conf": b"# %d\\n" % number}})
            print(commit, file=out, flush=True)
"""

ONE_WRITER = (
    WRITER
    + """
write(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.stdout)
"""
)

# Forks a writer for each number on its stdin, prints its pid, and lets it write its answers to a file of that number.
NURSERY = (
    WRITER
    + """
import git, os, signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with open(Path(sys.argv[2]) / line.strip(), "w") as out:
            write(Path(sys.argv[1]), int(line), 5000, out)
        os._exit(0)
    print(pid, flush=True)
"""
)

# A writer that has started its git child and then does nothing more.
HOLDER = """
import sys
from pathlib import Path
from penstock.history.lock import held
from penstock.history.repository import Repository
path = Path(sys.argv[1])
with held(path / "penstock.flock", timeout_s=5) as lock:
    child = Repository(path).start("fast-import", "--done", "--quiet", pass_fds=(lock.descriptor,))
    print(child.pid, flush=True)
    sys.stdin.read()
"""


def writer_process(path: Path, *, start: int, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ONE_WRITER, str(path), str(start), str(count)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def test_eight_writers_of_twenty_five_entries_lose_none(tmp_path: Path) -> None:
    """The journal is made in the same race: none of the eight finds it there."""
    path = tmp_path / "history.git"
    writers = [writer_process(path, start=1000 * number, count=25) for number in range(1, 9)]
    answered = [commit for one in writers for commit in one.communicate()[0].split()]
    assert [one.returncode for one in writers] == [0] * 8
    reachable = git(path, "rev-list", "main").split()
    assert len(reachable) == 200
    assert set(answered) == set(reachable)
    with Journal(path) as journal:
        assert journal.verify() == ()


def until(true: Callable[[], object]) -> None:
    """Wait until it is true, for a minute at most."""
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.mark.slow
def test_two_hundred_killed_writers_leave_a_readable_history_without_a_lost_entry(tmp_path: Path) -> None:
    """Each is killed with SIGKILL at a random moment after its first entry; every commit it was given must be there."""
    path, answers = tmp_path / "history.git", tmp_path / "answers"
    answers.mkdir()
    moments = random.Random(20)
    nursery = subprocess.Popen(
        [sys.executable, "-c", NURSERY, str(path), str(answers)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with nursery:
        assert nursery.stdin
        assert nursery.stdout
        for batch in range(50):
            writers: dict[int, Path] = {}
            for number in range(4):
                name = str(10_000 * (batch * 4 + number + 1))
                print(name, file=nursery.stdin, flush=True)
                writers[int(nursery.stdout.readline())] = answers / name
            for pid, answer in writers.items():
                until(lambda answer=answer: answer.is_file() and answer.stat().st_size)  # type: ignore[misc]
                time.sleep(moments.uniform(0, 0.03))
                os.kill(pid, signal.SIGKILL)
    with Journal(path) as journal:
        journal.record(entry(1, "last"), {"last": {"nginx.conf": b"after all of them\n"}})
        assert journal.verify() == ()
        assert journal.latest("last") == {"nginx.conf": b"after all of them\n"}
    answered = re.findall(r"^[0-9a-f]{40}$", "".join(one.read_text() for one in answers.iterdir()), re.MULTILINE)
    assert len(list(answers.iterdir())) == 200
    assert len(answered) >= 200
    assert set(answered) <= set(git(path, "rev-list", "main").split())
    assert [str(left) for left in path.rglob("*") if re.search(r"\.lock$|tmp_|fast_import_crash", left.name)] == []


def test_a_held_lock_is_a_conflict_that_names_the_holder_and_for_how_long(tmp_path: Path) -> None:
    path = tmp_path / "history.git"
    with Journal(path) as journal:
        journal.record(entry(1), {})
    with (path / LOCK).open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(f"4242 {time.time() - 90:.3f}\n")
        lock.flush()
        with Journal(path, lock_timeout_s=0.05) as journal, pytest.raises(Conflict) as caught:
            journal.record(entry(2), {})
        assert re.search(r"is held by process 4242 for 9\d\.\d s; waited 0\.\d s", caught.value.message)
        lock.truncate(0)
    with Journal(path, lock_timeout_s=0.05) as journal:
        journal.record(entry(2), {})
        assert len(journal.log()) == 2


def test_what_a_dead_writer_left_is_swept_by_the_next_one_and_by_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "history.git"
    with Journal(path) as journal:
        journal.record(entry(1), {})
        left = [path / "refs/heads/main.lock", path / "objects/pack/tmp_pack_x", path / "fast_import_crash_1"]
        for file in left:
            file.write_text("")
        assert journal.log()
        assert journal.verify() == ()
        assert all(file.exists() for file in left), "reading sweeps nothing"
        (path / LOCK).write_text("999999 1.0\n")
        journal.record(entry(2), {})
        assert not any(file.exists() for file in left)
        assert (path / LOCK).read_text() == ""


def test_a_git_child_that_outlives_its_writer_keeps_the_lock(tmp_path: Path) -> None:
    """A killed writer's fast-import may be about to move the branch: nobody may sweep its locks before it has ended."""
    path = tmp_path / "history.git"
    with Journal(path) as journal:
        journal.record(entry(1), {})
    one = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert one.stdout
    child = int(one.stdout.readline())
    os.kill(child, signal.SIGSTOP)
    one.kill()
    one.communicate()
    try:
        with Journal(path, lock_timeout_s=0.05) as journal, pytest.raises(Conflict, match="is held by process"):
            journal.record(entry(2), {})
    finally:
        os.kill(child, signal.SIGCONT)
    with Journal(path, lock_timeout_s=10) as journal:
        journal.record(entry(2), {})
        assert journal.verify() == ()


def test_a_branch_that_moves_between_look_and_write_is_built_upon_not_over(tmp_path: Path) -> None:
    """Somebody without our lock lands a commit just before our fast-import ends: both commits stay."""
    path = tmp_path / "history.git"
    with Journal(path) as journal:
        journal.record(entry(1, "web1"), {"web1": {"nginx.conf": b"1"}})
        draft = writer.draft(entry(2, "web1"), {"web1": {"nginx.conf": b"2"}})
        repository = journal._repository
        looked = repository.head
        rivals = [3]

        def look_and_lose() -> object:
            seen = looked()
            with contextlib.suppress(IndexError):
                rival = rivals.pop()
                with Journal(path) as other:
                    other.record(entry(rival, "web3"), {"web3": {"nginx.conf": b"3"}})
            return seen

        repository.head = look_and_lose  # type: ignore[method-assign,assignment]
        descriptor = os.open(path / "HEAD", os.O_RDONLY)
        try:
            landed = writer.land(repository, draft, descriptor=descriptor)
        finally:
            os.close(descriptor)
            repository.head = looked  # type: ignore[method-assign]
        assert [version.entry.plan[-1] for version in journal.log()] == ["2", "3", "1"]
        assert journal.log()[0].commit == landed
        assert journal.verify() == ()


def test_a_branch_that_never_stands_still_is_a_conflict(tmp_path: Path) -> None:
    path = tmp_path / "history.git"
    with Journal(path) as journal:
        old = journal.record(entry(1), {})
        journal.record(entry(2), {})
        repository = journal._repository
        stale = repository.get(old, "commit")
        repository.head = lambda: stale  # type: ignore[method-assign]
        draft = writer.draft(entry(3), {})
        with (path / "HEAD").open() as file, pytest.raises(Conflict, match="was moved 10 times"):
            writer.land(repository, draft, descriptor=file.fileno())
    with Journal(path) as journal:
        assert [version.entry.plan[-1] for version in journal.log()] == ["2", "1"]


@pytest.mark.parametrize(
    "missing",
    [["penstock-history"], ["penstock-history", "HEAD"], ["penstock-history", "config", "objects"], ["objects/info"]],
    ids="+".join,
)
def test_a_making_that_was_cut_short_is_finished_by_the_next_one(tmp_path: Path, missing: list[str]) -> None:
    path = tmp_path / "history.git"
    Journal(path).close()
    for name in [*missing, "penstock-history"]:
        if (path / name).is_dir():
            shutil.rmtree(path / name)
        else:
            (path / name).unlink(missing_ok=True)
    with Journal(path) as journal:
        journal.record(entry(1, "web1"), {"web1": {"nginx.conf": b"1"}})
        assert journal.verify() == ()


def test_a_full_disk_is_an_error_and_the_history_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "history.git"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Journal(path) as journal:
        first = journal.record(entry(1, "web1"), {"web1": {"nginx.conf": b"1"}})
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))  # no file can grow beyond it: a disk with no room left
        try:
            with pytest.raises(PenstockError, match="git fast-import failed"):
                journal.record(entry(2, "web1"), {"web1": {"nginx.conf": random.Random(1).randbytes(100_000)}})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert [version.commit for version in journal.log()] == [first]
        second = journal.record(entry(2, "web1"), {"web1": {"nginx.conf": b"2"}})
        assert [version.commit for version in journal.log()] == [second, first]
        assert journal.verify() == ()
        assert not list(path.glob("fast_import_crash_*"))


def test_the_history_is_packed_and_indexed_while_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "history.git"
    with Journal(path) as journal:
        for number in range(1, 65):
            journal.record(entry(number, "web1"), {"web1": {"nginx.conf": b"%d" % number}})
        assert (path / "objects/info/commit-graphs/commit-graph-chain").is_file()
        with (path / "HEAD").open() as file:
            writer._maintain(journal._repository, 512, descriptor=file.fileno())
        assert git(path, "count-objects") == "0 objects, 0 kilobytes\n"
        assert len(journal.log(instance="web1", limit=100)) == 64
        assert journal.verify() == ()
