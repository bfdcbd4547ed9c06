"""make_rollback_plan: an ordinary plan, of an earlier version."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from penstock.errors import NotFound, Refused
from penstock.model import Accepted, FileSet
from penstock.publish.making import make_plan
from penstock.publish.target import resolve_target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from penstock.client import Manager
    from penstock.history import Journal
    from penstock.model import Instance, Report
    from penstock.ports import Probe
    from penstock.publish.plan import Plan
    from penstock.settings import TargetSettings


async def make_rollback_plan(
    manager: Manager,
    target: TargetSettings,
    journal: Journal,
    *,
    to: str = "",
    check: Callable[[FileSet], Report],
    now: datetime,
    author: str,
    message: str = "",
    probes: Mapping[str, tuple[Probe, ...]] = MappingProxyType({}),
) -> Plan:
    """The plan that brings every instance of the target back to a version of the journal.

    to: a revision of the journal; without it, for each instance the newest that was active and differs from its last.
    Raises NotFound where there is no such version, Refused where today's rules do not let it pass.
    """
    instances = await resolve_target(manager, target)
    desired: dict[str, Accepted] = {}
    revisions: dict[str, str] = {}
    for instance in instances:
        revision = to or _previous(journal, instance)
        relative = journal.files(revision, instance.name)
        root = instance.root.rstrip("/")
        outside = await _outside(manager, instance)
        files = FileSet(
            instance.root, instance.entry, {**outside, **{f"{root}/{name}": data for name, data in relative.items()}}
        )
        try:
            desired[instance.uid] = Accepted(files, check(files))
        except Refused as error:
            raise Refused(
                f"{instance.name} at {revision[:12]} does not pass today's rules: {error.message}",
                way_out="Suppress the finding with a reason in the profile, or roll back to another version.",
            ) from error
        revisions[instance.name] = journal.show(revision).commit[:12]
    where = ", ".join(f"{name} to {commit}" for name, commit in revisions.items())
    return await make_plan(
        manager,
        target,
        desired,
        instances,
        probes=probes,
        now=now,
        author=author,
        source_revision="",
        message=message or f"Roll back {target.name}: {where}",
    )


def _previous(journal: Journal, instance: Instance) -> str:
    version = journal.previous(instance.name)
    if version is None:
        raise NotFound(
            f"the history has no earlier version of {instance.name} to go back to",
            way_out="`penstock history log` shows what there is; --to names a version.",
        )
    return version.commit


async def _outside(manager: Manager, instance: Instance) -> dict[str, bytes]:
    """What the instance reads from outside its root: the rules must see it."""
    live = await manager.live(instance)
    return {path: data for path, data in live.files.files.items() if not live.files.holds(path)}
