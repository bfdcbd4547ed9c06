"""One publish to one master, so that a crash at any point leaves its files exactly old or exactly new.

    lock, look, copy, write, sync, try, note, EXCHANGE, verify, note, signal, prove, settle
                                                 failed: exchange back, signal, prove the old

Before the exchange nothing live is touched. After it, whoever finds the journal goes back to the old tree.
"""

from __future__ import annotations

import dataclasses
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.agent import shape, tree
from penstock.agent.masters import started_at
from penstock.agent.proof import Proof, error_logs, look, prove, wanted_workers
from penstock.agent.state import Journal, Workplace
from penstock.agent.trial import try_candidate
from penstock.config import load_path, parse
from penstock.errors import PenstockError
from penstock.model import Result, State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from penstock.agent.masters import Master
    from penstock.agent.proof import Before
    from penstock.model import FileSet
    from penstock.ports import Probe

_SECONDS_TO_GO_BACK = 15.0
_SECONDS_PER_TICK = 0.01  # how exactly the kernel tells when a process began


def apply_to(
    master: Master,
    files: FileSet,
    *,
    base_digest: str,
    probes: Sequence[Probe],
    deadline_s: float,
    step: Callable[[str], None],
) -> Result:
    """Put the files in force and prove it, or go back. One terminal result; the lock's Conflict is REFUSED too."""
    workplace = Workplace(Path(master.root))
    try:
        with workplace.locked():
            recover_root(workplace, master, step=step)
            return _Publish(master, files, workplace, probes, time.monotonic() + deadline_s, step).run(base_digest)
    except (PenstockError, OSError) as error:
        # Every effect after the exchange has its own way back; what arrives here happened before it.
        return Result(State.REFUSED, f"nothing was changed: {error}")


@dataclass(frozen=True, slots=True)
class _Publish:
    master: Master
    files: FileSet
    workplace: Workplace
    probes: Sequence[Probe]
    deadline: float
    step: Callable[[str], None]

    def run(self, base_digest: str) -> Result:
        self.step("look")
        live = load_path(Path(self.master.conf_path))
        if live.digest == self.files.digest:
            return self._same(live)
        if live.digest != base_digest:
            return Result(
                State.REFUSED,
                f"the files in {self.master.root} are not those that the plan was made on "
                f"(found {live.digest[:12]}, expected {base_digest[:12]})",
            )
        configs = (parse(live), parse(self.files))
        objection = shape.objection(self.master, live, self.files, configs)
        if objection:
            return Result(State.REFUSED, objection)
        refusal = self._prepare(live)
        if refusal:
            self.workplace.clear()
            return Result(State.REFUSED, refusal)
        before = look(self.master, error_logs(self.master, *configs))
        return self._swap(live, before)

    def _same(self, live: FileSet) -> Result:
        """The bytes are on the disk. They run too when every worker began after the last of them was written."""
        places = {*live.inside, *(str(Path(path).parent) for path in live.inside)}
        changed_at = max(os.lstat(path).st_ctime for path in places)
        workers = [each for each in self.master.workers() if not each.leaving]
        if workers and all(
            changed_at < started_at(each.start_ticks).timestamp() - _SECONDS_PER_TICK for each in workers
        ):
            return Result(
                State.ACTIVE, "these bytes are in force already", ("workers began after the files were written",)
            )
        config = parse(live)
        before = look(self.master, error_logs(self.master, config))
        self.step("signal")
        _hang_up(self.master)
        proof = self._prove(before, self.files)
        if proof.holds:
            return Result(State.ACTIVE, proof.message, proof.evidence)
        return Result(
            State.UNKNOWN, f"these bytes were on the disk already, and nginx does not take them: {proof.message}"
        )

    def _prepare(self, live: FileSet) -> str:
        """Build and try the candidate; why it cannot be, or empty. An OSError leaves nothing live touched."""
        place = self.workplace
        place.clear()
        try:
            self.step("copy")
            tree.copy_tree(Path(self.master.root), place.candidate)
            self.step("write")
            tree.put_files(place.candidate, self.master.root, old=live.inside, new=self.files.inside)
            self.step("sync")
            tree.sync_tree(place.candidate)
            self.step("try")
            left_s = max(1.0, self.deadline - time.monotonic())
            verdict = try_candidate(self.master, self.files, place.candidate, place.trial, timeout_s=left_s)
        except OSError as error:
            return f"the new files could not be laid out beside {self.master.root}: {error}"
        if not verdict.passed:
            return f"nginx refuses it: {verdict.text}"
        return shape.unread(self.files)

    def _swap(self, live: FileSet, before: Before) -> Result:
        place = self.workplace
        journal = Journal(
            self.master.root,
            self.master.conf_path,
            place.candidate.stat().st_ino,
            live.digest,
            self.files.digest,
            self.master.pid,
            self.master.start_ticks,
        )
        self.step("note")
        place.write(journal)
        self.step("exchange")
        try:
            tree.exchange(place.root, place.candidate)
        except tree.CannotExchange as error:
            place.end()
            return Result(State.REFUSED, f"nothing was changed: {error.strerror}")
        try:
            proof = self._take_effect(journal, before)
            if proof.holds:
                self.step("settle")
                place.write(dataclasses.replace(journal, signalled=True, settled=True))
        except (PenstockError, OSError) as error:
            proof = Proof(holds=False, message=str(error))
        if not proof.holds:
            try:
                return go_back(place, place.read() or journal, self.master, why=proof.message, step=self.step)
            except (PenstockError, OSError) as error:
                return Result(State.UNKNOWN, f"{proof.message}; and going back failed: {error}")
        try:
            self.step("keep")
            place.keep_previous()
            place.end()
        except OSError as error:  # it is proven all the same; the journal says so to the next who comes
            return Result(State.ACTIVE, proof.message, (*proof.evidence, f"clearing up is left to do: {error}"))
        return Result(State.ACTIVE, proof.message, proof.evidence)

    def _take_effect(self, journal: Journal, before: Before) -> Proof:
        self.step("verify")
        found = load_path(Path(self.master.conf_path)).digest
        if found != self.files.digest:
            return Proof(holds=False, message=f"the files on the disk are {found[:12]} after the swap, not the plan's")
        self.step("note-signal")
        self.workplace.write(dataclasses.replace(journal, signalled=True))
        # The new workers must begin measurably after the swap: `_same` tells by that that these bytes run.
        time.sleep(4 * _SECONDS_PER_TICK)
        self.step("signal")
        if not _hang_up(self.master):
            return Proof(holds=False, message=f"the nginx master (pid {self.master.pid}) is gone")
        self.step("prove")
        return self._prove(before, self.files)

    def _prove(self, before: Before, files: FileSet) -> Proof:
        return prove(
            self.master,
            before,
            workers=wanted_workers(parse(files)),
            probes=self.probes,
            deadline_s=max(1.0, self.deadline - time.monotonic()),
        )


