"""The way back from a publish: for the process that failed in it, and for whoever comes after one that died."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.agent import tree
from penstock.agent.proof import error_logs, look, prove, settle, wanted_workers
from penstock.config import load_path, parse
from penstock.model import Result, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock.agent.masters import Master
    from penstock.agent.state import Journal, Workplace

SECONDS_TO_GO_BACK = 15.0  # for nginx to serve the old files again


def go_back(
    place: Workplace, journal: Journal, master: Master | None, *, why: str, step: Callable[[str], None]
) -> Result:
    """Put the old tree back, tell the master if it had been told of the new one, and prove that the old one serves.

    The journal stays until the old tree is durably back, so that a death or an OSError on the way can be ended later.
    """
    if place.root.stat().st_ino == journal.candidate_inode:
        step("exchange-back")
        try:
            tree.exchange(place.root, place.candidate)
        except tree.CannotExchange as error:
            return Result(
                State.UNKNOWN,
                f"{why}; the new files are still in {place.root}, and the old ones in {place.candidate}: "
                f"{error.strerror}",
            )
    back = f"the old files are back in {place.root}"
    old = load_path(Path(journal.conf_path))
    restarted = master is not None and (master.pid, master.start_ticks) != (journal.pid, journal.start_ticks)
    if old.digest != journal.old_digest:
        place.end()
        runs = "nginx may run the new ones" if journal.signalled or restarted else "nginx never read the new ones"
        return Result(
            State.UNKNOWN,
            f"{why}; {back}, but somebody changed them meanwhile ({old.digest[:12]}, and {journal.old_digest[:12]} "
            f"stood there before the publish), so nginx was not told to read them; {runs}",
        )
    if master is None or not master.alive:
        place.end()
        return Result(State.UNKNOWN, f"{why}; {back}, and no nginx master runs them (it was pid {journal.pid})")
    # Another master than the one of the journal may have been started on the new files.
    if not journal.signalled and not restarted:
        place.end()
        return Result(State.ROLLED_BACK, f"{why}; {back}, and nginx (master {master.pid}) never read the new ones")
    config = parse(old)
    end = time.monotonic() + SECONDS_TO_GO_BACK
    settle(master, deadline_s=SECONDS_TO_GO_BACK / 2)
    before = look(master, error_logs(master, config))
    step("signal-back")
    hang_up(master)
    step("prove-back")
    proof = prove(master, before, workers=wanted_workers(master, config), probes=(), deadline_s=end - time.monotonic())
    place.end()
    if not proof.holds:
        return Result(State.UNKNOWN, f"{why}; {back}, but that nginx serves them is not proven: {proof.message}")
    return Result(State.ROLLED_BACK, f"{why}; {back}, and nginx (master {master.pid}) serves them", proof.evidence)


def recover_root(place: Workplace, master: Master | None, *, step: Callable[[str], None]) -> Result | None:
    """End what a dead process left at this root; None when there was nothing. The caller holds the lock.

    Where the place is still under way afterwards, it could not be ended, and its trees must not be touched.
    """
    journal = place.read()
    if journal is None:
        place.clear()
        return None
    # Settled and swapped back: its process had begun to go back after all, and died in that.
    if journal.settled and place.root.stat().st_ino == journal.candidate_inode:
        place.keep_previous()
        place.end()
        return Result(State.ACTIVE, "it had been proven before the process that published it ended")
    return go_back(place, journal, master, why="the process that published it ended in the middle", step=step)


def hang_up(master: Master) -> bool:
    """Send SIGHUP to this very master; False when it is gone. A pid that was reused is never signalled."""
    try:
        handle = os.pidfd_open(master.pid)
    except OSError:
        return False
    try:
        if not master.alive:
            return False
        signal.pidfd_send_signal(handle, signal.SIGHUP)
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)
    return True
