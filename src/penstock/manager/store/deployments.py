"""Deployments: one for each publish, with one member for each instance that it goes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from penstock.errors import NotFound
from penstock.manager.store.tables import audit, deployment_members, deployments
from penstock.model import Result, State

if TYPE_CHECKING:
    from datetime import datetime

INSTANCE = "instance"
GROUP = "group"


@dataclass(frozen=True, slots=True)
class Member:
    """One instance in a deployment. fence: the serial that it has once this goes active."""

    instance_uid: str
    name: str
    fence: int
    base_digest: str
    result: Result


@dataclass(frozen=True, slots=True)
class Deployment:
    """One publish. kind: INSTANCE or GROUP. skipped: (uid, name) of members that were offline.

    files: (name, sha256) of what was sent. owner: the process that carries it out.
    """

    uid: str
    kind: str
    target_uid: str
    target_name: str
    digest: str
    author: str
    created_at: datetime
    updated_at: datetime
    external_id: str
    external_id_type: str
    files: tuple[tuple[str, str], ...]
    skipped: tuple[tuple[str, str], ...]
    owner: str
    idempotency_key: str | None
    content_hash: str
    members: tuple[Member, ...]

    @property
    def state(self) -> State:
        """PENDING until every member has ended; ACTIVE where all are; else the worst of theirs."""
        states = [member.result.state for member in self.members]
        for state in (State.PENDING, State.UNKNOWN, State.ROLLED_BACK, State.REFUSED):
            if state in states:
                return state
        return State.ACTIVE


def _member(row: sa.Row[Any]) -> Member:
    result = Result(State(row.state), row.message, tuple(row.evidence))
    return Member(row.instance_uid, row.name, row.fence, row.base_digest, result)


def _deployment(connection: sa.Connection, row: sa.Row[Any]) -> Deployment:
    wanted = (
        sa.select(deployment_members)
        .where(deployment_members.c.deployment_uid == row.uid)
        .order_by(deployment_members.c.name, deployment_members.c.instance_uid)
    )
    fields = dict(row._mapping)
    fields["files"] = tuple((name, sha256) for name, sha256 in fields["files"])
    fields["skipped"] = tuple((uid, name) for uid, name in fields["skipped"])
    return Deployment(**fields, members=tuple(_member(member) for member in connection.execute(wanted)))


def create(connection: sa.Connection, deployment: Deployment) -> None:
    """Write a deployment and its members down.

    Raises IntegrityError where an instance is in a deployment that has not ended: ask `pending` first.
    """
    columns = {name: getattr(deployment, name) for name in deployments.c.keys()}  # noqa: SIM118 - a column collection
    connection.execute(
        deployments.insert().values(
            **{**columns, "files": [list(file) for file in deployment.files]}
            | {"skipped": [list(one) for one in deployment.skipped]}
        )
    )
    for member in deployment.members:
        connection.execute(
            deployment_members.insert().values(
                deployment_uid=deployment.uid,
                instance_uid=member.instance_uid,
                name=member.name,
                fence=member.fence,
                base_digest=member.base_digest,
                state=member.result.state.value,
                message=member.result.message,
                evidence=list(member.result.evidence),
                updated_at=deployment.created_at,
            )
        )


def get(connection: sa.Connection, uid: str) -> Deployment:
    """One deployment. Raises NotFound, in NIM's words."""
    row = connection.execute(sa.select(deployments).where(deployments.c.uid == uid)).one_or_none()
    if row is None:
        raise NotFound("Deployment Not Found")
    return _deployment(connection, row)


def by_key(connection: sa.Connection, target_uid: str, key: str) -> Deployment | None:
    """The deployment to this target that was asked for under this key."""
    wanted = sa.select(deployments).where(deployments.c.target_uid == target_uid, deployments.c.idempotency_key == key)
    row = connection.execute(wanted).one_or_none()
    return None if row is None else _deployment(connection, row)


def last_of_target(connection: sa.Connection, target_uid: str) -> Deployment | None:
    """The newest deployment to this group."""
    wanted = (
        sa.select(deployments)
        .where(deployments.c.target_uid == target_uid)
        .order_by(deployments.c.created_at.desc(), sa.literal_column("rowid").desc())
        .limit(1)
    )
    row = connection.execute(wanted).one_or_none()
    return None if row is None else _deployment(connection, row)


def last_of_instance(connection: sa.Connection, instance_uid: str) -> Deployment | None:
    """The newest deployment that this instance was a member of."""
    wanted = (
        sa.select(deployments)
        .join(deployment_members, deployment_members.c.deployment_uid == deployments.c.uid)
        .where(deployment_members.c.instance_uid == instance_uid)
        .order_by(deployments.c.created_at.desc(), sa.literal_column("deployments.rowid").desc())
        .limit(1)
    )
    row = connection.execute(wanted).one_or_none()
    return None if row is None else _deployment(connection, row)


def pending(connection: sa.Connection, instance_uid: str) -> Deployment | None:
    """The deployment to this instance that has not ended."""
    wanted = (
        sa.select(deployments)
        .join(deployment_members, deployment_members.c.deployment_uid == deployments.c.uid)
        .where(deployment_members.c.instance_uid == instance_uid, deployment_members.c.state == State.PENDING.value)
    )
    row = connection.execute(wanted).one_or_none()
    return None if row is None else _deployment(connection, row)


def all_pending(connection: sa.Connection) -> list[Deployment]:
    """Every deployment that has not ended, the oldest first."""
    wanted = (
        sa.select(deployments)
        .where(
            deployments.c.uid.in_(
                sa.select(deployment_members.c.deployment_uid).where(deployment_members.c.state == State.PENDING.value)
            )
        )
        .order_by(deployments.c.created_at)
    )
    return [_deployment(connection, row) for row in connection.execute(wanted)]


def end(connection: sa.Connection, uid: str, instance_uid: str, result: Result, *, now: datetime) -> bool:
    """Write down how a member ended. False, and nothing is written, where it had ended before."""
    changed = connection.execute(
        deployment_members.update()
        .where(
            deployment_members.c.deployment_uid == uid,
            deployment_members.c.instance_uid == instance_uid,
            deployment_members.c.state == State.PENDING.value,
        )
        .values(state=result.state.value, message=result.message, evidence=list(result.evidence), updated_at=now)
    )
    if changed.rowcount == 0:
        return False
    connection.execute(deployments.update().where(deployments.c.uid == uid).values(updated_at=now))
    return True


def note(connection: sa.Connection, author: str, action: str, subject: str, *, now: datetime) -> None:
    """Write into the audit who did what to which object."""
    connection.execute(audit.insert().values(at=now, author=author, action=action, object=subject))
