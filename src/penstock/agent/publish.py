"""One publish to one master, so that a crash at any point leaves its files exactly old or exactly new.

    lock, look, copy, write, sync, try, note, EXCHANGE, verify, note, signal, prove, settle
                                                 failed: exchange back, signal, prove the old

Before the exchange nothing live is touched. After it, whoever finds the journal goes back to the old tree.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.agent import shape, tree
from penstock.agent.masters import started_at
from penstock.agent.proof import Proof, error_logs, look, prove, wanted_workers
from penstock.agent.revert import go_back, hang_up, recover_root
from penstock.agent.state import SECONDS_TO_WAIT, Journal, Workplace
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
    """Put the files in force and prove it, or go back. One terminal result; the lock's Conflict is REFUSED too.

    deadline_s bounds the way forward, waiting for the lock (2 s at most) included. Going back takes at most
    SECONDS_TO_GO_BACK more, and so does ending what an earlier process left at this root, before anything else.
    """
    workplace = Workplace(Path(master.root))
    deadline = time.monotonic() + deadline_s
    try:
        with workplace.locked(wait_s=min(SECONDS_TO_WAIT, deadline_s)):
            journal = workplace.read()
            if journal and journal.conf_path != master.conf_path:
                return Result(
                    State.REFUSED, f"nothing was changed; an earlier publish to {journal.conf_path} is not ended"
                )
            earlier = recover_root(workplace, master, step=step)
            if earlier and workplace.under_way:
                return Result(State.REFUSED, f"nothing was changed; an earlier publish is not ended: {earlier.message}")
            return _Publish(master, files, workplace, probes, deadline, step).run(base_digest)
    except (PenstockError, OSError) as error:
        # Every effect after the exchange has its own way back; what arrives here happened before it.
        return Result(State.REFUSED, f"nothing was changed in {master.root}: {error}")


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
        stamps = tree.stamps(self.workplace.root)  # before the reading, so that no change falls between them
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
        return self._swap(live, before, stamps)

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
        hang_up(self.master)
        proof = self._prove(before, self.files)
        if proof.holds:
            return Result(State.ACTIVE, proof.message, proof.evidence)
        return Result(
            State.UNKNOWN,
            f"these bytes were in {self.master.root} already, and nginx (master {self.master.pid}) does not take them, "
            f"so that it runs something else: {proof.message}",
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

    def _swap(self, live: FileSet, before: Before, stamps: tree.Stamps) -> Result:
        place, master = self.workplace, self.master
        inode = place.candidate.stat().st_ino
        journal = Journal(
            master.uid,
            master.root,
            master.conf_path,
            inode,
            live.digest,
            self.files.digest,
            master.pid,
            master.start_ticks,
        )
        try:
            self.step("note")
            place.write(journal)
            self.step("exchange")
            refusal = self._late() or tree.moved(place.root, stamps)
            if not refusal:
                tree.exchange(place.root, place.candidate)
        except OSError as error:
            refusal = str(error.strerror if isinstance(error, tree.CannotExchange) else error)
        if refusal:  # whether or not the journal can be removed: it says that nothing was exchanged
            with contextlib.suppress(OSError):
                place.end()
            return Result(State.REFUSED, f"nothing was changed: {refusal}")
        try:
            proof = self._take_effect(journal, before, stamps)
            if proof.holds:
                self.step("settle")
                place.write(dataclasses.replace(journal, signalled=True, settled=True))
        except Exception as error:  # whatever it is, the new files are in place and not proven
            proof = Proof(holds=False, message=f"{type(error).__name__}: {error}")
        if not proof.holds:
            try:
                return go_back(place, place.read() or journal, master, why=proof.message, step=self.step)
            except (PenstockError, OSError) as error:
                return Result(
                    State.UNKNOWN,
                    f"{proof.message}; going back failed too, so that {place.root} may hold the old or the new files, "
                    f"and what nginx (master {master.pid}) runs is not known: {error}",
                )
        left = self._clear_up()
        return Result(State.ACTIVE, proof.message, (*proof.evidence, *left))

    def _clear_up(self) -> tuple[str, ...]:
        """It is proven: the old tree becomes `previous`. What could not be cleared up is left to the next who comes."""
        try:
            self.step("keep")
            self.workplace.keep_previous()
            self.workplace.end()
        except OSError as error:
            return (f"clearing up is left to do: {error}",)
        return ()

    def _late(self) -> str:
        return "" if time.monotonic() < self.deadline else "the deadline had passed before the files could be swapped"

    def _take_effect(self, journal: Journal, before: Before, stamps: tree.Stamps) -> Proof:
        self.step("verify")
        tree.sync(self.workplace.root.parent)
        tree.sync(self.workplace.folder)
        meddled = tree.moved(self.workplace.candidate, stamps)
        if meddled:
            return Proof(holds=False, message=meddled)
        found = load_path(Path(self.master.conf_path)).digest
        if found != self.files.digest:
            return Proof(
                holds=False, message=f"the files in {self.master.root} are {found[:12]} after the swap, not the plan's"
            )
        self.step("note-signal")
        self.workplace.write(dataclasses.replace(journal, signalled=True))
        # The new workers must begin measurably after the swap: `_same` tells by that that these bytes run.
        time.sleep(4 * _SECONDS_PER_TICK)
        self.step("signal")
        if not hang_up(self.master):
            return Proof(holds=False, message=f"the nginx master (pid {self.master.pid}) is gone")
        self.step("prove")
        return self._prove(before, self.files)

    def _prove(self, before: Before, files: FileSet) -> Proof:
        return prove(
            self.master,
            before,
            workers=wanted_workers(self.master, parse(files)),
            probes=self.probes,
            deadline_s=max(1.0, self.deadline - time.monotonic()),
        )
