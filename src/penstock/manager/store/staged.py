"""Staged configs: files that wait to be published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import sqlalchemy as sa

from penstock.errors import NotFound
from penstock.manager.store import files as contents
from penstock.manager.store.tables import staged_configs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Folder:
    """Files by their absolute names, and the directory that the sender named for them."""

    root_dir: str
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Draft:
    """What a sender says of a staged config."""

    name: str
    config_files: Folder
    aux_files: Folder
    nginx_uid: str
    group_uid: str
    external_id: str
    external_id_type: str
    author: str


@dataclass(frozen=True, slots=True)
class Staged:
    """A staged config without its contents."""

    uid: str
    name: str
    nginx_uid: str
    group_uid: str
    created_at: datetime
    updated_at: datetime
    author: str
    external_id: str
    external_id_type: str


_HEAD = [column for column in staged_configs.c if column.name not in {"config_files", "aux_files"}]


def _staged(row: sa.Row[Any]) -> Staged:
    return Staged(**row._mapping)


def list_staged(connection: sa.Connection) -> list[Staged]:
    """All staged configs, the oldest first."""
    wanted = sa.select(*_HEAD).order_by(staged_configs.c.created_at, staged_configs.c.uid)
    return [_staged(row) for row in connection.execute(wanted)]


def get_staged(connection: sa.Connection, uid: str) -> Staged:
    """One staged config. Raises NotFound."""
    row = connection.execute(sa.select(*_HEAD).where(staged_configs.c.uid == uid)).one_or_none()
    if row is None:
        raise NotFound(f"there is no staged config {uid}")
    return _staged(row)


def folders(connection: sa.Connection, uid: str) -> tuple[Folder, Folder]:
    """(config files, aux files) of a staged config that exists."""
    wanted = sa.select(staged_configs.c.config_files, staged_configs.c.aux_files).where(staged_configs.c.uid == uid)
    row = connection.execute(wanted).one()
    config, aux = (
        Folder(kept["root_dir"], contents.load(connection, kept["files"])) for kept in (row.config_files, row.aux_files)
    )
    return config, aux


def create(connection: sa.Connection, draft: Draft, *, now: datetime) -> Staged:
    """Stage a config under a new uid."""
    uid = str(uuid4())
    connection.execute(
        staged_configs.insert().values(uid=uid, created_at=now, updated_at=now, **_values(connection, draft))
    )
    return get_staged(connection, uid)


def replace(connection: sa.Connection, uid: str, draft: Draft, *, now: datetime) -> Staged:
    """Replace a staged config. Raises NotFound."""
    get_staged(connection, uid)
    connection.execute(
        staged_configs.update().where(staged_configs.c.uid == uid).values(updated_at=now, **_values(connection, draft))
    )
    return get_staged(connection, uid)


def delete(connection: sa.Connection, uid: str) -> None:
    """Delete a staged config. Raises NotFound."""
    get_staged(connection, uid)
    connection.execute(staged_configs.delete().where(staged_configs.c.uid == uid))


def _values(connection: sa.Connection, draft: Draft) -> dict[str, object]:
    return {
        "name": draft.name,
        "nginx_uid": draft.nginx_uid,
        "group_uid": draft.group_uid,
        "author": draft.author,
        "external_id": draft.external_id,
        "external_id_type": draft.external_id_type,
        "config_files": _kept(connection, draft.config_files),
        "aux_files": _kept(connection, draft.aux_files),
    }


def _kept(connection: sa.Connection, folder: Folder) -> dict[str, object]:
    return {"root_dir": folder.root_dir, "files": contents.store(connection, folder.files)}
