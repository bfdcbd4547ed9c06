"""`penstock demo` on real nginx: the whole story ends well, twice, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.nginx, pytest.mark.slow]


def nginx_processes(folder: Path) -> list[str]:
    """The command lines of nginx masters that run from this folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in line and "nginx" in line:
            found.append(line)
    return found


def play(folder: Path, cwd: Path) -> str:
    """The output of one run that ended with 0."""
    end = subprocess.run(
        [sys.executable, "-m", "penstock", "demo", "--folder", str(folder)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert end.returncode == 0, end.stdout[-4000:] + end.stderr[-4000:]
    return end.stdout + end.stderr


def test_the_story_ends_well_twice_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """Every step does what it says, a second run too; no process stays, and no file outside the folder."""
    home_before = sorted(path.name for path in Path.home().iterdir())
    for _ in range(2):
        out = play(tmp_path / "stage", tmp_path)
        assert "requests that failed: 0." in out
        assert "rolled back" in out
        assert "Every step did what it said" in out
        assert nginx_processes(tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == ["stage"]
    assert sorted(path.name for path in Path.home().iterdir()) == home_before


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    """The demo empties only a folder of its own."""
    (tmp_path / "precious.txt").write_text("mine")
    end = subprocess.run(
        [sys.executable, "-m", "penstock", "demo", "--folder", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ},
    )
    assert end.returncode == 2
    assert "not the demo's" in end.stderr
    assert (tmp_path / "precious.txt").read_text() == "mine"
