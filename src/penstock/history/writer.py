"""Landing an entry: the difference to the newest commit as one `git fast-import` stream.

`from <newest>` is the compare-and-swap: without --force git refuses a branch update that would not contain what is
there ("Not updating ..."), and we build on the new head and try again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.errors import Conflict, Refused
from penstock.history import trees
from penstock.history.entries import Entry, Record, format_message, normalised, parse_commit, person_line
from penstock.history.layout import ATTEMPTS, digest, instance_folder, quote_path
from penstock.history.repository import BRANCH, GitFailed, Repository
from penstock.history.secrets import secrets_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_TRIES = 10
_GRAPH_EVERY = 64  # commits; the changed paths in the commit graph make an instance's log 20 times faster
_REPACK_EVERY = 512  # commits of about six loose objects each
_LEFTOVERS = (("", "**/*.lock"), ("", "fast_import_crash_*"), ("objects", "**/tmp_*"), ("objects", "**/.tmp-*"))


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry that passed, before it has a place.

    files: instance name -> {quoted path: bytes}. names: bytes -> git's name for them. digests: of each instance.
    """

    entry: Entry
    files: Mapping[str, Mapping[str, bytes]]
    names: Mapping[bytes, str]
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Changes:
    deleted: tuple[str, ...]
    written: tuple[tuple[str, bytes], ...]


def draft(entry: Entry, versions: Mapping[str, Mapping[str, bytes]]) -> Draft:
    """What is to be recorded, checked. Raises Refused for a secret and UsageError for a path that leaves its root."""
    entry = normalised(entry)
    for label, text in (
        ("message", entry.message),
        ("author", entry.author),
        ("source revision", entry.source_revision),
    ):
        _refuse_secrets(f"the {label} of the entry", text.encode("utf-8"))
    names: dict[bytes, str] = {}
    files: dict[str, dict[str, bytes]] = {}
    for instance, given in sorted(versions.items()):
        instance_folder(instance)
        files[instance] = {}
        for path, data in sorted(given.items()):
            if data not in names:
                _refuse_secrets(f"{instance}/{path}", data)
                names[data] = trees.blob_name(data)
            files[instance][quote_path(path, instance=instance)] = data
    return Draft(entry, files, names, {instance: digest(given) for instance, given in versions.items()})


def _refuse_secrets(path: str, data: bytes) -> None:
    found = secrets_in(path, data)
    if not found:
        return
    place = f"{path}:{found[0].line}" if found[0].line else path
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    raise Refused(
        f"{place} holds a {found[0].kind}{more}, and the history keeps no secrets",
        way_out="Keep it in a file outside the configuration's root and include or name that file; "
        "then change the secret: whoever could read this file has it.",
    )


def land(repository: Repository, draft: Draft, *, descriptor: int) -> str:
    """Append the draft to the branch; gives the commit. The caller holds the lock.

    descriptor: of the lock; each git child keeps it open, so that the lock outlives us while a child still writes.
    Raises Conflict where somebody who does not hold our lock moves the branch again and again.
    """
    said = ""
    for _ in range(_TRIES):
        head = repository.head()
        newest = parse_commit(head.data) if head else None
        changes = _changes(repository, draft, newest)
        if head and newest and not changes.written and not changes.deleted and _says_the_same(newest, draft):
            return head.sha
        sequence = newest.sequence + 1 if newest else 1
        stream = _stream(draft, changes, parent=head.sha if head else "", sequence=sequence)
        status, commit, said = _fast_import(repository, stream, descriptor=descriptor)
        if status == 0 and not said:
            _maintain(repository, sequence, descriptor=descriptor)
            return commit
        if "Not updating" not in said and "cannot lock ref" not in said:
            raise GitFailed("fast-import", said or f"it ended with the exit status {status}")
    raise Conflict(
        f"the history {repository.path} was moved {_TRIES} times while it was written to: {said.strip()}",
        way_out="Find out who writes to it without Penstock, and try again.",
    )


def _says_the_same(newest: Record, draft: Draft) -> bool:
    was, now = newest.entry, draft.entry
    same = (was.plan, was.target, was.outcome) == (now.plan, now.target, now.outcome)
    return same and dict(was.results) == dict(now.results)


def _changes(repository: Repository, draft: Draft, newest: Record | None) -> _Changes:
    deleted: list[str] = []
    written: list[tuple[str, bytes]] = []
    for instance, files in draft.files.items():
        folder = instance_folder(instance)
        tree = trees.instance_tree(repository, newest.tree, instance) if newest else ""
        present = dict(trees.leaves(repository, tree)) if tree else {}
        deleted += (f"{folder}/{path}" for path in present if path not in files)
        for path, data in files.items():
            if present.get(path) != trees.Item(trees.FILE_MODE, draft.names[data]):
                written.append((f"{folder}/{path}", data))
    return _Changes(tuple(deleted), tuple(written))


def _stream(draft: Draft, changes: _Changes, *, parent: str, sequence: int) -> Iterator[bytes]:
    entry = draft.entry
    message = format_message(entry, sequence=sequence, digests=draft.digests).encode("utf-8")
    yield f"commit {BRANCH}\nmark :1\nauthor {person_line(entry)}\n".encode()
    yield f"committer Penstock <> {int(entry.when.timestamp())} +0000\n".encode()
    yield b"data %d\n%b\n" % (len(message), message)
    if parent:
        yield f"from {parent}\n".encode()
    for path in changes.deleted:  # first: a file may take the place of a folder
        yield f"D {path}\n".encode()
    for path, data in changes.written:
        yield b"M %b inline %b\ndata %d\n%b\n" % (trees.FILE_MODE.encode(), path.encode(), len(data), data)
    touched = {path.split("/")[2] for path in (*changes.deleted, *(path for path, _ in changes.written))}
    mark = b"%d\n" % sequence
    for instance in entry.results:
        path = instance_folder(instance, ATTEMPTS)
        if path.rpartition("/")[2] not in touched:
            yield b"M %b inline %b\ndata %d\n%b\n" % (trees.FILE_MODE.encode(), path.encode(), len(mark), mark)
    yield b"\nget-mark :1\ndone\n"


def _fast_import(repository: Repository, stream: Iterator[bytes], *, descriptor: int) -> tuple[int, str, str]:
    process = repository.start("fast-import", "--quiet", "--done", "--date-format=raw", pass_fds=(descriptor,))
    try:
        for chunk in stream:
            process.stdin.write(chunk)
        process.stdin.flush()
    except BrokenPipeError:
        pass  # it has ended early, and says why on stderr
    out, err = process.communicate()
    return int(process.returncode), out.decode("ascii", "replace").strip(), err.decode("utf-8", "replace")


def _maintain(repository: Repository, sequence: int, *, descriptor: int) -> None:
    # Both only make reading faster. The entry is recorded: what goes wrong here is for `verify` to say.
    if sequence % _REPACK_EVERY == 0:
        repository.outcome("repack", "-d", "-q", "--geometric=2", pass_fds=(descriptor,))
    if sequence % _GRAPH_EVERY == 0:
        repository.outcome("commit-graph", "write", "--reachable", "--changed-paths", "--split", pass_fds=(descriptor,))


def sweep(path: Path) -> None:
    """Remove what a writer that died has left in the repository. The caller holds the lock, so nobody owns it."""
    for folder, pattern in _LEFTOVERS:
        for leftover in (path / folder).glob(pattern):
            leftover.unlink(missing_ok=True)
