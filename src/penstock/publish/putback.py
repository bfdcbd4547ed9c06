"""Putting back: what went active is published back to its base, because another target of the same plan failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.analysis import Profile, accept, analyse
from penstock.analysis.suppressions import BAD_SUPPRESSION
from penstock.config import parse
from penstock.errors import PenstockError
from penstock.model import Result, State
from penstock.publish.awaiting import Course, Progress, digest_now, end_of
from penstock.publish.stage import unstage
from penstock.settings import RuleSetting

if TYPE_CHECKING:
    from penstock.model import Accepted, FileSet, LiveConfig
    from penstock.publish.plan import TargetPlan


def accept_base(files: FileSet) -> Accepted:
    """What an instance ran already, accepted by its syntax alone.

    It ran before our rules had a say, and going back to it must not depend on them; that it can be read is asked.
    Raises Refused where it cannot.
    """
    quiet = Profile(rules={BAD_SUPPRESSION.id: RuleSetting(enabled=False)})
    return accept(files, analyse(parse(files), (), quiet))


async def put_back(course: Course, target: TargetPlan, went_active: Result, before: LiveConfig) -> Result:
    """How the target stands after its base was published to it again: ROLLED_BACK only where that is proven."""
    name = target.instance.name
    course.tell(Progress(name, State.PENDING, "is put back, because another target failed"))
    try:
        result = await _publish_base(course, target, before)
    except PenstockError as error:
        result = Result(State.UNKNOWN, error.message)
    there = await digest_now(course, target.instance)
    if result.state is State.ACTIVE and there == before.base.digest:
        end = Result(
            State.ROLLED_BACK,
            "it went active, and was put back because another target failed",
            (*result.evidence, f"its configuration reads back as {before.base.digest[:12]}, as before"),
        )
    elif there == target.files.digest and result.state is not State.PENDING:
        message = f"{went_active.message}; it could not be put back: {result.message}"
        state = State.UNKNOWN if result.state is State.ACTIVE else State.ACTIVE
        end = Result(state, message, went_active.evidence)
    else:
        end = Result(State.UNKNOWN, f"it could not be proven that it was put back: {result.message}")
    course.tell(Progress(name, end.state, end.message))
    return end


async def _publish_base(course: Course, target: TargetPlan, before: LiveConfig) -> Result:
    plan, manager, instance = course.plan, course.manager, target.instance
    now = await manager.live(instance)
    if now.base.digest != target.files.digest:
        return Result(State.REFUSED, f"somebody else has put {now.base.digest[:12]} there meanwhile")
    staged = await manager.stage(
        f"{plan.target} {plan.digest[:12]} back",
        accept_base(before.files),
        instance=instance,
        external_id=before.external_id,
    )
    begun = await manager.publish(
        instance,
        staged,
        base=now.base,
        key=f"{plan.digest}/{instance.uid}/back",
        external_id=before.external_id,
        deadline_s=plan.deadline_s,
        validate=False,
    )
    view = await end_of(course, begun.path, deadline_s=plan.deadline_s)
    said = view.of(instance) if view else None
    if view and view.ended:
        await unstage(manager, (staged,))
    return said or Result(State.UNKNOWN, "the manager did not say how it ended")
