"""How a publish stands, and the deployment object that instances and groups show too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from penstock.api import deployments as wire
from penstock.api import endpoints
from penstock.api.codec import ABSENT, Absent
from penstock.api.times import format_time
from penstock.manager.store import deployments, inventory
from penstock.manager.web import Answer, Binding, Call, bind
from penstock.model import State

if TYPE_CHECKING:
    import sqlalchemy as sa

    from penstock.manager.services import Services
    from penstock.manager.store.deployments import Deployment, Member


def bindings(services: Services) -> list[Binding]:
    """The handlers of deployments. NIM has a path for each kind; either answers both here."""

    def get(call: Call[None]) -> Answer[wire.Deployment]:
        with services.database.read() as connection:
            found = deployments.get(connection, call.parts["deployment"])
            return Answer(to_wire(connection, found, end_word=services.end_word))

    return [bind(endpoints.GET_INSTANCE_DEPLOYMENT, get), bind(endpoints.GET_GROUP_DEPLOYMENT, get)]


def path_of(deployment: Deployment) -> str:
    """The path to poll."""
    endpoint = (
        endpoints.GET_GROUP_DEPLOYMENT if deployment.kind == deployments.GROUP else endpoints.GET_INSTANCE_DEPLOYMENT
    )
    return endpoint.url(deployment=deployment.uid)


def to_wire(connection: sa.Connection, deployment: Deployment, *, end_word: str) -> wire.Deployment:
    """The deployment object. A group of which one member failed has failed: its lists say who has what."""
    by_state: dict[State, list[Member]] = {state: [] for state in State}
    for member in deployment.members:
        by_state[member.result.state].append(member)
    failed = by_state[State.UNKNOWN] + by_state[State.ROLLED_BACK] + by_state[State.REFUSED]
    ended = wire.FAILED if failed else end_word
    status = wire.PENDING if by_state[State.PENDING] else ended
    return wire.Deployment(
        create_time=format_time(deployment.created_at),
        details=wire.Details(
            failure=tuple(_failure(member) for member in failed),
            pending=tuple(
                wire.Pending(message=member.result.message, name=member.name, uid=member.instance_uid)
                for member in by_state[State.PENDING]
            ),
            success=tuple(_success(member, deployment.digest) for member in by_state[State.ACTIVE]),
            error=_errors(connection, failed) if failed else ABSENT,
            skipped=_skipped(deployment),
        ),
        id=deployment.uid,
        message=_message(deployment, status),
        status=status,
        update_time=format_time(deployment.updated_at),
    )


def _failure(member: Member) -> wire.Failed:
    return wire.Failed(
        fail_message=member.result.message,
        fail_type=member.result.state.value,
        name=member.name,
        uid=member.instance_uid,
        evidence=member.result.evidence,
    )


def _success(member: Member, digest: str) -> wire.Succeeded:
    return wire.Succeeded(
        name=member.name,
        uid=member.instance_uid,
        state=member.result.state.value,
        message=member.result.message,
        digest=digest,
        evidence=member.result.evidence,
    )


def _errors(connection: sa.Connection, failed: list[Member]) -> str:
    """NIM's form: a string that holds a JSON object, `instance:<system uid>` -> message."""
    systems = {node.uid: node.system_uid for node in inventory.list_nodes(connection)}
    return json.dumps(
        {
            f"instance:{systems.get(member.instance_uid, member.instance_uid)}": member.result.message
            for member in failed
        }
    )


def _skipped(deployment: Deployment) -> tuple[wire.Skipped, ...] | Absent:
    if not deployment.skipped:
        return ABSENT
    return tuple(
        wire.Skipped(name=name, uid=uid, message="offline, nothing was sent") for uid, name in deployment.skipped
    )


def _message(deployment: Deployment, status: str) -> str:
    subject = "Instance Group config" if deployment.kind == deployments.GROUP else "Instance config"
    said = {wire.PENDING: "is being published to", wire.FAILED: "failed to publish to"}
    message = f"{subject} {said.get(status, 'successfully published to')} {deployment.target_name}"
    if deployment.skipped:
        names = ", ".join(name for _, name in deployment.skipped)
        sent = len(deployment.members)
        message += f" ({sent} of {sent + len(deployment.skipped)} members; offline: {names})"
    return message
