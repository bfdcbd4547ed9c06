"""What must hold for a publish to be accepted, asked inside the transaction that would write it."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import TYPE_CHECKING

import sqlalchemy as sa

from penstock.api.configs import format_tag, parse_tag
from penstock.api.faults import Code, HttpFault
from penstock.api.times import format_time
from penstock.manager.store import deployments, groups
from penstock.manager.store.tables import versions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from penstock.manager.store.deployments import Deployment
    from penstock.manager.store.inventory import Node


def same_request(known: Deployment, content_hash: str) -> Deployment:
    """The deployment, if it is what is asked for now. Raises HttpFault 409 where its key stands for something else."""
    if known.content_hash != content_hash:
        raise HttpFault(
            409,
            f"this Idempotency-Key belongs to another publish to {known.target_name}: the deployment {known.uid} "
            f"of {format_time(known.created_at)} by {known.author}",
            code=Code.KEY_REUSED,
            way_out="Send what was sent then, or use another key.",
        )
    return known


def group_tag(members: Sequence[Node]) -> str:
    """The ETag of a group: it changes when the configuration of any member does, or who is in the group."""
    total = hashlib.sha256()
    for node in sorted(members, key=lambda node: node.uid):
        total.update(f"{node.uid} {node.serial} {node.digest}\n".encode())
    return format_tag(sum(node.serial for node in members), total.hexdigest())


def check(
    connection: sa.Connection,
    kind: str,
    target_uid: str,
    nodes: Sequence[Node],
    *,
    seen_tag: str,
    seen_at: datetime | None,
) -> None:
    """Raises HttpFault 412 or 409 where the instances are not what the sender saw, or are being published to.

    seen_tag: of If-Match, empty for none. seen_at: NIM's updateTime, None where it is not to be compared.
    """
    if seen_tag:
        _check_tag(connection, kind, target_uid, nodes, seen_tag)
    for node in nodes:
        if seen_at and node.updated_at and seen_at < node.updated_at:
            raise HttpFault(
                409,
                "The published configuration is older than the active instance configuration.",
                code=Code.OLDER,
                details=[f"{node.name}: {_last_move(connection, node)}"],
                way_out="Read the active configuration and start from it, or set ignoreConflict.",
            )
        if other := deployments.pending(connection, node.uid):
            raise HttpFault(
                409,
                f"another deployment to {node.name} has not ended: {other.uid}, "
                f"since {format_time(other.created_at)} by {other.author}",
                code=Code.BUSY,
                way_out="Wait for its end, then look at what it left.",
            )


def _check_tag(connection: sa.Connection, kind: str, target_uid: str, nodes: Sequence[Node], seen_tag: str) -> None:
    if kind == deployments.GROUP:
        nodes = groups.members(connection, target_uid)
        current = group_tag(nodes)
    else:
        current = format_tag(nodes[0].serial, nodes[0].digest)
    wanted = [tag.strip() for tag in seen_tag.split(",")]
    if "*" in wanted or current in wanted:
        return
    try:
        serial, digest = parse_tag(wanted[0])
    except ValueError as error:
        raise HttpFault(400, f"If-Match: {error}") from error
    names = ", ".join(node.name for node in nodes)
    raise HttpFault(
        412,
        f"{names} moved since it was looked at: from {digest} to {parse_tag(current)[1]}",
        code=Code.MOVED,
        details=[
            f"{node.name}: {move}" for node in nodes for move in _moves(connection, node, since=serial, kind=kind)
        ],
        way_out="Make a new plan from what runs now.",
    )


def _moves(connection: sa.Connection, node: Node, *, since: int, kind: str) -> list[str]:
    """Who made the versions after `since`, a sentence each.

    Of a group's member the last one: a group's tag does not hold its serial.
    """
    if kind == deployments.GROUP:
        return [_last_move(connection, node)]
    column = versions.c
    wanted = sa.select(versions).where(column.target_uid == node.uid, since <= column.serial).order_by(column.serial)
    found = list(connection.execute(wanted))
    moves = [
        _sentence(after.author, after.created_at, before.digest, after.digest) for before, after in pairwise(found)
    ]
    return moves or [_last_move(connection, node)]


def _last_move(connection: sa.Connection, node: Node) -> str:
    column = versions.c
    wanted = sa.select(versions).where(column.target_uid == node.uid).order_by(column.serial.desc()).limit(2)
    found = list(connection.execute(wanted))
    if not found:
        return "nothing is known of how it came to be"
    before = found[1].digest if 1 < len(found) else ""
    return _sentence(found[0].author, found[0].created_at, before, found[0].digest)


def _sentence(author: str, when: datetime, before: str, after: str) -> str:
    who = f"{author} published" if author else "it was changed on the node itself, which was seen"
    moved = f"from {before[:12]} to {after[:12]}" if before else f"{after[:12]}"
    return f"{who} at {format_time(when)}, {moved}"
