"""A manager over three simulated instances, two of them in a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.manager.clocks import Clock
from tests.manager.fleets import Fleet
from tests.manager.rig import Rig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    made = Fleet("edge-1", "edge-2", "edge-3")
    yield made
    made.release()


@pytest.fixture
def rig(tmp_path: Path, fleet: Fleet, clock: Clock) -> Iterator[Rig]:
    made = Rig(tmp_path / "data", fleet, clock, groups={"edges": ("edge-1", "edge-2")})
    yield made
    fleet.release()
    made.manager.close()