def go_back(
    place: Workplace, journal: Journal, master: Master | None, *, why: str, step: Callable[[str], None]
) -> Result:
    """Put the old tree back, tell the master if it had been told of the new one, and prove that the old one serves."""
    if place.root.stat().st_ino == journal.candidate_inode:
        step("exchange-back")
        try:
            tree.exchange(place.root, place.candidate)
        except tree.CannotExchange as error:
            return Result(State.UNKNOWN, f"{why}; and the new files are still on the disk: {error.strerror}")
    old = load_path(Path(journal.conf_path))
    if old.digest != journal.old_digest:
        return Result(State.UNKNOWN, f"{why}; the files on the disk are {old.digest[:12]}, neither old nor new")
    if master is None or not master.alive:
        place.end()
        return Result(State.UNKNOWN, f"{why}; the old files are back on the disk, and no nginx master runs them")
    # Another master than the one of the journal may have been started on the new files.
    if not journal.signalled and (master.pid, master.start_ticks) == (journal.pid, journal.start_ticks):
        place.end()
        return Result(State.ROLLED_BACK, why, ("the old files are back, and nginx never read the new ones",))
    before = look(master, error_logs(master, parse(old)))
    step("signal-back")
    _hang_up(master)
    step("prove-back")
    proof = prove(master, before, workers=wanted_workers(parse(old)), probes=(), deadline_s=_SECONDS_TO_GO_BACK)
    place.end()
    if not proof.holds:
        return Result(
            State.UNKNOWN,
            f"{why}; the old files are back on the disk, but that nginx serves them is not proven: {proof.message}",
        )
    return Result(State.ROLLED_BACK, why, ("the old files are back", *proof.evidence))


def recover_root(place: Workplace, master: Master | None, *, step: Callable[[str], None]) -> Result | None:
    """End what a dead process left at this root; None when there was nothing. The caller holds the lock."""
    journal = place.read()
    if journal is None:
        place.clear()
        return None
    if journal.settled:
        place.keep_previous()
        place.end()
        return Result(State.ACTIVE, "it had been proven before the process that published it ended")
    return go_back(place, journal, master, why="the process that published it ended in the middle", step=step)


def _hang_up(master: Master) -> bool:
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
