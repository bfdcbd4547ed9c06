"""The journal: one append-only line of commits, written by `git fast-import` under a lock, read from git's objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.errors import NotFound
from penstock.history import trees, writer
from penstock.history.diffs import diff_of
from penstock.history.entries import Entry, Record, Version, normalised, parse_commit
from penstock.history.layout import ATTEMPTS, FLEET, instance_folder, unquote_path
from penstock.history.lock import held
from penstock.history.opening import LOCK, open_repository
from penstock.history.repository import GitFailed, checked_revision
from penstock.history.verify import problems
from penstock.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from types import TracebackType


class Journal:
    """The history in a bare git repository at path, which is made where there is none.

    Any number of processes may have it open. Use it as a context manager: `close` ends its git child.
    lock_timeout_s: how long `record` waits for another writer before it raises Conflict.

    Raises UsageError where path holds something else.
    """

    def __init__(self, path: Path, *, lock_timeout_s: float = 30.0) -> None:
        self.path = path.absolute()
        self._lock_timeout_s = lock_timeout_s
        self._repository = open_repository(self.path, lock_timeout_s=lock_timeout_s)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the git child that reading has started. The journal can be used again after it."""
        self._repository.close()

    # ------------------------------------------------------------------------------------------------ writing

    def record(self, entry: Entry, versions: Mapping[str, Mapping[str, bytes]]) -> str:
        """Append an entry and the trees of its instances; gives the commit, which is on disk by then.

        versions: instance name -> {path relative to its root: bytes}, complete: it replaces what was recorded for
        that instance, and an empty one removes it. Without versions the entry is recorded alone.
        What the newest entry says already (plan, target, outcome, results and trees) is not said twice: the answer
        is then that entry's commit.

        Raises Refused where a file or the message holds a key or a token, Conflict where another writer holds the
        lock for too long, UsageError for a path that leaves the root.
        """
        draft = writer.draft(normalised(entry), versions)
        with held(self.path / LOCK, timeout_s=self._lock_timeout_s) as lock:
            if lock.dirty:
                writer.sweep(self.path)
            return writer.land(self._repository, draft, descriptor=lock.descriptor)

    # ------------------------------------------------------------------------------------------------ reading

    def log(self, *, instance: str = "", limit: int = 20) -> tuple[Version, ...]:
        """The newest versions, newest first; with an instance those that changed it or tried to."""
        head = self._repository.head()
        if head is None or limit <= 0:
            return ()
        return tuple(self._version(commit) for commit in self._commits(head.sha, instance, limit=limit))

    def show(self, revision: str) -> Version:
        """The version at a revision: a commit, its first digits, or HEAD~N. Raises NotFound where there is none."""
        return self._version(self._resolve(revision))

    def files(self, revision: str, instance: str) -> Mapping[str, bytes]:
        """The complete files of an instance at a revision, by path relative to its root.

        Raises NotFound where the revision or the instance is not there; the error says which are.
        """
        record = self._record(self._resolve(revision))
        tree = trees.instance_tree(self._repository, record.tree, instance)
        if not tree:
            raise NotFound(
                f"the history has no files of {instance!r} at {revision}",
                way_out=_those_that_exist(trees.instances(self._repository, record.tree)),
            )
        return self._read(tree)

    def latest(self, instance: str) -> Mapping[str, bytes] | None:
        """The newest files of an instance, or None where it has none."""
        head = self._repository.head()
        if head is None:
            return None
        tree = trees.instance_tree(self._repository, parse_commit(head.data).tree, instance)
        return self._read(tree) if tree else None

    def previous(self, instance: str, *, before: str = "") -> Version | None:
        """The newest version that ended active and gave the instance other files than it has now, or None.

        before: the revision that counts as now; without it the newest.
        """
        head = self._repository.head()
        if head is None:
            return None
        now = self._resolve(before) if before else head.sha
        present = trees.instance_tree(self._repository, self._record(now).tree, instance)
        for commit in self._commits(now, instance, attempts=False):
            record = self._record(commit)
            tree = trees.instance_tree(self._repository, record.tree, instance)
            if record.entry.outcome is Outcome.ACTIVE and tree not in {present, ""}:
                return self._version(commit)
        return None

    def diff(self, old: str, new: str, *, instance: str = "") -> str:
        """What changed from one revision to another as a unified diff; its paths are <instance>/<relative path>.

        Empty where nothing did. Raises NotFound where a revision is not there.
        """
        before, after = (self._record(self._resolve(revision)).tree for revision in (old, new))
        return diff_of(self._repository, before, after, instance=instance)

    def verify(self) -> tuple[str, ...]:
        """Every problem of the history, each a sentence; empty when it is sound.

        It asks git's own fsck, then reads every commit: one line of parents without a gap, trailers that parse, the
        layout, digests that match the trees, and no key or token in any file or message.
        """
        return tuple(problems(self._repository))

    # ------------------------------------------------------------------------------------------------ within

    def _commits(self, newest: str, instance: str, *, limit: int | None = None, attempts: bool = True) -> Iterable[str]:
        arguments = ["rev-list", *([] if limit is None else [f"--max-count={limit}"]), newest, "--"]
        if instance:
            areas = (FLEET, ATTEMPTS) if attempts else (FLEET,)
            arguments += (instance_folder(instance, area) for area in areas)
        return self._repository.run(*arguments).decode("ascii").split()

    def _resolve(self, revision: str) -> str:
        name = checked_revision(revision).replace("HEAD", "refs/heads/main")
        head = self._repository.head()
        found = self._repository.find(f"{name}^{{commit}}")
        if head is not None and found is not None:
            status, _, said = self._repository.outcome("merge-base", "--is-ancestor", found.sha, head.sha)
            if status == 0:
                return found.sha
            if status != 1:
                raise GitFailed("merge-base", said)
        recent = ", ".join(version.commit[:10] for version in self.log(limit=5))
        raise NotFound(
            f"the history has no version {revision!r}",
            way_out=f"The newest are {recent}." if recent else "Nothing has been recorded yet.",
        )

    def _record(self, commit: str) -> Record:
        data = self._repository.get(commit, "commit").data
        try:
            return parse_commit(data)
        except ValueError as problem:
            raise GitFailed("log", f"the commit {commit} is no entry of the history: {problem}") from problem

    def _version(self, commit: str) -> Version:
        record = self._record(commit)
        parent = self._record(record.parents[0]).tree if record.parents else ""
        return Version(commit, record.entry, tuple(trees.changed_instances(self._repository, parent, record.tree)))

    def _read(self, tree: str) -> Mapping[str, bytes]:
        return {
            unquote_path(path): self._repository.get(item.sha, "blob").data
            for path, item in sorted(trees.leaves(self._repository, tree))
        }


def _those_that_exist(names: Iterable[str]) -> str:
    known = sorted(names)
    if not known:
        return "No instance has files there."
    more = f" and {len(known) - 10} more" if len(known) > 10 else ""
    return f"There are files of {', '.join(known[:10])}{more}."
