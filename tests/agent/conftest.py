"""A real nginx for each test that asks for one, always killed afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.agent.nginxes import Nginx, lay_out

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    """Started, and serving `old`."""
    made = lay_out(tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.stop()
