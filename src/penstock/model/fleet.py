"""What is published to, and how a publish ends."""

from __future__ import annotations

import enum
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from penstock.model.files import FileSet


class Instance(NamedTuple):
    """One nginx as the manager knows it. uid and system_uid are opaque."""

    uid: str
    system_uid: str
    name: str
    entry: str = ""
    root: str = ""
    nginx_version: str = ""
    online: bool = True


class Group(NamedTuple):
    """An instance group: instances that are published to together."""

    uid: str
    name: str
    instance_uids: tuple[str, ...]


class Base(NamedTuple):
    """The version that a target had when we looked: what a publish must still find there.

    tag: the manager's ETag, empty where it gives none (F5's). updated_at: the manager's time of that version.
    """

    digest: str
    tag: str
    updated_at: datetime


class LiveConfig(NamedTuple):
    """What an instance runs, as the manager reads it now."""

    files: FileSet
    base: Base
    external_id: str = ""


class State(enum.StrEnum):
    """How one publish to one instance stands. All but PENDING are final."""

    PENDING = "pending"
    ACTIVE = "active"  # proven: new workers serve it, and the bytes on the node are the plan's
    REFUSED = "refused"  # not applied; the node is as it was
    ROLLED_BACK = "rolled_back"  # applied, failed, and verified back on the earlier version
    UNKNOWN = "unknown"  # cannot be said; a person must look


class Result(NamedTuple):
    """The end of one publish to one instance, and why, in a sentence.

    evidence: what proves it, a fact each ("3 new workers since 02:13:07", "GET / answered 200").
    """

    state: State
    message: str
    evidence: tuple[str, ...] = ()


class Outcome(enum.StrEnum):
    """How a whole publish ended. `EXIT_CODES` gives each its exit code."""

    ACTIVE = "active"
    UNCHANGED = "unchanged"  # every target ran the plan's bytes already
    REFUSED = "refused"  # refused, and every target is as it was
    ROLLED_BACK = "rolled_back"  # failed, and every target is verified back
    MIXED = "mixed"  # some new, some old
    UNKNOWN = "unknown"


EXIT_CODES: Mapping[Outcome, int] = MappingProxyType(
    {
        Outcome.ACTIVE: 0,
        Outcome.UNCHANGED: 0,
        Outcome.REFUSED: 6,
        Outcome.ROLLED_BACK: 6,
        Outcome.MIXED: 7,
        Outcome.UNKNOWN: 8,
    }
)
