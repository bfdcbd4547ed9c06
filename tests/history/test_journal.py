"""What the journal keeps and gives back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from penstock.errors import NotFound, PenstockError, SettingsError, UsageError
from penstock.history import Entry, Journal
from penstock.model import FileSet, Outcome, State

from .making import NOON, entry, git

if TYPE_CHECKING:
    from pathlib import Path

ONE = {"nginx.conf": b"events {}\n", "conf.d/a.conf": b"# a\n"}
TWO = {"nginx.conf": b"events {}\n", "conf.d/a.conf": b"# b\n"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.git"


def test_an_entry_comes_back_as_it_was_recorded(path: Path) -> None:
    given = replace(entry(1, "web1", "web 2", message="Why\n\nbecause\n\nPlan: not a trailer"), author="Jörg")
    with Journal(path) as journal:
        commit = journal.record(given, {"web1": ONE, "web 2": TWO})
        version = journal.show(commit)
    assert version.entry == given
    assert version.commit == commit
    assert version.instances == ("web 2", "web1")


def test_the_files_of_every_version_come_back_byte_by_byte(path: Path) -> None:
    wild = {"a b.conf": b"\r\n\x00\xff", "-x": b"", ".git/config": b"x", "ä/\n": b"1", "\udcff.conf": b"2"}
    with Journal(path) as journal:
        first = journal.record(entry(1, "web1"), {"web1": wild})
        second = journal.record(entry(2, "web1"), {"web1": ONE})
        assert journal.files(first, "web1") == wild
        assert journal.files(second, "web1") == ONE == journal.latest("web1")
        assert journal.verify() == ()


def test_a_version_replaces_what_was_recorded_for_its_instance_and_nothing_else(path: Path) -> None:
    with Journal(path) as journal:
        journal.record(entry(1, "web1", "web2"), {"web1": ONE, "web2": ONE})
        journal.record(entry(2, "web1"), {"web1": {"conf.d": b"a file where a folder was\n"}})
        assert journal.latest("web1") == {"conf.d": b"a file where a folder was\n"}
        journal.record(entry(3, "web1"), {"web1": TWO})
        assert journal.latest("web1") == TWO
        assert journal.latest("web2") == ONE
        journal.record(entry(4, "web1"), {"web1": {}})
        assert journal.latest("web1") is None
        assert journal.verify() == ()


def test_the_log_is_newest_first_and_limited(path: Path) -> None:
    with Journal(path) as journal:
        assert journal.log() == ()
        commits = [journal.record(entry(n, "web1"), {"web1": {"nginx.conf": b"%d" % n}}) for n in range(1, 6)]
        assert [version.commit for version in journal.log()] == commits[::-1]
        assert [version.commit for version in journal.log(limit=2)] == commits[:2:-1]
        assert journal.log(limit=0) == ()


def test_the_log_of_an_instance_has_its_versions_and_its_failed_attempts(path: Path) -> None:
    with Journal(path) as journal:
        first = journal.record(entry(1, "web1", "web2"), {"web1": ONE, "web2": ONE})
        second = journal.record(entry(2, "web2"), {"web2": TWO})
        failed = entry(3, "web1", outcome=Outcome.REFUSED, state=State.REFUSED)
        third = journal.record(failed, {})
        assert [version.commit for version in journal.log(instance="web1")] == [third, first]
        assert [version.commit for version in journal.log(instance="web2")] == [second, first]
        assert journal.show(third).instances == ()
        assert journal.log(instance="web") == ()


def test_what_the_newest_entry_says_is_not_said_twice(path: Path) -> None:
    with Journal(path) as journal:
        first = journal.record(entry(1, "web1"), {"web1": ONE})
        later = replace(entry(1, "web1"), when=NOON.replace(year=2030), message="a retry")
        assert journal.record(later, {"web1": ONE}) == first
        assert len(journal.log()) == 1
        other_end = entry(1, "web1", outcome=Outcome.UNKNOWN, state=State.UNKNOWN)
        assert journal.record(other_end, {"web1": ONE}) != first
        assert journal.record(entry(1, "web1"), {"web1": TWO}) != first
        assert len(journal.log()) == 3


def test_previous_is_the_newest_active_version_with_other_files(path: Path) -> None:
    with Journal(path) as journal:
        assert journal.previous("web1") is None
        first = journal.record(entry(1, "web1"), {"web1": ONE})
        assert journal.previous("web1") is None
        journal.record(entry(2, "web1", outcome=Outcome.MIXED), {"web1": {"nginx.conf": b"mixed"}})
        third = journal.record(entry(3, "web1"), {"web1": TWO})
        journal.record(entry(4, "web2"), {"web2": ONE})
        found = journal.previous("web1")
        assert found is not None
        assert found.commit == first
        assert journal.previous("web1", before=first) is None
        journal.record(entry(5, "web1"), {"web1": ONE})
        found = journal.previous("web1")
        assert found is not None
        assert found.commit == third, "after a rollback the previous version is the one that was left"


def test_a_diff_names_instances_and_paths_below_their_roots(path: Path) -> None:
    with Journal(path) as journal:
        old = journal.record(entry(1, "web 1", "b"), {"web 1": {"a b.conf": b"1\n"}, "b": {"nginx.conf": b"x\n"}})
        tricky = b"1\n-- a/fleet/00/x/y\n++ b/fleet/00/x/y\n"
        new = journal.record(entry(2, "web 1", "b"), {"web 1": {"a b.conf": tricky}, "b": {"é.conf": b"y"}})
        whole = journal.diff(old, new)
        only = journal.diff(old, new, instance="b")
        assert journal.diff(new, new) == ""
        assert "-++ b/fleet/00/x/y\n" in journal.diff(new, old)
    assert "diff --git a/web 1/a b.conf b/web 1/a b.conf\n" in whole
    assert "--- a/web 1/a b.conf\t\n+++ b/web 1/a b.conf\t\n@@ -1 +1,3 @@\n 1\n+-- a/fleet/00/x/y\n" in whole
    assert "--- a/b/nginx.conf\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n" in whole
    assert "--- /dev/null\n+++ b/b/é.conf\n@@ -0,0 +1 @@\n+y\n\\ No newline at end of file\n" in whole
    assert "web 1" not in only
    assert only.count("diff --git") == 2


@pytest.mark.parametrize(
    "revision", ["", "0000", "feed", "HEAD~9", "--all", "HEAD:fleet", "main@{1}", "x\ny", "refs/heads/other", "^HEAD"]
)
def test_a_revision_that_is_not_there_is_not_found(path: Path, revision: str) -> None:
    with Journal(path) as journal:
        journal.record(entry(1, "web1"), {"web1": ONE})
        for call in (journal.show, lambda r: journal.files(r, "web1"), lambda r: journal.diff(r, "HEAD")):
            with pytest.raises(NotFound, match=r"revision|no version"):
                call(revision)


def test_a_missing_instance_is_not_found_and_the_error_says_which_are_there(path: Path) -> None:
    with Journal(path) as journal:
        journal.record(entry(1, "web1", "web2"), {"web1": ONE, "web2": ONE})
        with pytest.raises(NotFound, match=r"no files of 'web3'") as caught:
            journal.files("HEAD", "web3")
    assert caught.value.way_out == "There are files of web1, web2."


def test_revisions_are_commits_their_beginnings_and_heads_ancestors(path: Path) -> None:
    with Journal(path) as journal:
        first = journal.record(entry(1, "web1"), {"web1": ONE})
        second = journal.record(entry(2, "web1"), {"web1": TWO})
        for revision, commit in ((first[:8], first), ("HEAD", second), ("HEAD~1", first), ("main^", first)):
            assert journal.show(revision).commit == commit


def test_a_commit_outside_the_line_of_the_history_is_not_found(path: Path) -> None:
    """A commit that never landed was never published, so nobody may roll back to it."""
    with Journal(path) as journal:
        journal.record(entry(1, "web1"), {"web1": ONE})
        stray = git(path, "-c", "user.name=x", "-c", "user.email=x", "commit-tree", "-m", "x", "HEAD^{tree}").strip()
        with pytest.raises(NotFound):
            journal.show(stray)


@pytest.mark.parametrize("bad", ["/etc/nginx/nginx.conf", "../x", "a/../b", "a//b", "", "a/", "./a", "a\0b", "\ud800"])
def test_a_path_that_is_not_below_the_root_is_refused_and_nothing_is_written(path: Path, bad: str) -> None:
    with Journal(path) as journal:
        with pytest.raises(UsageError, match="not a path below"):
            journal.record(entry(1, "web1"), {"web1": {"nginx.conf": b"", bad: b""}})
        assert journal.log() == ()


def test_the_digest_trailer_is_the_digest_of_the_file_set(path: Path) -> None:
    files = FileSet(
        files={f"/etc/nginx/{name}": data for name, data in ONE.items()},
        root="/etc/nginx",
        entry="/etc/nginx/nginx.conf",
    )
    with Journal(path) as journal:
        journal.record(entry(1, "web1"), {"web1": ONE})
    assert f"Tree-Digest: web1=sha256:{files.digest}\n" in git(path, "log", "--format=%B")


@pytest.mark.parametrize("what", ["file", "folder", "repository"])
def test_what_is_no_history_is_refused_and_left_as_it_is(tmp_path: Path, what: str) -> None:
    other = tmp_path / "other"
    if what == "file":
        other.write_text("mine")
    elif what == "folder":
        other.mkdir()
        (other / "mine").write_text("mine")
    else:
        git(other, "init", "--bare", "--quiet", str(other))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SettingsError, match="is no history of Penstock"):
        Journal(other)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_clone_brought_back_from_a_backup_is_taken_over(tmp_path: Path, path: Path) -> None:
    with Journal(path) as journal:
        first = journal.record(entry(1, "web1"), {"web1": ONE})
    copy = tmp_path / "copy.git"
    git(path, "clone", "--quiet", "--mirror", f"file://{path}", str(copy))
    with Journal(copy) as journal:
        assert journal.log()[0].commit == first
        journal.record(entry(2, "web1"), {"web1": TWO})
        assert journal.verify() == ()
    assert git(copy, "config", "gc.auto") == "0\n"


def test_a_history_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PenstockError, match="history"):
        Journal(tmp_path / "file" / "history.git")


def test_a_time_without_a_zone_is_a_programming_error(path: Path) -> None:
    naive: Entry = replace(entry(1), when=NOON.replace(tzinfo=None))
    with Journal(path) as journal, pytest.raises(ValueError, match="zone"):
        journal.record(naive, {})
