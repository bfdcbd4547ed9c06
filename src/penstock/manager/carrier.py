"""Carrying a deployment out: one thread for each node at work, and one end for each, written down once."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from penstock.errors import Conflict, NotFound, PenstockError, UsageError
from penstock.manager.store import deployments, inventory, versions
from penstock.manager.store import files as contents
from penstock.model import FileSet, Result, State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    import sqlalchemy as sa

    from penstock.manager.owner import Owner
    from penstock.manager.store.database import Database
    from penstock.manager.store.deployments import Deployment, Member
    from penstock.ports import DataPlane, Probe

_LOG = logging.getLogger(__name__)
_AT_ONCE = 8  # nodes that are written to at the same time
_PROOF_DEADLINE_S = 30.0  # of asking a node whether what is on its disk runs


@dataclass(frozen=True, slots=True)
class Load:
    """What one thread carries to one node."""

    deployment: Deployment
    member: Member
    files: FileSet
    probes: tuple[Probe, ...]
    deadline_s: float


class Carrier:
    """The threads that carry deployments out."""

    def __init__(
        self, database: Database, data_plane: DataPlane, *, owner: Owner, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._data_plane = data_plane
        self._owner = owner
        self._clock = clock
        self._workers = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="penstock-publish")

    @property
    def owner(self) -> str:
        """The uid under which this process carries out deployments."""
        return self._owner.uid

    def start(self, load: Load) -> None:
        """Carry it out soon, in a thread."""
        self._workers.submit(self._carry, load)

    def _carry(self, load: Load) -> None:
        result = self._apply(load)
        try:
            self._end(load.deployment, load.member, load.files, result)
        except Exception:  # the outermost frame of a thread; the deployment stays pending until the next start
            _LOG.exception("the end of deployment %s to %s was not recorded", load.deployment.uid, load.member.name)

    def _apply(self, load: Load) -> Result:
        try:
            return self._data_plane.apply(
                load.member.instance_uid,
                load.files,
                base_digest=load.member.base_digest,
                probes=load.probes,
                deadline_s=load.deadline_s,
            )
        except (Conflict, NotFound, UsageError) as error:  # each says that nothing was attempted
            return Result(State.REFUSED, error.message)
        except PenstockError as error:
            return Result(State.UNKNOWN, error.message)
        except Exception as error:
            _LOG.exception("deployment %s to %s failed unforeseen", load.deployment.uid, load.member.name)
            return Result(State.UNKNOWN, f"the data plane failed unforeseen ({type(error).__name__}); see the log")

    def _end(self, deployment: Deployment, member: Member, files: FileSet, result: Result) -> None:
        """Write down how a member ended, and the new version where it went active; a second end changes nothing."""
        now = self._clock()
        with self._database.write() as connection:
            if not deployments.end(connection, deployment.uid, member.instance_uid, result, now=now):
                return
            if result.state is State.ACTIVE:
                _advance(connection, deployment, member, files, now)
            ended = deployments.get(connection, deployment.uid)
            states = {one.result.state for one in ended.members}
            if ended.kind == deployments.GROUP and State.PENDING not in states and State.ACTIVE in states:
                versions.add_next(connection, ended.target_uid, files, origin=_origin(ended), now=now)

    def end_what_others_left(self, recovered: Mapping[str, Result]) -> None:
        """End the deployments of processes that are no more.

        recovered: what the data plane said, on being asked to recover, of instances that were in the middle.
        Where it had nothing to say the node is as some apply left it, and its disk tells which.
        """
        with self._database.read() as connection:
            pending = deployments.all_pending(connection)
        for deployment in pending:
            if self._owner.is_alive(deployment.owner):
                continue
            for member in deployment.members:
                if member.result.state is State.PENDING:
                    self._end_left(deployment, member, recovered.get(member.instance_uid))

    def _end_left(self, deployment: Deployment, member: Member, said: Result | None) -> None:
        try:
            disk = self._data_plane.fetch(member.instance_uid)
        except PenstockError as error:
            result = said or Result(State.UNKNOWN, f"the manager died, and the node cannot be asked: {error.message}")
            with self._database.write() as connection:
                deployments.end(connection, deployment.uid, member.instance_uid, result, now=self._clock())
            return
        with self._database.read() as connection:
            files = FileSet(disk.root, disk.entry, contents.load(connection, deployment.files))
        if said is None:
            said = self._told_by_disk(Load(deployment, member, files, (), _PROOF_DEADLINE_S), disk)
        self._end(deployment, member, files, said)

    def _told_by_disk(self, load: Load, disk: FileSet) -> Result:
        """How an apply ended that left nothing to recover: it ended by itself, or never began."""
        if disk.digest == load.files.digest:  # an apply of what is there already only proves that it runs
            return self._apply(replace(load, member=replace(load.member, base_digest=disk.digest)))
        if disk.digest == load.member.base_digest:
            return Result(State.REFUSED, "the manager died; the node has what it had before")
        return Result(State.UNKNOWN, "the manager died, and the node has neither the old nor the new configuration")

    def close(self) -> None:
        """Wait for what runs, and end what has not begun as refused. Nothing can be started afterwards."""
        self._workers.shutdown(wait=True, cancel_futures=True)
        result = Result(State.REFUSED, "the manager was stopped before this began; nothing was touched")
        with self._database.write() as connection:
            for deployment in deployments.all_pending(connection):
                if deployment.owner != self.owner:
                    continue
                for member in deployment.members:
                    deployments.end(connection, deployment.uid, member.instance_uid, result, now=self._clock())


def _origin(deployment: Deployment) -> versions.Origin:
    return versions.Origin(deployment.author, deployment.external_id, deployment.external_id_type)


def _advance(connection: sa.Connection, deployment: Deployment, member: Member, files: FileSet, now: datetime) -> None:
    """Make the files the instance's newest version, unless they were that under the same id already."""
    try:
        node = inventory.get_node(connection, member.instance_uid)
    except NotFound:  # forgotten in the meantime
        return
    current = versions.newest(connection, node.uid)
    same_id = current is not None and deployment.external_id in {"", current.external_id}
    if node.digest == files.digest and same_id:
        return
    versions.advance(connection, node, files, serial=member.fence, origin=_origin(deployment), now=now)
