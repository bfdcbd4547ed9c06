"""Publishing: what is checked before a deployment is accepted.

The order is the safety. The disks are read first; then one transaction, which holds the database's only write lock,
compares what the sender saw with what is there, and takes each instance by writing the deployment down. Two senders
that saw the same version cannot both pass, and the data plane compares the disk once more before it touches it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from penstock.api.faults import Code, HttpFault
from penstock.manager import preconditions
from penstock.manager.carrier import Load
from penstock.manager.store import deployments, groups, inventory, versions
from penstock.manager.store import files as contents
from penstock.manager.store.deployments import Deployment, Member
from penstock.model import FileSet, Result, State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from penstock.manager.carrier import Carrier
    from penstock.manager.fleet import Fleet
    from penstock.manager.gate import Gate
    from penstock.manager.store.database import Database
    from penstock.manager.store.inventory import Node
    from penstock.ports import Probe


@dataclass(frozen=True, slots=True)
class Order:
    """A request to publish, read and sound. target_uid: of an instance or a group, as `kind` says.

    updated_at, if_match: what the sender saw, in NIM's way and in ours. checked: whether the analysis must pass.
    """

    kind: str
    target_uid: str
    author: str
    files: Mapping[str, bytes]
    origin: versions.Origin
    probes: tuple[Probe, ...]
    deadline_s: float
    updated_at: datetime | None
    if_match: str
    idempotency_key: str
    checked: bool

    @property
    def content_hash(self) -> str:
        """What must be equal for two requests to be the same one."""
        total = hashlib.sha256()
        for name in sorted(self.files):
            total.update(b"%d:%b" % (len(name.encode()), name.encode()))
            total.update(hashlib.sha256(self.files[name]).digest())
        rest = (self.origin.external_id, self.origin.external_id_type, self.probes, self.deadline_s)
        total.update(repr(rest).encode())
        return total.hexdigest()


@dataclass(frozen=True, slots=True)
class Target:
    """What an order goes to: the online members, with what is to be on each disk, and who is left out."""

    uid: str
    name: str
    nodes: tuple[tuple[Node, FileSet], ...]
    skipped: tuple[tuple[str, str], ...] = ()


class Publisher:
    """Accepts orders, and hands them to the carrier."""

    def __init__(
        self, database: Database, fleet: Fleet, carrier: Carrier, *, gate: Gate, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._fleet = fleet
        self._carrier = carrier
        self._gate = gate
        self._clock = clock

    def publish(self, order: Order) -> tuple[str, bool]:
        """(uid of the deployment that carries the order out, whether this order began it and not an earlier one).

        Raises HttpFault 400, 409 and 412, NotFound, and what the data plane raises when it cannot be asked.
        """
        if known := self._begun(order):
            return known, False
        self._fleet.look_again()
        target = self._target(order)
        if order.checked:
            for files in {wanted.digest: wanted for _, wanted in target.nodes}.values():
                self._gate.admit(files)
        deployment, begun = self._take(order, target)
        if begun:
            for member, (_, files) in zip(deployment.members, target.nodes, strict=True):
                self._carrier.start(Load(deployment, member, files, probes=order.probes, deadline_s=order.deadline_s))
        return deployment.uid, begun

    def _begun(self, order: Order) -> str:
        if not order.idempotency_key:
            return ""
        with self._database.read() as connection:
            known = deployments.by_key(connection, order.target_uid, order.idempotency_key)
        return preconditions.same_request(known, order.content_hash).uid if known else ""

    def _target(self, order: Order) -> Target:
        if order.kind == deployments.INSTANCE:
            with self._database.read() as connection:
                node = inventory.get_node(connection, order.target_uid)
            if not node.online:
                raise HttpFault(409, f"{node.name} is offline, nothing was sent to it", code=Code.OFFLINE)
            return Target(node.uid, node.name, (self._wanted(node.uid, order),))
        with self._database.read() as connection:
            group = groups.get_group(connection, order.target_uid)
            members = groups.members(connection, group.uid)
        online = [node for node in members if node.online]
        if not online:
            raise HttpFault(
                409, f"no member of the instance group {group.name} is online, nothing was sent", code=Code.OFFLINE
            )
        skipped = tuple((node.uid, node.name) for node in members if not node.online)
        return Target(group.uid, group.name, tuple(self._wanted(node.uid, order) for node in online), skipped)

    def _wanted(self, uid: str, order: Order) -> tuple[Node, FileSet]:
        """An instance as it stands, and its files as the order wants them, over what lies outside its root."""
        node, disk = self._fleet.read_disk(uid)
        outside = {path: data for path, data in disk.files.items() if not disk.holds(path)}
        for path, data in order.files.items():
            if not disk.holds(path) and outside.get(path) != data:
                raise HttpFault(
                    400,
                    f"the file {path} is outside {disk.root}, which is all that a publish to {node.name} replaces",
                    way_out="Leave it out, or send it as it is on the node.",
                )
        if disk.entry not in order.files:
            raise HttpFault(400, f"the main file {disk.entry} of {node.name} is not among the files")
        return node, FileSet(disk.root, disk.entry, {**outside, **order.files})

    def _take(self, order: Order, target: Target) -> tuple[Deployment, bool]:
        """(deployment, whether it is new): compared and written down in one transaction."""
        now = self._clock()
        with self._database.write() as connection:
            known = deployments.by_key(connection, target.uid, order.idempotency_key) if order.idempotency_key else None
            if known:
                return preconditions.same_request(known, order.content_hash), False
            nodes = [inventory.get_node(connection, node.uid) for node, _ in target.nodes]
            preconditions.check(
                connection, order.kind, target.uid, nodes, seen_tag=order.if_match, seen_at=order.updated_at
            )
            listing = contents.store(connection, order.files)
            deployment = Deployment(
                uid=str(uuid4()),
                kind=order.kind,
                target_uid=target.uid,
                target_name=target.name,
                digest=target.nodes[0][1].digest,
                author=order.author,
                created_at=now,
                updated_at=now,
                external_id=order.origin.external_id,
                external_id_type=order.origin.external_id_type,
                files=tuple((name, sha256) for name, sha256 in listing),
                skipped=target.skipped,
                owner=self._carrier.owner,
                idempotency_key=order.idempotency_key or None,
                content_hash=order.content_hash,
                members=tuple(
                    Member(
                        node.uid, node.name, node.serial + 1, node.digest, Result(State.PENDING, "waiting for the node")
                    )
                    for node in nodes
                ),
            )
            deployments.create(connection, deployment)
            deployments.note(
                connection, order.author, "publish", f"{order.kind} {target.name} {deployment.uid}", now=now
            )
        return deployment, True
