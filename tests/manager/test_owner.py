"""Owners: a living process is told from a dead one, whatever it died of."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from penstock.manager.owner import Owner

if TYPE_CHECKING:
    from pathlib import Path


def test_an_open_manager_lives_and_a_closed_one_does_not(tmp_path: Path) -> None:
    """Also where both are in one process."""
    one, other = Owner(tmp_path, "one"), Owner(tmp_path, "other")
    assert (one.is_alive("other"), other.is_alive("one"), one.is_alive("one")) == (True, True, True)
    other.close()
    other.close()
    assert not one.is_alive("other")
    assert not one.is_alive("never-was")
    one.close()
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_is_dead(tmp_path: Path) -> None:
    """kill -9 runs no clean-up; the kernel lets go of the lock, and its file is removed by whoever looks."""
    code = (
        "import sys, time, pathlib; from penstock.manager.owner import Owner;"
        "Owner(pathlib.Path(sys.argv[1]), 'killed'); print('ready', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == b"ready\n"
    here = Owner(tmp_path, "here")
    assert here.is_alive("killed")
    process.kill()
    process.wait()
    assert not here.is_alive("killed")
    here.close()
    assert list(tmp_path.iterdir()) == []
