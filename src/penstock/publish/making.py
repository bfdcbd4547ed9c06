"""make_plan: what the instances run now, against what is wanted."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from penstock.errors import Unreachable, UsageError
from penstock.model import FileSet
from penstock.publish.blast import blast_radius
from penstock.publish.diff import diff_of
from penstock.publish.plan import Plan, TargetPlan, refuse_secrets
from penstock.publish.target import find_group

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from penstock.client import Manager
    from penstock.model import Accepted, Group, Instance
    from penstock.ports import Probe
    from penstock.settings import TargetSettings


async def make_plan(
    manager: Manager,
    target: TargetSettings,
    desired: Mapping[str, Accepted],
    instances: Sequence[Instance],
    *,
    probes: Mapping[str, tuple[Probe, ...]] = MappingProxyType({}),
    now: datetime,
    author: str,
    source_revision: str,
    message: str,
) -> Plan:
    """The plan that brings `desired` (instance uid -> files) to the instances, in their order.

    probes: instance uid -> requests that must answer afterwards. now: with a zone.
    Files outside root are taken as they are on the node: they are not published, and the rules see them.
    Raises Unreachable for an instance that is offline, UsageError for files that do not fit an instance,
    Refused where they hold a key or a token.
    """
    offline = [instance.name for instance in instances if not instance.online]
    if offline:
        raise Unreachable(
            f"{', '.join(offline)} of the target {target.name} {'is' if len(offline) == 1 else 'are'} offline",
            way_out="Bring them back, or take them out of the group: a plan is for every member.",
        )
    targets: list[TargetPlan] = []
    changes: list[tuple[str, FileSet, FileSet]] = []
    for instance in instances:
        live = await manager.live(instance)
        files = _over_what_is_there(instance, desired[instance.uid].files, live.files)
        planned = TargetPlan(instance, live.base, files, diff_of(live.files, files), probes.get(instance.uid, ()))
        targets.append(planned)
        if planned.changed:
            changes.append((instance.name, live.files, files))
    plan = Plan(
        target=target.name,
        created_at=now,
        author=author,
        message=message,
        source_revision=source_revision,
        targets=tuple(targets),
        blast=blast_radius(changes),
        deadline_s=target.deadline_s,
        group=await _as_one(manager, target, targets),
    )
    refuse_secrets(plan)
    return plan


def _over_what_is_there(instance: Instance, wanted: FileSet, live: FileSet) -> FileSet:
    if (wanted.root, wanted.entry) != (live.root, live.entry):
        raise UsageError(
            f"the files for {instance.name} are for {wanted.entry} in {wanted.root}, "
            f"and it reads {live.entry} in {live.root}",
            way_out="Set `root` and `entry` of the target to what the instance has.",
        )
    outside = {path: data for path, data in live.files.items() if not live.holds(path)}
    return FileSet(wanted.root, wanted.entry, {**outside, **wanted.inside}, origins=wanted.origins)


async def _as_one(manager: Manager, target: TargetSettings, targets: Sequence[TargetPlan]) -> Group | None:
    """The group, where one publish can carry the same bytes and probes to exactly its members."""
    if not target.group or len(targets) < 2:
        return None
    first = targets[0]
    same = all(
        (one.files.root, one.files.entry, one.files.files, one.probes)
        == (first.files.root, first.files.entry, first.files.files, first.probes)
        for one in targets
    )
    if not same or not all(one.changed for one in targets):
        return None
    group = await find_group(manager, target)
    return group if set(group.instance_uids) == {one.instance.uid for one in targets} else None
