"""Waiting for the end of a publish, and reading back what it left: what publishing and putting back share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from penstock.errors import PenstockError, StateUnknown, Unreachable
from penstock.model import Result, State
from penstock.publish.prove import judge

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from penstock.client import DeploymentView, Manager
    from penstock.model import Base, Instance
    from penstock.publish.plan import Plan

GRACE_S = 30.0  # beyond the node's own deadline: the way to it, and its way back
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known of one instance of a publish as it goes on."""

    instance: str
    state: State
    message: str


@dataclass(frozen=True, slots=True)
class Course:
    """What one publish is carried out with. started: when; clock gives times with a zone."""

    manager: Manager
    plan: Plan
    tell: Callable[[Progress], None]
    sleep: Callable[[float], Awaitable[None]]
    clock: Callable[[], datetime]
    started: datetime


async def end_of(course: Course, path: str, *, deadline_s: float) -> DeploymentView | None:
    """The deployment when it has ended, or as it stands after deadline_s and GRACE_S seconds; None where it is gone.

    A manager that does not answer for a while is asked again until then.
    """
    until = course.clock() + timedelta(seconds=deadline_s + GRACE_S)
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            view: DeploymentView | None = await course.manager.deployment(path)
        except (Unreachable, StateUnknown):
            view = None
        except PenstockError:
            return None
        if (view and view.ended) or until <= course.clock():
            return view
        await course.sleep(pause_s)
        pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)


async def result_for(
    course: Course, view: DeploymentView | None, instance: Instance, *, base: Base, wanted: str
) -> Result:
    """How the deployment ended for one instance, proven on the bytes that are there now."""
    said = view.of(instance) if view else None
    if view and said is None and instance.name in view.skipped:
        said = Result(State.REFUSED, "it was offline, and nothing was sent to it")
    if view and said and said.state is not State.ACTIVE and view.created_at < course.started - timedelta(seconds=2):
        when = f"{view.created_at:%Y-%m-%d %H:%M:%S}Z"
        again = f"{said.message} (this plan was carried out before, at {when}; make a new plan to try again)"
        said = Result(said.state, again, said.evidence)
    in_words = view is None or view.says_state(instance)
    return judge(said, in_words=in_words, digest=await digest_now(course, instance), base=base, wanted=wanted)


async def digest_now(course: Course, instance: Instance) -> str | None:
    """The digest of what is on the instance, or None where it cannot be read."""
    try:
        live = await course.manager.live(instance)
    except PenstockError:
        return None
    return live.base.digest
