"""Proving a journal: git's own fsck first, then every commit read against what `record` promises."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from penstock.errors import PenstockError
from penstock.history import trees
from penstock.history.entries import Record, parse_commit
from penstock.history.layout import ATTEMPTS, FLEET, digest, quote, shard, unquote, unquote_path
from penstock.history.repository import GitFailed, Repository
from penstock.history.secrets import secrets_in

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHARD = re.compile(r"[0-9a-f]{2}")
_QUIET = ("notice:", "Checking ")


def problems(repository: Repository) -> Iterator[str]:
    """Every problem, each a sentence."""
    try:
        status, out, err = repository.outcome("fsck", "--full", "--strict", "--no-dangling", "--no-progress")
    except GitFailed as problem:
        yield f"the repository cannot be opened: {problem.message}"
        return
    said = [line for line in (out.decode("utf-8", "replace") + err).splitlines() if not line.startswith(_QUIET)]
    yield from (f"git fsck says: {line}" for line in said)
    if status and not said:
        yield f"git fsck ended with exit status {status} and said nothing"
    try:
        head = repository.head()
        if head is None:
            return
        commits = repository.run("rev-list", "--reverse", head.sha, "--").decode("ascii").split()
    except GitFailed as problem:
        yield f"the line of commits cannot be read: {problem.message}"
        return
    yield from _Walk(repository).commits(commits)


class _Walk:
    """One walk from the first commit to the newest; what two commits share is read once."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._digests: dict[str, str] = {}
        self._clean: set[str] = set()

    def commits(self, commits: list[str]) -> Iterator[str]:
        previous: Record | None = None
        for number, commit in enumerate(commits, 1):
            parent = commits[number - 2] if number > 1 else ""
            try:
                record = parse_commit(self._repository.get(commit, "commit").data)
            except (ValueError, PenstockError) as problem:
                yield f"{commit}: is no entry of the history: {_sentence(problem)}"
                previous = None
                continue
            try:
                if record.parents != ((parent,) if parent else ()):
                    yield f"{commit}: has the parents {', '.join(record.parents) or 'none'}, not the commit before it"
                if record.sequence != number:
                    yield f"{commit}: has the sequence number {record.sequence} and stands at place {number}"
                before = previous.tree if previous else ""
                yield from (f"{commit}: {problem}" for problem in self._record(record, before))
            except (ValueError, PenstockError) as problem:
                yield f"{commit}: its files cannot be read: {_sentence(problem)}"
            previous = record

    def _record(self, record: Record, before: str) -> Iterator[str]:
        yield from self._layout(record.tree, before)
        for found in secrets_in("its message", record.entry.message.encode("utf-8", "surrogateescape")):
            yield f"its message holds a {found.kind}"
        changed = trees.changed_instances(self._repository, before, record.tree)
        for instance, (_, tree) in changed.items():
            if instance not in record.digests:
                yield f"it changes {instance} and has no Tree-Digest of it"
            yield from self._secrets(instance, tree)
        for instance, promised in record.digests.items():
            tree = changed[instance][1] if instance in changed else self._tree(record, instance)
            if self._digest(tree) != promised:
                yield f"the files of {instance} do not have the digest that its Tree-Digest says"

    def _tree(self, record: Record, instance: str) -> str:
        return trees.instance_tree(self._repository, record.tree, instance)

    def _digest(self, tree: str) -> str:
        if tree not in self._digests:
            files = trees.leaves(self._repository, tree)
            read = {unquote_path(path): self._repository.get(item.sha, "blob").data for path, item in files}
            self._digests[tree] = digest(read)
        return self._digests[tree]

    def _secrets(self, instance: str, tree: str) -> Iterator[str]:
        for path, item in trees.leaves(self._repository, tree):
            if item.sha in self._clean:
                continue
            found = secrets_in(f"{instance}/{unquote_path(path)}", self._repository.get(item.sha, "blob").data)
            yield from (f"{secret.path}:{secret.line} holds a {secret.kind}" for secret in found)
            if not found:
                self._clean.add(item.sha)

    def _layout(self, tree: str, before: str) -> Iterator[str]:
        old = trees.children(self._repository, before)
        for area, item in trees.children(self._repository, tree).items():
            if area not in {FLEET, ATTEMPTS}:
                yield f"{area} does not belong at the top of the history"
            elif item != old.get(area):
                yield from self._area(area, item.sha, old[area].sha if area in old else "")

    def _area(self, area: str, tree: str, before: str) -> Iterator[str]:
        old = trees.children(self._repository, before)
        for name, item in trees.children(self._repository, tree).items():
            if item == old.get(name):
                continue
            if item.mode != trees.TREE_MODE or not _SHARD.fullmatch(name):
                yield f"{area}/{name} is not a shard"
                continue
            known = trees.children(self._repository, old[name].sha) if name in old else {}
            for instance, inner in trees.children(self._repository, item.sha).items():
                if inner != known.get(instance):
                    yield from self._instance(f"{area}/{name}/{instance}", area, inner)

    def _instance(self, place: str, area: str, item: trees.Item) -> Iterator[str]:
        _, folder, name = place.split("/")
        if quote(unquote(name)) != name or shard(unquote(name)) != folder:
            yield f"{place} is not where an instance of that name stands"
        if item.mode != (trees.TREE_MODE if area == FLEET else trees.FILE_MODE):
            yield f"{place} has the mode {item.mode}"
        if area != FLEET or item.mode != trees.TREE_MODE:
            return
        for path, leaf in trees.leaves(self._repository, item.sha):
            if leaf.mode != trees.FILE_MODE:
                yield f"{place}/{path} has the mode {leaf.mode}, and the history holds plain files only"
            if "/".join(quote(unquote(part)) for part in path.split("/")) != path:
                yield f"{place}/{path} is not named as the history names files"


def _sentence(problem: Exception) -> str:
    return problem.message if isinstance(problem, PenstockError) else str(problem)
