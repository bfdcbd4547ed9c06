"""Groups and their members."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import sqlalchemy as sa

from penstock.errors import Conflict, NotFound
from penstock.manager.store.inventory import Node, get_node
from penstock.manager.store.tables import group_members, instance_groups, instances, versions

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Group:
    """A group without its members."""

    uid: str
    name: str
    display_name: str
    description: str
    created_at: datetime


def _group(row: sa.Row[Any]) -> Group:
    return Group(row.uid, row.name, row.display_name, row.description, row.created_at)


def list_groups(connection: sa.Connection) -> list[Group]:
    """All groups by name."""
    return [_group(row) for row in connection.execute(sa.select(instance_groups).order_by(instance_groups.c.name))]


def get_group(connection: sa.Connection, uid: str) -> Group:
    """One group. Raises NotFound."""
    row = connection.execute(sa.select(instance_groups).where(instance_groups.c.uid == uid)).one_or_none()
    if row is None:
        raise NotFound(f"there is no instance group {uid}")
    return _group(row)


def find_group(connection: sa.Connection, name: str) -> Group | None:
    """The group of this name."""
    row = connection.execute(sa.select(instance_groups).where(instance_groups.c.name == name)).one_or_none()
    return None if row is None else _group(row)


def create_group(connection: sa.Connection, name: str, *, display_name: str, description: str, now: datetime) -> Group:
    """Make a group without members. Raises Conflict where the name is taken."""
    if find_group(connection, name):
        raise Conflict(f"there is an instance group named {name} already")
    group = Group(str(uuid4()), name, display_name, description, now)
    connection.execute(
        instance_groups.insert().values(
            uid=group.uid, name=name, display_name=display_name, description=description, created_at=now
        )
    )
    return group


def edit_group(connection: sa.Connection, uid: str, changes: dict[str, object]) -> None:
    """Set columns of a group."""
    if changes:
        connection.execute(instance_groups.update().where(instance_groups.c.uid == uid).values(**changes))


def delete_group(connection: sa.Connection, uid: str) -> None:
    """Forget a group, its versions and who was in it."""
    connection.execute(versions.delete().where(versions.c.target_uid == uid))
    connection.execute(instance_groups.delete().where(instance_groups.c.uid == uid))


def members(connection: sa.Connection, uid: str) -> list[Node]:
    """The instances of a group by name."""
    wanted = (
        sa.select(group_members.c.instance_uid)
        .join(instances, instances.c.uid == group_members.c.instance_uid)
        .where(group_members.c.group_uid == uid)
        .order_by(instances.c.name, instances.c.uid)
    )
    return [get_node(connection, found) for found in connection.execute(wanted).scalars()]


def set_members(connection: sa.Connection, uid: str, instance_uids: Iterable[str]) -> None:
    """Make these the members, all of them. Raises NotFound, and Conflict for one that is in another group."""
    connection.execute(group_members.delete().where(group_members.c.group_uid == uid))
    for instance_uid in dict.fromkeys(instance_uids):
        add_member(connection, uid, instance_uid)


def group_of(connection: sa.Connection, instance_uid: str) -> Group | None:
    """The group that an instance is in."""
    wanted = sa.select(group_members.c.group_uid).where(group_members.c.instance_uid == instance_uid)
    uid = connection.execute(wanted).scalar()
    return None if uid is None else get_group(connection, uid)


def add_member(connection: sa.Connection, uid: str, instance_uid: str) -> None:
    """Put an instance into a group. Raises NotFound, and Conflict where it is in another one."""
    node = get_node(connection, instance_uid)
    other = group_of(connection, instance_uid)
    if other:
        raise Conflict(
            f"{node.name} is in the instance group {other.name} already",
            way_out="An instance belongs to one group at most; take it out there first.",
        )
    connection.execute(group_members.insert().values(instance_uid=instance_uid, group_uid=uid))
