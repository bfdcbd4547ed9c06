"""What conftest.py promises holds."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest


def test_home_is_not_the_users() -> None:
    """The home folder is a fresh one, so that no test reads or writes the user's settings."""
    assert "penstock-test-home-" in str(Path.home())


def test_no_setting_of_the_user_reaches_a_test() -> None:
    """No PENSTOCK_ or GIT_ variable is inherited but those set here."""
    inherited = {name for name in os.environ if name.startswith(("PENSTOCK_", "GIT_"))}
    assert inherited <= {"GIT_CONFIG_NOSYSTEM", "PENSTOCK_UPDATE_GOLDEN"}


def test_times_are_utc() -> None:
    """A naive local time is UTC."""
    assert time.timezone == 0


def test_the_outside_world_is_out_of_reach() -> None:
    """A connection that would leave this machine fails before it starts."""
    with socket.socket() as attempt, pytest.raises(RuntimeError, match=r"192\.0\.2\.1"):
        attempt.connect(("192.0.2.1", 80))
