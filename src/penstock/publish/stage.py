"""Staging: the files of a plan on the manager, with nothing live by it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from penstock.errors import PenstockError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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


async def unstage(manager: Manager, uids: Iterable[str]) -> None:
    """Delete staged configs that nobody needs any more; one that cannot be deleted stays, and harms nobody."""
    for uid in sorted(set(uids)):
        with contextlib.suppress(PenstockError):
            await manager.unstage(uid)


def _same(one: Accepted, other: Accepted) -> bool:
    return (one.files.root, one.files.files) == (other.files.root, other.files.files)
