"""Reading the journal's trees: an instance's files, and which instances differ between two commits."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.history.layout import FLEET, instance_folder, unquote
from penstock.history.repository import Repository, tree_items

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TREE_MODE = "40000"
FILE_MODE = "100644"


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a tree."""

    mode: str
    sha: str


def blob_name(data: bytes) -> str:
    """The object name that git gives to a file of these bytes."""
    return hashlib.sha1(b"blob %d\0%b" % (len(data), data), usedforsecurity=False).hexdigest()


def children(repository: Repository, tree: str) -> Mapping[str, Item]:
    """The items of a tree by name; none for an empty object name."""
    if not tree:
        return {}
    return {name: Item(mode, sha) for mode, name, sha in tree_items(repository.get(tree, "tree").data)}


def instance_tree(repository: Repository, tree: str, instance: str) -> str:
    """The object name of an instance's tree below a commit's tree, or empty where it has none."""
    for part in instance_folder(instance).split("/"):
        item = children(repository, tree).get(part)
        if item is None:
            return ""
        tree = item.sha
    return tree


def leaves(repository: Repository, tree: str, prefix: str = "") -> Iterator[tuple[str, Item]]:
    """(quoted path, item) of every file below a tree."""
    for name, item in children(repository, tree).items():
        if item.mode == TREE_MODE:
            yield from leaves(repository, item.sha, f"{prefix}{name}/")
        else:
            yield prefix + name, item


def instances(repository: Repository, tree: str) -> Mapping[str, str]:
    """Instance name -> object name of its tree, for every instance of a commit's tree."""
    return {name: new for name, (_, new) in changed_instances(repository, "", tree).items()}


def changed_instances(repository: Repository, old: str, new: str) -> Mapping[str, tuple[str, str]]:
    """Instance name -> (its tree in old, its tree in new) for each that differs; an absent tree is empty.

    old, new: trees of commits; empty for none. Reads the shards that differ and nothing below them.
    """
    olds, news = (_child(repository, tree, FLEET) for tree in (old, new))
    changed: dict[str, tuple[str, str]] = {}
    for _, before, after in _differing(repository, olds, news):
        for name, was, now in _differing(repository, before, after):
            changed[unquote(name)] = (was, now)
    return dict(sorted(changed.items()))


def _child(repository: Repository, tree: str, name: str) -> str:
    item = children(repository, tree).get(name)
    return item.sha if item else ""


def _differing(repository: Repository, old: str, new: str) -> Iterator[tuple[str, str, str]]:
    if old == new:
        return
    before, after = children(repository, old), children(repository, new)
    for name in before.keys() | after.keys():
        was, now = before.get(name), after.get(name)
        if was != now:
            yield name, was.sha if was else "", now.sha if now else ""
