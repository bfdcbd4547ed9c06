"""Versions of the configuration of an instance or a group: what, when, by whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import sqlalchemy as sa

from penstock.errors import NotFound
from penstock.manager.store import files as contents
from penstock.manager.store import inventory
from penstock.manager.store.tables import versions
from penstock.model import FileSet

if TYPE_CHECKING:
    from datetime import datetime

    from penstock.manager.store.inventory import Node


@dataclass(frozen=True, slots=True)
class Version:
    """One version. author: empty where it was changed on the node itself."""

    uid: str
    target_uid: str
    serial: int
    digest: str
    root: str
    entry: str
    files: tuple[tuple[str, str], ...]
    created_at: datetime
    author: str
    external_id: str
    external_id_type: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Who made a version, and under which name elsewhere. The empty one: somebody on the node itself."""

    author: str = ""
    external_id: str = ""
    external_id_type: str = "other"


def _version(row: sa.Row[Any]) -> Version:
    fields = dict(row._mapping)
    return Version(**{**fields, "files": tuple((name, sha256) for name, sha256 in fields["files"])})


def newest(connection: sa.Connection, target_uid: str) -> Version | None:
    """The newest version of an instance or a group."""
    wanted = sa.select(versions).where(versions.c.target_uid == target_uid).order_by(versions.c.serial.desc()).limit(1)
    row = connection.execute(wanted).one_or_none()
    return None if row is None else _version(row)


def by_external_id(connection: sa.Connection, target_uid: str, external_id: str) -> Version:
    """The newest version that was published with this id. Raises NotFound."""
    wanted = (
        sa.select(versions)
        .where(versions.c.target_uid == target_uid, versions.c.external_id == external_id)
        .order_by(versions.c.serial.desc())
        .limit(1)
    )
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise NotFound(f"no version of {target_uid} was published with the external id {external_id!r}")
    return _version(row)


def file_set(connection: sa.Connection, version: Version) -> FileSet:
    """The files of a version."""
    return FileSet(version.root, version.entry, contents.load(connection, version.files))


def add(
    connection: sa.Connection, target_uid: str, serial: int, files: FileSet, *, origin: Origin, now: datetime
) -> None:
    """Write a version down."""
    connection.execute(
        versions.insert().values(
            uid=str(uuid4()),
            target_uid=target_uid,
            serial=serial,
            digest=files.digest,
            root=files.root,
            entry=files.entry,
            files=contents.store(connection, files.files),
            created_at=now,
            author=origin.author,
            external_id=origin.external_id,
            external_id_type=origin.external_id_type,
        )
    )


def advance(
    connection: sa.Connection, node: Node, files: FileSet, *, serial: int, origin: Origin, now: datetime
) -> None:
    """Make these files the newest version of an instance, later than the one before by a millisecond at least."""
    if node.updated_at:
        now = max(now, node.updated_at + timedelta(milliseconds=1))
    add(connection, node.uid, serial, files, origin=origin, now=now)
    inventory.set_version(connection, node.uid, serial=serial, digest=files.digest, updated_at=now)


def record_disk(connection: sa.Connection, uid: str, files: FileSet, *, now: datetime) -> Node:
    """The instance, after its disk was read: bytes that are not the known version's become a version of nobody's.

    While a deployment to it runs nothing is written: what is on the disk then is not settled yet.
    """
    node = inventory.get_node(connection, uid)
    if node.digest == files.digest or inventory.is_pending(connection, uid):
        return node
    advance(connection, node, files, serial=node.serial + 1, origin=Origin(), now=now)
    return inventory.get_node(connection, uid)


def add_next(connection: sa.Connection, target_uid: str, files: FileSet, *, origin: Origin, now: datetime) -> None:
    """Make these files the newest version of a group."""
    before = newest(connection, target_uid)
    add(connection, target_uid, before.serial + 1 if before else 1, files, origin=origin, now=now)
