"""Hosts and instances, as they were last seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from penstock.errors import NotFound
from penstock.manager.store.tables import (
    deployment_members,
    group_members,
    instance_groups,
    instances,
    systems,
    versions,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from penstock.ports import Observed


_OBSERVED = (
    "system_uid", "name", "hostname", "executable", "version", "conf_path", "root", "pid", "started_at", "online",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class System:
    """A host."""

    uid: str
    hostname: str
    display_name: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """An instance. serial, digest, updated_at: of the version last read from its disk; digest is empty before."""

    uid: str
    system_uid: str
    name: str
    hostname: str
    executable: str
    version: str
    conf_path: str
    root: str
    configure_args: tuple[str, ...]
    pid: int
    started_at: datetime
    registered_at: datetime
    seen_at: datetime
    online: bool
    serial: int
    digest: str
    updated_at: datetime | None


def _system(row: sa.Row[Any]) -> System:
    return System(row.uid, row.hostname, row.display_name, tuple(row.tags))


def _node(row: sa.Row[Any]) -> Node:
    fields = dict(row._mapping)
    return Node(**{**fields, "configure_args": tuple(fields["configure_args"])})


def observe(connection: sa.Connection, seen: Sequence[Observed], *, now: datetime) -> frozenset[str]:
    """Write down what the data plane sees now; what it does not see is offline. The uids seen for the first time."""
    known = {node.uid: node for node in list_nodes(connection)}
    hosts = {system.uid for system in list_systems(connection)}
    for one in seen:
        if one.system_uid not in hosts:
            hosts.add(one.system_uid)
            connection.execute(
                systems.insert().values(uid=one.system_uid, hostname=one.hostname, display_name=one.hostname, tags=[])
            )
        values = _values(one)
        if one.uid not in known:
            fresh = {
                "uid": one.uid,
                "registered_at": now,
                "seen_at": now,
                "serial": 0,
                "digest": "",
                "updated_at": None,
            }
            connection.execute(instances.insert().values(**values, **fresh))
        elif values != _values_of(known[one.uid]):
            connection.execute(instances.update().where(instances.c.uid == one.uid).values(**values))
    present = {one.uid for one in seen}
    for uid in known.keys() - present:
        connection.execute(instances.update().where(instances.c.uid == uid).values(online=False))
    connection.execute(instances.update().where(instances.c.online).values(seen_at=now))
    return frozenset(present - known.keys())


def _values(one: Observed) -> dict[str, object]:
    return {
        "system_uid": one.system_uid,
        "name": one.name,
        "hostname": one.hostname,
        "executable": one.binary,
        "version": one.version,
        "conf_path": one.conf_path,
        "root": one.root,
        "configure_args": list(one.configure_args),
        "pid": one.pid,
        "started_at": one.started_at.replace(microsecond=one.started_at.microsecond // 1000 * 1000),
        "online": True,
    }


def _values_of(node: Node) -> dict[str, object]:
    """What `_values` gave when this was written."""
    return {name: getattr(node, name) for name in _OBSERVED} | {"configure_args": list(node.configure_args)}


def list_systems(connection: sa.Connection, *, hostname: str = "") -> list[System]:
    """Hosts by name; only those of this hostname, where one is given."""
    wanted = sa.select(systems).order_by(systems.c.display_name, systems.c.uid)
    if hostname:
        wanted = wanted.where(systems.c.hostname == hostname)
    return [_system(row) for row in connection.execute(wanted)]


def get_system(connection: sa.Connection, uid: str) -> System:
    """One host. Raises NotFound."""
    row = connection.execute(sa.select(systems).where(systems.c.uid == uid)).one_or_none()
    if row is None:
        raise NotFound(f"there is no system {uid}")
    return _system(row)


def edit_system(connection: sa.Connection, uid: str, changes: dict[str, object]) -> None:
    """Set columns of a host."""
    if changes:
        connection.execute(systems.update().where(systems.c.uid == uid).values(**changes))


def delete_system(connection: sa.Connection, uid: str) -> None:
    """Forget a host that has no instances any more."""
    connection.execute(systems.delete().where(systems.c.uid == uid))


def list_nodes(connection: sa.Connection, *, system_uid: str = "", group_name: str = "") -> list[Node]:
    """Instances by name; only those of a host or of a group, where one is named."""
    wanted = sa.select(instances).order_by(instances.c.name, instances.c.uid)
    if system_uid:
        wanted = wanted.where(instances.c.system_uid == system_uid)
    if group_name:
        wanted = (
            wanted.join(group_members, group_members.c.instance_uid == instances.c.uid)
            .join(instance_groups, instance_groups.c.uid == group_members.c.group_uid)
            .where(instance_groups.c.name == group_name)
        )
    return [_node(row) for row in connection.execute(wanted)]


def get_node(connection: sa.Connection, uid: str, *, system_uid: str = "") -> Node:
    """One instance; of this host, where one is named. Raises NotFound."""
    row = connection.execute(sa.select(instances).where(instances.c.uid == uid)).one_or_none()
    if row is None or system_uid not in {"", row.system_uid}:
        where = f" on the system {system_uid}" if system_uid else ""
        raise NotFound(f"there is no instance {uid}{where}")
    return _node(row)


def set_version(connection: sa.Connection, uid: str, *, serial: int, digest: str, updated_at: datetime) -> None:
    """Say which version an instance has from now on."""
    connection.execute(
        instances.update().where(instances.c.uid == uid).values(serial=serial, digest=digest, updated_at=updated_at)
    )


def delete_node(connection: sa.Connection, uid: str) -> None:
    """Forget an instance, its versions and its membership."""
    connection.execute(versions.delete().where(versions.c.target_uid == uid))
    connection.execute(instances.delete().where(instances.c.uid == uid))


def is_pending(connection: sa.Connection, uid: str) -> bool:
    """Whether a deployment to this instance has not ended."""
    member = deployment_members.c
    wanted = sa.select(member.deployment_uid).where(member.instance_uid == uid, member.state == "pending")
    return connection.execute(wanted).first() is not None
