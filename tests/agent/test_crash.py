"""Whoever is killed in the middle of a publish leaves exactly the old or exactly the new; recovery ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from penstock.agent.local import LocalNginx
from penstock.model import State
from tests.agent.nginxes import hammering

if TYPE_CHECKING:
    from tests.agent.nginxes import Nginx

pytestmark = pytest.mark.nginx

SITE = "sites-enabled/default"
DRIVER = """
import os, signal, sys
from pathlib import Path
from penstock.agent.local import LocalNginx
from penstock.model import FileSet
top, at, held = sys.argv[1], sys.argv[2], sys.argv[3]
def step(name):
    if name == at:
        os.kill(os.getpid(), signal.SIGKILL)
plane = LocalNginx(allowed=[top], step=step)
uid = plane.observe()[0].uid
live = plane.fetch(uid)
path = next(path for path in live.files if path.endswith("sites-enabled/default"))
text = live.files[path].replace(b"old", b"new")
if held:
    text = text.replace(b"location", b"listen 127.0.0.1:%s; location" % held.encode())
files = FileSet(live.root, live.entry, {**live.files, path: text})
plane.apply(uid, files, base_digest=live.digest, probes=(), deadline_s=20)
"""
FORWARD = ["look", "copy", "write", "sync", "try", "note", "exchange", "verify", "note-signal", "signal", "prove"]
FORWARD += ["settle", "keep"]
BACK = ["exchange-back", "signal-back", "prove-back"]


def killed_at(nginx: Nginx, at: str, held: str = "") -> None:
    """A publish in a process of its own, killed with SIGKILL before the step."""
    command = [sys.executable, "-c", DRIVER, str(nginx.top), at, held]
    end = subprocess.run(command, timeout=60, capture_output=True, check=False)
    assert end.returncode == -signal.SIGKILL, (at, end.stderr.decode())


def test_every_step_of_a_publish_is_killed_here(nginx: Nginx) -> None:
    """The list of steps above is the list of steps that a publish takes."""
    seen: list[str] = []
    assert nginx.publish({SITE: nginx.site("new")}, step=seen.append).state is State.ACTIVE
    assert seen == FORWARD


@pytest.mark.slow
@pytest.mark.parametrize("at", FORWARD)
def test_a_driver_killed_at_any_step(nginx: Nginx, at: str) -> None:
    """The disk is one side whole, no request fails, and recovery ends on the old side, or the new one once proven."""
    old = nginx.live().digest
    new = nginx.with_files({SITE: nginx.site("new")}).digest
    before = nginx.tree()
    with hammering(nginx) as answers:
        killed_at(nginx, at)
        assert nginx.live().digest in {old, new}
        ends = nginx.plane().recover()
    assert not [answer for answer in answers if answer not in {"old", "new"}]
    proven = at == "keep"
    assert nginx.live().digest == (new if proven else old)
    assert nginx.serves() == ("new" if proven else "old")
    if not proven:
        assert nginx.tree() == before
    begun = FORWARD.index(at) > FORWARD.index("note")
    assert [result.state for _, result in ends] == ([State.ACTIVE if proven else State.ROLLED_BACK] if begun else [])
    assert not nginx.plane().recover()
    assert nginx.publish({SITE: nginx.site("new", "# again\n")}).state is State.ACTIVE
    assert {path.name for path in nginx.beside.iterdir()} == {"lock", "previous"}


@pytest.mark.slow
@pytest.mark.parametrize("at", BACK)
def test_a_driver_killed_on_its_way_back(nginx: Nginx, at: str) -> None:
    """A second death, while the first failure is undone, changes nothing: recovery ends on the old side."""
    import socket

    before = nginx.tree()
    with socket.socket() as holder, hammering(nginx) as answers:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        killed_at(nginx, at, held=str(holder.getsockname()[1]))
        ((uid, result),) = nginx.plane().recover()
    assert (uid, result.state) == (nginx.uid, State.ROLLED_BACK), result
    assert nginx.tree() == before
    assert set(answers) == {"old"}


def test_a_root_whose_master_is_dead_is_put_back_too(nginx: Nginx) -> None:
    """The old files are on the disk again, and the verdict says that no nginx runs them."""
    before = nginx.tree()
    killed_at(nginx, "signal")
    nginx.stop()
    ((_, result),) = nginx.plane().recover()
    assert result.state is State.UNKNOWN
    assert nginx.tree() == before
    assert not nginx.plane().recover()


def test_a_master_that_was_started_on_the_new_files_is_told_to_go_back(nginx: Nginx) -> None:
    """A restart between the crash and the recovery is noticed, and the old answer is served again."""
    killed_at(nginx, "verify")
    nginx.stop()
    nginx.start()
    assert nginx.serves() == "new"
    ((_, result),) = nginx.plane().recover()
    assert result.state is State.ROLLED_BACK, result
    assert nginx.serves() == "old"


def test_a_mount_inside_root_is_refused_by_name(nginx: Nginx) -> None:
    """What is mounted inside would be left behind by the swap, and emptied with the old tree."""
    mounted = nginx.root / "ssl"
    if subprocess.run(["mount", "-t", "tmpfs", "none", str(mounted)], check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        (mounted / "kept.pem").write_bytes(b"kept")
        result = nginx.publish({SITE: nginx.site("new")})
        assert result.state is State.REFUSED, result
        assert str(mounted) in result.message
        assert (mounted / "kept.pem").read_bytes() == b"kept"
        assert nginx.serves() == "old"
    finally:
        subprocess.run(["umount", str(mounted)], check=True)


def test_two_publishes_at_once_are_one(nginx: Nginx) -> None:
    """While one is under way, another to the same root is refused and says so."""
    wanted = nginx.with_files({SITE: nginx.site("new", "# other\n")})
    base = nginx.live().digest
    others = []

    def meanwhile(step: str) -> None:
        if step == "try":
            plane = LocalNginx(allowed=[str(nginx.top)])
            others.append(plane.apply(nginx.uid, wanted, base_digest=base, probes=(), deadline_s=5))

    assert nginx.publish({SITE: nginx.site("new")}, step=meanwhile).state is State.ACTIVE
    assert [other.state for other in others] == [State.REFUSED]
    assert str(os.getpid()) in others[0].message
