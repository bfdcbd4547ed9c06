"""Which instances a target has, as its manager says."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from penstock.errors import NotFound, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from penstock.client import Manager
    from penstock.model import Group, Instance
    from penstock.settings import TargetSettings


async def resolve_target(manager: Manager, target: TargetSettings) -> tuple[Instance, ...]:
    """The instances of the target, sorted by name, those that are offline too (`Instance.online` says it).

    Raises NotFound, with the nearest names, for an instance or a group that the manager does not know or a group
    that nobody is in; UsageError for a name that two instances have.
    """
    if target.group:
        group = await find_group(manager, target)
        members = await manager.instances(uids=frozenset(group.instance_uids))
        if not members:
            raise NotFound(
                f"the instance group {group.name} of the target {target.name} has no members",
                way_out="Put instances into it first.",
            )
        return members
    names = await manager.names()
    uids = [uid for uid, name in names.items() if target.instance in (uid, name)]
    if not uids:
        raise NotFound(
            f"{manager.called} knows no instance {target.instance!r}, which the target {target.name} names",
            way_out=_nearest(target.instance, names.values()),
        )
    if 1 < len(uids):
        raise UsageError(
            f"{len(uids)} instances are named {target.instance!r}: {', '.join(sorted(uids))}",
            way_out="Name the one you mean by its uid.",
        )
    return await manager.instances(uids=uids)


async def find_group(manager: Manager, target: TargetSettings) -> Group:
    """The target's group. Raises NotFound with the nearest names."""
    groups = await manager.groups()
    for group in groups:
        if target.group in (group.uid, group.name):
            return group
    raise NotFound(
        f"{manager.called} knows no instance group {target.group!r}, which the target {target.name} names",
        way_out=_nearest(target.group, [group.name for group in groups]),
    )


def _nearest(name: str, known: Iterable[str]) -> str:
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    if not names:
        return "It knows none at all. The manager in this process has what [manager] in penstock.toml gives it."
    more = f" and {len(names) - 10} more" if 10 < len(names) else ""
    return f"It knows {', '.join(names[:10])}{more}."
