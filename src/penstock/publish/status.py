"""fleet_status: what the instances of a target run, beside what was last recorded for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.errors import PenstockError
from penstock.model import FileSet
from penstock.publish.target import resolve_target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.client import DeploymentView, Manager
    from penstock.history import Journal
    from penstock.model import Base, Instance, LiveConfig
    from penstock.settings import TargetSettings


@dataclass(frozen=True, slots=True)
class InstanceStatus:
    """One instance as it stands.

    live: the version on it, None where it could not be read, and `problem` says why. in_sync: whether that is what
    was wanted or last recorded; None where nothing is known of that. last: its newest deployment.
    """

    instance: Instance
    live: Base | None
    external_id: str
    in_sync: bool | None
    last: DeploymentView | None
    problem: str = ""


async def fleet_status(
    manager: Manager,
    target: TargetSettings,
    *,
    journal: Journal | None = None,
    desired: Mapping[str, FileSet] | None = None,
) -> tuple[InstanceStatus, ...]:
    """Every instance of the target, sorted by name. desired: instance uid -> what it should run, before the journal.

    An instance that cannot be asked is in the answer with its problem; raises as `resolve_target` does.
    """
    found = []
    for instance in await resolve_target(manager, target):
        try:
            live = await manager.live(instance)
            last = await manager.last_deployment(instance)
        except PenstockError as error:
            found.append(InstanceStatus(instance, None, "", None, None, error.message))
            continue
        wanted = desired.get(instance.uid) if desired else None
        digest = wanted.digest if wanted else _recorded(journal, instance, live)
        in_sync = None if digest is None else digest == live.base.digest
        found.append(InstanceStatus(instance, live.base, live.external_id, in_sync, last))
    return tuple(found)


def _recorded(journal: Journal | None, instance: Instance, live: LiveConfig) -> str | None:
    files = journal.latest(instance.name) if journal else None
    if files is None:
        return None
    root = live.files.root
    return FileSet(root, live.files.entry, {f"{root.rstrip('/')}/{name}": data for name, data in files.items()}).digest
