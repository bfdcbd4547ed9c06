"""The pure decisions: the outcome of many, and the judgement on one."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest

from penstock.model import Base, Outcome, Result, State
from penstock.publish.outcome import Standing, settle
from penstock.publish.prove import judge

STANDINGS = [Standing(state) for state in State] + [Standing(State.ACTIVE, moves=False)]
SAME = STANDINGS[-1]
ALL = [combination for size in range(1, 4) for combination in itertools.product(STANDINGS, repeat=size)]


def expected(combination: tuple[Standing, ...]) -> Outcome:
    """The table of exit codes in words: what may be said of targets that stand like this."""
    moving = [one.state for one in combination if one != SAME]
    if any(state in {State.UNKNOWN, State.PENDING} for state in moving):
        return Outcome.UNKNOWN
    if not moving:
        return Outcome.UNCHANGED
    new = [state for state in moving if state is State.ACTIVE]
    if len(new) == len(moving):
        return Outcome.ACTIVE
    if new:
        return Outcome.MIXED
    return Outcome.REFUSED if set(moving) == {State.REFUSED} else Outcome.ROLLED_BACK


def test_every_combination_of_up_to_three_targets_has_its_outcome() -> None:
    """All 258 of them, in every order."""
    assert len(ALL) == 6 + 36 + 216
    assert [settle(one) for one in ALL] == [expected(one) for one in ALL]


BASE = Base("b" * 64, '"1-bbbbbbbbbbbb"', datetime(2026, 1, 1, tzinfo=UTC))
NEW = "a" * 64
OTHER = "c" * 64
JUDGED = [
    # said, in words, what is there -> the state
    (State.ACTIVE, True, NEW, State.ACTIVE),
    (State.ACTIVE, True, BASE.digest, State.UNKNOWN),
    (State.ACTIVE, True, OTHER, State.UNKNOWN),
    (State.ACTIVE, True, None, State.UNKNOWN),
    (State.REFUSED, True, BASE.digest, State.REFUSED),
    (State.REFUSED, True, OTHER, State.REFUSED),
    (State.REFUSED, True, NEW, State.UNKNOWN),
    (State.REFUSED, True, None, State.UNKNOWN),
    (State.ROLLED_BACK, True, BASE.digest, State.ROLLED_BACK),
    (State.ROLLED_BACK, True, OTHER, State.UNKNOWN),
    (State.ROLLED_BACK, True, NEW, State.UNKNOWN),
    (State.UNKNOWN, True, BASE.digest, State.UNKNOWN),
    (State.UNKNOWN, True, NEW, State.UNKNOWN),
    (State.UNKNOWN, False, BASE.digest, State.ROLLED_BACK),
    (State.UNKNOWN, False, NEW, State.UNKNOWN),
    (State.UNKNOWN, False, OTHER, State.UNKNOWN),
    (State.PENDING, True, NEW, State.UNKNOWN),
    (State.PENDING, True, BASE.digest, State.UNKNOWN),
    (None, True, NEW, State.UNKNOWN),
    (None, True, BASE.digest, State.UNKNOWN),
]


@pytest.mark.parametrize(("said", "in_words", "there", "state"), JUDGED)
def test_the_bytes_have_the_last_word(said: State | None, in_words: bool, there: str | None, state: State) -> None:
    """Success is only what reads back as the plan; nothing that contradicts itself is called an end."""
    result = Result(said, "it said so") if said else None
    end = judge(result, in_words=in_words, digest=there, base=BASE, wanted=NEW)
    assert end.state is state
    assert end.message
