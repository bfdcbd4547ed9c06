"""How a whole publish ended, from how it ended for each of its targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.model import Outcome, State

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one target stands at the end. moves: whether the plan changes it at all."""

    state: State
    moves: bool = True


def settle(standings: Iterable[Standing]) -> Outcome:
    """The outcome of all, the worst thing that can be true of them first.

    A target that the plan does not change stands on old and new at once, so it makes no fleet mixed.
    """
    standings = tuple(standings)
    states = {standing.state for standing in standings if standing.moves or standing.state is not State.ACTIVE}
    if states & {State.UNKNOWN, State.PENDING}:
        return Outcome.UNKNOWN
    if not states:
        return Outcome.UNCHANGED
    if states == {State.ACTIVE}:
        return Outcome.ACTIVE
    if State.ACTIVE in states:
        return Outcome.MIXED
    return Outcome.ROLLED_BACK if State.ROLLED_BACK in states else Outcome.REFUSED
