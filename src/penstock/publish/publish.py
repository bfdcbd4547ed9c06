"""publish_plan: look, stage, publish, prove; and where one target fails, put the others back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from penstock.errors import Conflict, PenstockError, StateUnknown
from penstock.model import Result, State
from penstock.publish.attempts import begin
from penstock.publish.awaiting import Course, Progress, end_of, result_for
from penstock.publish.outcome import Standing, settle
from penstock.publish.putback import put_back
from penstock.publish.stage import stage_plan, unstage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from penstock.client import DeploymentView, Manager
    from penstock.model import Accepted, FileSet, Group, Instance, LiveConfig, Outcome
    from penstock.publish.plan import Plan, TargetPlan

__all__ = ["Progress", "Publication", "publish_plan"]

_AT_ONCE = 8  # members that a manager of ours writes to at the same time


@dataclass(frozen=True)
class Publication:
    """How a publish ended. results: of every target, in the order of the plan. started, ended: with a zone.

    bases: instance uid -> what it ran before, of the targets that still ran their base when this began.
    """

    outcome: Outcome
    results: tuple[tuple[Instance, Result], ...]
    started: datetime
    ended: datetime
    bases: Mapping[str, FileSet] = field(default_factory=lambda: MappingProxyType({}))


def _now() -> datetime:
    return datetime.now(UTC)


def _never() -> bool:
    return False


async def publish_plan(
    manager: Manager,
    plan: Plan,
    accepted: Mapping[str, Accepted],
    *,
    on_progress: Callable[[Progress], None],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    clock: Callable[[], datetime] = _now,
    stop: Callable[[], bool] = _never,
) -> Publication:
    """Carry the plan out, one target after the other or the group as one, until the first that fails.

    A second call with the same plan finds out what became of the first and goes on from there.
    stop: asked before each target; True leaves the rest as it is, and what went active stays.
    Raises what the manager answers while nothing has moved: Conflict for a stale plan, Unreachable, CredentialError,
    Refused. From then on every end is a Result. When cancelled, on_progress is told what is left in doubt.
    """
    course = Course(manager, plan, on_progress, sleep, clock, clock())
    lives = await _look(course)
    ends: dict[str, Result] = {}
    for target in plan.targets:
        if not target.changed:
            ends[target.instance.uid] = _end(course, target, Result(State.ACTIVE, "it runs these files already"))
    if len(ends) < len(plan.targets) and not stop():
        staged = await stage_plan(manager, plan, accepted)
        if plan.group:
            await _publish_group(course, plan.group, staged, lives, ends)
        else:
            await _publish_each(course, staged, lives, ends, stop)
        if not any(end.state in {State.PENDING, State.UNKNOWN} for end in ends.values()):
            await unstage(manager, staged.values())
    if any(end.state is not State.ACTIVE for end in ends.values()):
        await _put_back_the_others(course, lives, ends)
    why = "stopped before it" if stop() else "another target failed before it"
    untried = Result(State.REFUSED, f"it was not tried: {why}")
    results = tuple((target.instance, ends.get(target.instance.uid, untried)) for target in plan.targets)
    moves = {target.instance.uid: target.changed for target in plan.targets}
    return Publication(
        outcome=settle(Standing(result.state, moves[instance.uid]) for instance, result in results),
        results=results,
        started=course.started,
        ended=clock(),
        bases={uid: live.files for uid, live in lives.items() if live.base.digest == _base_of(plan, uid)},
    )


def _base_of(plan: Plan, uid: str) -> str:
    return next(target.base.digest for target in plan.targets if target.instance.uid == uid)


async def _look(course: Course) -> dict[str, LiveConfig]:
    """What every target runs now. Raises Conflict where one runs neither its base nor the plan's files."""
    lives: dict[str, LiveConfig] = {}
    for target in course.plan.targets:
        live = await course.manager.live(target.instance)
        lives[target.instance.uid] = live
        if live.base.digest == target.files.digest:
            continue
        base = target.base
        same_tag = not (base.tag and live.base.tag) or base.tag == live.base.tag
        if live.base.digest == base.digest and same_tag:
            continue
        by = f", published as {live.external_id}" if live.external_id else ", by somebody who gave no revision"
        away = "moved" if live.base.digest != base.digest else "moved away and back"
        raise Conflict(
            f"{target.instance.name} {away} since the plan was made: from {base.digest[:12]} to "
            f"{live.base.digest[:12]} at {live.base.updated_at:%Y-%m-%d %H:%M:%S}Z{by}",
            way_out="Make a new plan from what runs now.",
        )
    return lives


async def _publish_each(
    course: Course,
    staged: Mapping[str, str],
    lives: Mapping[str, LiveConfig],
    ends: dict[str, Result],
    stop: Callable[[], bool],
) -> None:
    for target in course.plan.targets:
        if not target.changed:
            continue
        if stop():
            return
        uid = target.instance.uid
        course.tell(Progress(target.instance.name, State.PENDING, "is published to"))
        try:
            result = await _publish_one(course, target, staged[uid], lives[uid])
        except PenstockError as error:
            if not _moved(course.plan, lives, ends):
                raise
            result = Result(State.REFUSED, error.message)
        except asyncio.CancelledError:
            _leave_in_doubt(course, [target])
            raise
        ends[uid] = _end(course, target, result)
        if result.state is not State.ACTIVE:
            return


