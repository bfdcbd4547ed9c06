"""Asking for a publish again, when an earlier try of the same plan is known to have failed and to be over.

Each try has an Idempotency-Key of its own, counted from the first. Whoever runs the plan walks the keys in order, so
that a try that still runs, or that ended well, is found and not repeated, whichever process began it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.errors import PenstockError
from penstock.model import State
from penstock.publish.awaiting import Progress

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from penstock.client import Begun
    from penstock.model import Instance
    from penstock.publish.awaiting import Course

_MOST = 100  # tries of one plan; then the last one's end is the answer
_OVER = frozenset({State.REFUSED, State.ROLLED_BACK})  # the instance is as it was, so trying again is safe


async def begin(course: Course, key: str, instances: Sequence[Instance], ask: Callable[[str], Awaitable[Begun]]) -> str:
    """The path of the deployment to wait for: of the newest try, begun now where all earlier ones failed.

    ask: sends the publish under a key. Raises what it raises.
    """
    for number in range(1, _MOST):
        begun = await ask(key if number == 1 else f"{key}/{number}")
        if not (begun.earlier and await _failed(course, begun.path, instances)):
            return begun.path
    return (await ask(f"{key}/{_MOST}")).path


async def _failed(course: Course, path: str, instances: Sequence[Instance]) -> bool:
    """Whether that deployment has ended, and every instance was left as it was; told where it is so."""
    try:
        view = await course.manager.deployment(path)
    except PenstockError:
        return False
    ends = [view.of(instance) for instance in instances]
    if not view.ended or any(end is None or end.state not in _OVER for end in ends):
        return False
    when = f"{view.created_at:%Y-%m-%d %H:%M:%S}Z"
    for instance, end in zip(instances, ends, strict=True):
        if end is not None:
            message = f"is tried again: the try of {when} ended {end.state.value}, {end.message}"
            course.tell(Progress(instance.name, State.PENDING, message))
    return True
