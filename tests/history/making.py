"""Entries and journals for these tests, and what real git says of them."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from penstock.history import Entry
from penstock.model import Outcome, State

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 5, 4, 12, 0, 0, tzinfo=UTC)


def entry(
    number: int = 1,
    *instances: str,
    outcome: Outcome = Outcome.ACTIVE,
    state: State = State.ACTIVE,
    message: str = "",
) -> Entry:
    """The entry of the publish with this number, to these instances."""
    return Entry(
        author="Ann Example <ann@example.com>",
        when=NOON.replace(hour=number % 24, second=number % 60),
        message=message or f"Change number {number}",
        plan=f"{number:064x}",
        target="production",
        outcome=outcome,
        results=dict.fromkeys(instances, state),
        source_revision="0123abc",
    )


def git(path: Path, *arguments: str) -> str:
    """What the git on this machine prints for a repository, in an environment of its own."""
    done = subprocess.run(
        ["git", f"--git-dir={path}", *arguments],
        env={"PATH": "/usr/bin:/bin", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"},
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=True,
    )
    return done.stdout
