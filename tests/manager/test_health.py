"""Readiness and liveness: told without credentials, and truly."""

from __future__ import annotations

import sqlite3
import uuid
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.manager.rig import Rig


@pytest.mark.parametrize("path", ["/health", "/api/platform/v1/health"])
def test_a_manager_that_works_is_healthy(rig: Rig, path: str) -> None:
    """Every service by NIM's names, with a body and a request id."""
    answer = rig.call("GET", path, base="")
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "healthy"
    assert set(body["services"]) == {"core", "dpm", "ingestion", "integrations", "secmon"}
    assert uuid.UUID(answer.headers["x-request-id"])


def test_readiness_and_liveness_need_no_credentials(rig: Rig) -> None:
    """A load balancer has none; what NIM keeps behind them stays there."""
    rig.credentials = None
    assert rig.call("GET", "/health", base="").status_code == 200
    assert rig.call("GET", "/api/liveness/dpm", base="").status_code == 200
    assert rig.call("GET", "/api/liveness/nobody", base="").status_code == 404
    assert rig.call("GET", "/health").status_code == 401


@pytest.mark.parametrize("path", ["/health", "/api/platform/v1/health"])
def test_without_its_database_a_manager_is_not_ready(rig: Rig, path: str) -> None:
    """503, with a body that gives nothing away; it is alive all the same."""
    with sqlite3.connect(rig.data / "manager.db") as connection:
        connection.execute("ALTER TABLE users RENAME TO lost")
    connection.close()
    answer = rig.call("GET", path, base="")
    assert answer.status_code == 503
    assert answer.json()["message"] == "unhealthy: the database does not answer"
    assert "lost" not in answer.text
    assert rig.call("GET", "/api/liveness/core", base="").status_code == 200
