"""Staging: the files of a plan on the manager, with nothing live by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.client import Manager
    from penstock.model import Accepted
    from penstock.publish.plan import Plan


async def stage_plan(manager: Manager, plan: Plan, accepted: Mapping[str, Accepted]) -> Mapping[str, str]:
    """Instance uid -> uid of its staged config, of the targets that the plan changes; equal files are staged once.

    Raises KeyError for a target that was not accepted: `approve` gives what is wanted here.
    """
    staged: dict[str, str] = {}
    known: list[tuple[Accepted, str]] = []
    for target in plan.targets:
        if not target.changed:
            continue
        mine = accepted[target.instance.uid]
        uid = next((uid for other, uid in known if _same(mine, other)), "")
        if not uid:
            name = f"{plan.target} {plan.digest[:12]}"
            instance = None if plan.group else target.instance
            uid = await manager.stage(name, mine, instance=instance, external_id=plan.external_id)
            known.append((mine, uid))
        staged[target.instance.uid] = uid
    return staged


def _same(one: Accepted, other: Accepted) -> bool:
    return (one.files.root, one.files.files) == (other.files.root, other.files.files)
