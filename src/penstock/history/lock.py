"""One writer at a time, across processes: an flock that the kernel lets go of when its holder dies.

The lock file says who holds it. It is emptied when a writer ends well; what is still written there when the lock is
ours was left by a writer that died, and its leftovers must be swept.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_POLL_S = 0.001  # a writer that waits longer between looks is starved by one that commits in a loop


@dataclass(frozen=True, slots=True)
class Held:
    """A lock that is ours. descriptor: to be handed to children, which then hold it too while they live.

    dirty: whether the writer before us died at work.
    """

    descriptor: int
    dirty: bool


@contextlib.contextmanager
def held(
    path: Path,
    *,
    timeout_s: float,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Held]:
    """Hold the lock file at path, which is made where it is missing.

    Raises Conflict, with the holder's pid and for how long it has held it, after timeout_s seconds.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _acquire(descriptor, path, timeout_s=timeout_s, now=now, sleep=sleep)
        dirty = os.fstat(descriptor).st_size > 0
        mine = f"{os.getpid()} {now():.3f}\n".encode()
        os.pwrite(descriptor, mine, 0)  # before the cut: at no moment does the mark of a dead writer vanish
        os.ftruncate(descriptor, len(mine))
        yield Held(descriptor, dirty)
        os.ftruncate(descriptor, 0)
    finally:
        # No LOCK_UN: it would take the lock from a child that still writes. Closing ours leaves it its own.
        os.close(descriptor)


def _acquire(
    descriptor: int, path: Path, *, timeout_s: float, now: Callable[[], float], sleep: Callable[[float], None]
) -> None:
    began = time.monotonic()
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited = time.monotonic() - began
            if waited >= timeout_s:
                raise _conflict(descriptor, path, waited=waited, now=now()) from None
            sleep(_POLL_S)
        else:
            return


def _conflict(descriptor: int, path: Path, *, waited: float, now: float) -> Conflict:
    pid, _, since = os.pread(descriptor, 100, 0).decode("ascii", "replace").strip().partition(" ")
    try:
        holder = f"process {int(pid)} for {max(0.0, now - float(since)):.1f} s"
    except ValueError:
        holder = "another process"
    return Conflict(
        f"the history {path.parent} is held by {holder}; waited {waited:.1f} s for it",
        way_out="Wait for that process to end, or look what it does, and try again.",
    )
