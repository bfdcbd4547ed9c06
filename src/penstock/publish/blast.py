"""The blast radius: what a publish touches, in the words of those who feel it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.config import parse
from penstock.config.summary import summary

if TYPE_CHECKING:
    from collections.abc import Iterable

    from penstock.model import FileSet


@dataclass(frozen=True, slots=True)
class Touched:
    """Names that come, go and stay, each sorted. What one target adds and another drops is in both."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BlastRadius:
    """instances: names of those that change. The rest is of these instances alone."""

    instances: tuple[str, ...] = ()
    server_names: Touched = Touched()
    sockets: Touched = Touched()
    certificates: Touched = Touched()


def blast_radius(changes: Iterable[tuple[str, FileSet, FileSet]]) -> BlastRadius:
    """Of (name of the instance, what it runs, what it is to run) for each instance that changes."""
    changes = tuple(changes)
    pairs = [(summary(parse(before)), summary(parse(after))) for _, before, after in changes]
    return BlastRadius(
        instances=tuple(sorted(name for name, _, _ in changes)),
        server_names=_touched((before.server_names, after.server_names) for before, after in pairs),
        sockets=_touched((before.sockets, after.sockets) for before, after in pairs),
        certificates=_touched((before.certificates, after.certificates) for before, after in pairs),
    )


def _touched(pairs: Iterable[tuple[tuple[str, ...], tuple[str, ...]]]) -> Touched:
    added: set[str] = set()
    removed: set[str] = set()
    kept: set[str] = set()
    for before, after in pairs:
        added.update(set(after) - set(before))
        removed.update(set(before) - set(after))
        kept.update(set(before) & set(after))
    return Touched(tuple(sorted(added)), tuple(sorted(removed)), tuple(sorted(kept)))
