"""Roots that cannot be swapped, folders that strangers planted, and disks that fill up."""

from __future__ import annotations

import contextlib
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from penstock.model import State
from tests.agent.nginxes import Nginx, lay_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.nginx

SITE = "sites-enabled/default"


@contextlib.contextmanager
def mounted(place: Path, *, size: str) -> Iterator[None]:
    """An empty tmpfs there; the test is skipped where nobody may mount."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "none", str(place)]
    end = subprocess.run(command, check=False, capture_output=True, text=True)
    if end.returncode:
        pytest.skip(f"this machine lets nobody mount: {end.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextlib.contextmanager
def running(nginx: Nginx) -> Iterator[Nginx]:
    try:
        nginx.start()
        yield nginx
    finally:
        nginx.stop()


def test_a_root_that_is_a_mount_point_is_refused_by_name(tmp_path: Path) -> None:
    """Nothing is touched, and nothing is left beside it."""
    (tmp_path / "etc" / "nginx").mkdir(parents=True)
    with mounted(tmp_path / "etc" / "nginx", size="1m"), running(lay_out(tmp_path)) as nginx:
        before = nginx.tree()
        result = nginx.publish({SITE: nginx.site("new")})
        assert result.state is State.REFUSED, result
        assert f"{nginx.root} is a mount point" in result.message
        assert nginx.tree() == before
        assert not nginx.beside.exists()


def test_a_root_that_is_a_link_is_refused_by_name(tmp_path: Path) -> None:
    """The exchange would put a folder in the link's place."""
    laid = lay_out(tmp_path)
    laid.root.rename(tmp_path / "release-7")
    laid.root.symlink_to(tmp_path / "release-7")
    with running(laid) as nginx:
        result = nginx.publish({SITE: nginx.site("new")})
        assert result.state is State.REFUSED, result
        assert f"{nginx.root} is a symbolic link to {tmp_path / 'release-7'}" in result.message
        assert nginx.root.is_symlink()
        assert not nginx.beside.exists()
        assert nginx.serves() == "old"


def a_link(beside: Path) -> None:
    elsewhere = beside.with_name("elsewhere")
    elsewhere.mkdir()
    beside.symlink_to(elsewhere)


def a_dangling_link(beside: Path) -> None:
    beside.symlink_to(beside.with_name("nowhere"))


def a_strangers(beside: Path) -> None:
    beside.mkdir(mode=0o700)
    os.chown(beside, 12345, 12345)


def open_to_all(beside: Path) -> None:
    beside.mkdir()
    beside.chmod(0o777)


def open_to_a_group(beside: Path) -> None:
    beside.mkdir()
    beside.chmod(0o770)


@pytest.mark.parametrize("plant", [a_link, a_dangling_link, a_strangers, open_to_all, open_to_a_group])
def test_a_planted_folder_is_neither_used_nor_followed(nginx: Nginx, plant: Callable[[Path], None]) -> None:
    """Whoever plants `<root>.penstock` cannot have a tree or a journal of his swapped in."""
    plant(nginx.beside)
    before = nginx.tree()
    result = nginx.publish({SITE: nginx.site("new")})
    assert result.state is State.REFUSED, result
    assert str(nginx.beside) in result.message
    if nginx.beside.is_dir():
        (nginx.beside / "candidate").mkdir()
        (nginx.beside / "candidate" / "nginx.conf").write_bytes(b"events {} # planted\n")
        (nginx.beside / "state.json").write_text("{}")
        ((uid, end),) = nginx.plane().recover()
        assert (uid, end.state) == (nginx.uid, State.UNKNOWN)
        assert str(nginx.beside) in end.message
    assert nginx.tree() == before


def test_a_disk_too_small_for_a_second_tree_is_refused(tmp_path: Path) -> None:
    """The copy itself runs out of space: nothing is touched, and nothing of it is left."""
    with mounted(tmp_path, size="600k"):
        laid = lay_out(tmp_path)
        (laid.root / "list.txt").write_bytes(b"x" * 400_000)
        with running(laid) as nginx:
            before = nginx.tree()
            result = nginx.publish({SITE: nginx.site("new")})
            assert result.state is State.REFUSED, result
            assert "No space left" in result.message
            assert {path.name for path in nginx.beside.iterdir()} == {"lock"}
            assert nginx.tree() == before
            assert nginx.serves() == "old"


def fill(place: Path) -> None:
    """Write until the disk is full to the last byte."""
    with contextlib.suppress(OSError), place.open("ab", buffering=0) as ballast:
        while True:
            ballast.write(b"x" * 4096)


@pytest.mark.slow
@pytest.mark.parametrize("at", ["copy", "write", "try", "note", "exchange", "note-signal", "settle", "keep"])
def test_a_disk_that_fills_up_from_a_step_on_ends_on_one_side(tmp_path: Path, at: str) -> None:
    """Whatever write fails first: the verdict, the disk and the answer agree, and the next publish goes through."""
    with mounted(tmp_path, size="1m"), running(lay_out(tmp_path)) as nginx:
        before = nginx.tree()

        def filling(step: str) -> None:
            if step == at:
                fill(tmp_path / "ballast")

        result = nginx.publish({SITE: nginx.site("new"), "conf.d/long.conf": b"# long\n" * 2000}, step=filling)
        assert (tmp_path / "ballast").exists(), result
        (tmp_path / "ballast").unlink()
        assert result.state in {State.ACTIVE, State.REFUSED, State.ROLLED_BACK}, result
        nginx.plane().recover()
        active = result.state is State.ACTIVE
        assert active == (at == "keep"), result
        assert nginx.serves() == ("new" if active else "old")
        if not active:
            assert nginx.tree() == before
        assert nginx.publish({SITE: nginx.site("newer")}).state is State.ACTIVE
        assert {path.name for path in nginx.beside.iterdir()} == {"lock", "previous"}
