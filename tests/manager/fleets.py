"""The simulated fleet, with what happens to it behind the manager's back."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from penstock.agent.simulated import Script, SimulatedFleet
from penstock.errors import NotFound
from penstock.model import FileSet, State
from tests.manager.rig import ENTRY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.model import Result
    from penstock.ports import Observed, Probe

_PATIENCE_S = 30.0
OUTSIDE = "/usr/share/nginx/modules-available/mod.conf"


class Fleet:
    """A DataPlane: the simulated one, with instances that go and come, and applies that can be held and watched."""

    def __init__(self, *names: str) -> None:
        self._fleet = SimulatedFleet({name: {"nginx.conf": b"events {}\n", OUTSIDE: b"# module\n"} for name in names})
        self._gone: set[str] = set()
        self._errors: dict[str, Exception] = {}
        self._once: set[str] = set()
        self._held_from = 0
        self._gates = [threading.Event()]
        self._gates[0].set()
        self.applied: list[str] = []
        self.probes: list[Probe] = []

    # ------------------------------------------------------------------------------------------ what tests do

    def disk(self, name: str) -> dict[str, bytes]:
        """What is on its disk."""
        return dict(self._fleet.fetch(self._fleet.uid(name)).files)

    def edit(self, name: str, text: str) -> None:
        """Somebody changes the main file on the node itself."""
        self._fleet.drift(name, "nginx.conf", text.encode())

    def stop(self, name: str) -> None:
        """The node goes offline."""
        self._gone.add(self._fleet.uid(name))

    def start(self, name: str) -> None:
        """It comes back."""
        self._gone.discard(self._fleet.uid(name))

    def ends_next(self, name: str, end: State, message: str) -> None:
        """The next apply to it ends like this."""
        self._fleet.script(name, Script(end=end, message=message))
        self._once.add(self._fleet.uid(name))

    def raises_next(self, name: str, error: Exception) -> None:
        """The next apply to it raises."""
        self._errors[self._fleet.uid(name)] = error

    def leave_in_the_middle(self, name: str, text: str) -> None:
        """An apply got as far as the swap, and its process died: `recover` will put the old files back."""
        uid = self._fleet.uid(name)
        disk = self._fleet.fetch(uid)
        files = FileSet(disk.root, disk.entry, {**disk.files, ENTRY: text.encode()})
        self._fleet.script(name, Script(end=State.UNKNOWN))
        self._fleet.apply(uid, files, base_digest=disk.digest, probes=(), deadline_s=1)
        self._fleet.script(name, Script())

    def hold(self) -> None:
        """Every apply waits from now on."""
        self._held_from = len(self.applied)
        self._gates.append(threading.Event())

    def forsake(self, *names: str) -> None:
        """Once these wait they wait on, as the threads of a dead process do; what comes after them does not."""
        until = time.monotonic() + _PATIENCE_S
        while sorted(self.applied[self._held_from :]) != sorted(names):
            assert time.monotonic() < until, f"{names} are not applied to"
            time.sleep(0.005)
        self.hold()
        self._gates[-1].set()

    def release(self) -> None:
        """What waited goes on."""
        for gate in self._gates:
            gate.set()

    # ------------------------------------------------------------------------------------------ what the manager sees

    def observe(self) -> Sequence[Observed]:
        return [one for one in self._fleet.observe() if one.uid not in self._gone]

    def fetch(self, uid: str) -> FileSet:
        self._refuse_gone(uid)
        return self._fleet.fetch(uid)

    def apply(
        self, uid: str, files: FileSet, *, base_digest: str, probes: Sequence[Probe], deadline_s: float
    ) -> Result:
        gate = self._gates[-1]
        self.applied.append(next(one.name for one in self._fleet.observe() if one.uid == uid))
        self.probes.extend(probes)
        assert gate.wait(_PATIENCE_S)
        self._refuse_gone(uid)
        if uid in self._errors:
            raise self._errors.pop(uid)
        result = self._fleet.apply(uid, files, base_digest=base_digest, probes=probes, deadline_s=deadline_s)
        if uid in self._once:
            self._once.discard(uid)
            self._fleet.script(next(one.name for one in self._fleet.observe() if one.uid == uid), Script())
        return result

    def recover(self) -> Sequence[tuple[str, Result]]:
        return self._fleet.recover()

    def _refuse_gone(self, uid: str) -> None:
        if uid in self._gone:
            raise NotFound(f"there is no instance {uid}")
