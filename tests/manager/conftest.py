"""A manager over three simulated instances, two of them in a group."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from penstock.manager.store.database import Database
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


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database at its newest schema, to be copied: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "manager.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    database.close()
    return path


@pytest.fixture
def rig(tmp_path: Path, fleet: Fleet, clock: Clock, migrated: Path) -> Iterator[Rig]:
    (tmp_path / "data").mkdir()
    shutil.copy(migrated, tmp_path / "data" / "manager.db")
    made = Rig(tmp_path / "data", fleet, clock, groups={"edges": ("edge-1", "edge-2")})
    yield made
    fleet.release()
    made.manager.close()
