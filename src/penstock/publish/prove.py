"""What became of one target: the manager's word against the bytes that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.model import Result, State

if TYPE_CHECKING:
    from penstock.model import Base


def judge(said: Result | None, *, in_words: bool, digest: str | None, base: Base, wanted: str) -> Result:
    """How the publish of `wanted` over `base` ended.

    said: the manager's answer at the end, None where there is none. in_words: whether it tells the states apart (ours
    does); from a manager that only says "failed", bytes that are the base's mean that it went back.
    digest: of what was read back, None where that failed.
    """
    if said is None or said.state is State.PENDING:
        return _unknown("the manager did not say how it ended", said, digest, base, wanted)
    if digest is None:
        return _unknown("its configuration could not be read back", said, digest, base, wanted)
    if said.state is State.ACTIVE:
        if digest == wanted:
            return Result(
                State.ACTIVE, said.message, (*said.evidence, f"its configuration reads back as {wanted[:12]}")
            )
        return _unknown("the manager says that it is active", said, digest, base, wanted)
    if said.state is State.UNKNOWN and not in_words:
        if digest == base.digest:
            return Result(State.ROLLED_BACK, said.message, (*said.evidence, _back(base)))
        return _unknown("the manager says that it failed", said, digest, base, wanted)
    if said.state is State.ROLLED_BACK and digest == base.digest:
        return Result(State.ROLLED_BACK, said.message, (*said.evidence, _back(base)))
    if said.state is State.REFUSED and digest != wanted:
        if digest == base.digest:
            return Result(State.REFUSED, said.message, (*said.evidence, _back(base)))
        moved = f"{said.message}; somebody else has put {digest[:12]} there meanwhile"
        return Result(State.REFUSED, moved, said.evidence)
    return _unknown(f"the manager says {said.state.value}", said, digest, base, wanted)


def _back(base: Base) -> str:
    return f"its configuration reads back as {base.digest[:12]}, as before"


def _unknown(what: str, said: Result | None, digest: str | None, base: Base, wanted: str) -> Result:
    if digest is None:
        there = "what is there could not be read"
    elif digest == wanted:
        there = "the plan's files are there"
    elif digest == base.digest:
        there = "the earlier files are there"
    else:
        there = f"files of neither version are there ({digest[:12]})"
    more = f" ({said.message})" if said and said.message else ""
    return Result(State.UNKNOWN, f"{what}{more}, and {there}", said.evidence if said else ())