async def _publish_one(course: Course, target: TargetPlan, config_uid: str, live: LiveConfig) -> Result:
    """How it ended. Raises what the manager answers while the node is as it was."""
    plan, instance = course.plan, target.instance
    try:
        path = await begin(
            course,
            f"{plan.digest}/{instance.uid}",
            (instance,),
            lambda key: course.manager.publish(
                instance,
                config_uid,
                base=target.base,
                key=key,
                external_id=plan.external_id,
                probes=target.probes,
                deadline_s=plan.deadline_s,
            ),
        )
    except Conflict:
        if live.base.digest == target.files.digest:
            return Result(State.ACTIVE, "it ran these files already when this publish began")
        raise
    except StateUnknown as error:
        return Result(State.UNKNOWN, str(error))
    view = await end_of(course, path, deadline_s=plan.deadline_s)
    return await result_for(course, view, instance, base=target.base, wanted=target.files.digest)


async def _publish_group(
    course: Course, group: Group, staged: Mapping[str, str], lives: Mapping[str, LiveConfig], ends: dict[str, Result]
) -> None:
    plan = course.plan
    first = plan.targets[0]
    for target in plan.targets:
        course.tell(Progress(target.instance.name, State.PENDING, f"is published to with the group {group.name}"))
    deadline_s = plan.deadline_s * -(-len(plan.targets) // _AT_ONCE)
    try:
        view = await _group_end(course, group, staged[first.instance.uid], lives, deadline_s)
    except Conflict:
        if any(lives[target.instance.uid].base.digest != target.files.digest for target in plan.targets):
            raise
        there = Result(State.ACTIVE, "it ran these files already when this publish began")
        ends.update({target.instance.uid: _end(course, target, there) for target in plan.targets})
        return
    except StateUnknown as error:
        doubt = Result(State.UNKNOWN, str(error))
        ends.update({target.instance.uid: _end(course, target, doubt) for target in plan.targets})
        return
    except asyncio.CancelledError:
        _leave_in_doubt(course, plan.targets)
        raise
    for target in plan.targets:
        result = await result_for(course, view, target.instance, base=target.base, wanted=target.files.digest)
        ends[target.instance.uid] = _end(course, target, result)


async def _group_end(
    course: Course, group: Group, config_uid: str, lives: Mapping[str, LiveConfig], deadline_s: float
) -> DeploymentView | None:
    """The end of the deployment to the group.

    The group's tag is read first, who is in it and what every member runs after it: what moves later, the tag refuses.
    """
    plan = course.plan
    tag = await course.manager.group_tag(group.uid)
    members = {uid for one in await course.manager.groups() if one.uid == group.uid for uid in one.instance_uids}
    if members != set(group.instance_uids):
        raise Conflict(
            f"the instance group {group.name} has other members than when the plan was made",
            way_out="Make a new plan: a publish to the group would reach instances that this one says nothing of.",
        )
    if any(live.base.digest != _wanted_of(plan, uid) for uid, live in lives.items()):
        await _look(course)
    path = await begin(
        course,
        f"{plan.digest}/{group.uid}",
        tuple(target.instance for target in plan.targets),
        lambda key: course.manager.publish_group(
            group,
            config_uid,
            tag=tag,
            updated_at=max(target.base.updated_at for target in plan.targets),
            key=key,
            external_id=plan.external_id,
            probes=plan.targets[0].probes,
            deadline_s=plan.deadline_s,
        ),
    )
    return await end_of(course, path, deadline_s=deadline_s)


def _wanted_of(plan: Plan, uid: str) -> str:
    return next(target.files.digest for target in plan.targets if target.instance.uid == uid)


async def _put_back_the_others(course: Course, lives: Mapping[str, LiveConfig], ends: dict[str, Result]) -> None:
    """Put back what this call made active; what ran the plan's files before it has no base that we hold."""
    for target in course.plan.targets:
        uid = target.instance.uid
        end = ends.get(uid)
        if end is None or end.state is not State.ACTIVE or not target.changed:
            continue
        if lives[uid].base.digest != target.base.digest:
            continue
        try:
            ends[uid] = await put_back(course, target, end, lives[uid])
        except asyncio.CancelledError:
            _leave_in_doubt(course, [target])
            raise


def _moved(plan: Plan, lives: Mapping[str, LiveConfig], ends: Mapping[str, Result]) -> bool:
    """Whether a target runs the plan's files because of this plan, by this call or by one before it."""
    return any(
        target.changed
        and (target.instance.uid in ends or lives[target.instance.uid].base.digest == target.files.digest)
        for target in plan.targets
    )


def _end(course: Course, target: TargetPlan, result: Result) -> Result:
    course.tell(Progress(target.instance.name, result.state, result.message))
    return result


def _leave_in_doubt(course: Course, targets: tuple[TargetPlan, ...] | list[TargetPlan]) -> None:
    for target in targets:
        message = "interrupted while it was being published to; publish the same plan again to find out how it ended"
        course.tell(Progress(target.instance.name, State.UNKNOWN, message))
