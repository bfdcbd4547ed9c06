"""A fleet in memory that keeps the contract of a data plane, with an end for each publish that can be chosen.

The manager's own tests, rehearsals of a roll-out and measurements at scale run over it. Nothing here touches disk,
process or network; what it says is true of the simulated instances, and its evidence says that they are simulated.
"""

from __future__ import annotations

import posixpath
import threading
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from penstock.errors import NotFound
from penstock.model import FileSet, Result, State
from penstock.ports import Observed, Probe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FLEET = uuid.UUID("6f0f4f0e-7a57-4c0e-9d3b-9b0f6d2f4a11")
_STARTED_AT = datetime(2026, 1, 1, tzinfo=UTC)
_FIRST_PID = 1000


@dataclass(frozen=True, slots=True)
class Script:
    """How an instance takes what is published to it.

    end: the State in which a publish ends. UNKNOWN leaves the new bytes on the disk until `recover`.
    message: the sentence of that end; empty: one that fits. gate: a publish waits for it, and is REFUSED when the
    deadline comes first. vanishes: the instance is gone in the middle of the publish, which ends UNKNOWN.
    """

    end: State = State.ACTIVE
    message: str = ""
    gate: threading.Event | None = None
    vanishes: bool = False

    def __post_init__(self) -> None:
        if self.end is State.PENDING:
            raise ValueError("a publish does not end pending")


_SENTENCES: Mapping[State, str] = MappingProxyType(
    {
        State.ACTIVE: "the simulated nginx serves the new configuration",
        State.REFUSED: "the simulated nginx refused the configuration; nothing was touched",
        State.ROLLED_BACK: "the new configuration did not come up on the simulated nginx; the earlier one serves again",
        State.UNKNOWN: "the simulated nginx gave no sign after the swap; the new files are on its disk",
    }
)


class _Member:
    """One simulated instance. What it holds is read and written under its lock."""

    def __init__(self, observed: Observed, files: FileSet, script: Script) -> None:
        self.lock = threading.Lock()
        self.observed = observed
        self.files = files
        self.script = script
        self.previous: FileSet | None = None  # what to go back to, while a publish stands unknown
        self.online = True


class SimulatedFleet:
    """A DataPlane over instances that exist in memory only. Safe to call from many threads.

    instances: name -> {path below root: bytes}; one of the paths is `entry`. scripts: name -> how it takes a publish
    (ACTIVE without one). Two fleets with the same names have the same uids.
    """

    def __init__(
        self,
        instances: Mapping[str, Mapping[str, bytes]],
        *,
        scripts: Mapping[str, Script] = MappingProxyType({}),
        root: str = "/etc/nginx",
        entry: str = "nginx.conf",
        version: str = "1.22.1",
    ) -> None:
        strays = sorted(set(scripts) - set(instances))
        if strays:
            raise ValueError(f"a script is given for {strays[0]!r}, which is no instance of this fleet")
        self._members: dict[str, _Member] = {}
        for number, (name, files) in enumerate(sorted(instances.items())):
            if entry not in files:
                raise ValueError(f"the simulated instance {name!r} has no {entry}")
            observed = _observed(name, number, root=root, entry=entry, version=version)
            held = FileSet(
                root=root,
                entry=observed.conf_path,
                files={posixpath.join(root, path): data for path, data in files.items()},
            )
            self._members[observed.uid] = _Member(observed, held, scripts.get(name, Script()))

    @staticmethod
    def uid(name: str) -> str:
        """The uid of the instance of that name, the same in every fleet."""
        return str(uuid.uuid5(_FLEET, f"instance/{name}"))

    def script(self, name: str, script: Script) -> None:
        """From now on, this is how the instance takes a publish."""
        self._member(self.uid(name)).script = script

    def drift(self, name: str, path: str, data: bytes) -> None:
        """Somebody edits a file of the instance by hand. path: below root."""
        member = self._member(self.uid(name))
        with member.lock:
            files = dict(member.files.files)
            files[posixpath.join(member.files.root, path)] = data
            member.files = FileSet(root=member.files.root, entry=member.files.entry, files=files)

    def observe(self) -> Sequence[Observed]:
        """Every instance that is there now, sorted by uid."""
        return tuple(self._members[uid].observed for uid in sorted(self._members) if self._members[uid].online)

    def fetch(self, uid: str) -> FileSet:
        """The configuration that the instance holds. Raises NotFound for an instance that is not there."""
        return self._member(uid).files

    def apply(
        self, uid: str, files: FileSet, *, base_digest: str, probes: Sequence[Probe], deadline_s: float
    ) -> Result:
        """As DataPlane.apply: the end is the one that the instance's script names; probes are not asked."""
        until = time.monotonic() + deadline_s
        member = self._member(uid)
        if not member.lock.acquire(timeout=max(0.0, deadline_s)):
            name = member.observed.name
            return Result(State.REFUSED, f"another publish to {name} was still under way after {deadline_s:g} s")
        try:
            result = self._applied(member, files, base_digest=base_digest, until=until)
        finally:
            member.lock.release()
        unasked = tuple(f"{probe.url} not asked (simulated)" for probe in probes)
        return Result(result.state, result.message, (*result.evidence, *unasked))

    def recover(self) -> Sequence[tuple[str, Result]]:
        """Put back every instance whose last publish ended UNKNOWN; (uid, ROLLED_BACK) for each."""
        results = []
        for uid, member in sorted(self._members.items()):
            with member.lock:
                if member.previous is None or not member.online:
                    continue
                member.files, member.previous = member.previous, None
                results.append((uid, Result(State.ROLLED_BACK, "the simulated nginx serves the earlier configuration")))
        return tuple(results)

    def _member(self, uid: str) -> _Member:
        member = self._members.get(uid)
        if member is None or not member.online:
            raise NotFound(f"there is no simulated instance {uid}")
        return member

    def _applied(self, member: _Member, files: FileSet, *, base_digest: str, until: float) -> Result:
        name = member.observed.name
        script = member.script
        if files.entry != member.files.entry or files.root != member.files.root:
            return Result(
                State.REFUSED,
                f"{name} reads {member.files.entry} in {member.files.root}, not {files.entry} in {files.root}",
            )
        if member.files.digest != base_digest:
            return Result(
                State.REFUSED,
                f"the files of {name} are not those that the plan was made on: "
                f"{member.files.digest[:12]} is on the disk, {base_digest[:12]} was expected",
            )
        if files.digest == base_digest and member.previous is None:
            return Result(State.ACTIVE, f"{name} has these files already", (f"digest {base_digest} (simulated)",))
        if script.gate and not script.gate.wait(max(0.0, until - time.monotonic())):
            return Result(State.REFUSED, f"{name} did not take the configuration before the deadline")
        if script.vanishes:
            member.online = False
            return Result(State.UNKNOWN, f"{name} vanished in the middle of the publish")
        if script.end in {State.ACTIVE, State.UNKNOWN}:
            member.previous = member.files if script.end is State.UNKNOWN else None
            member.files = files
        message = script.message or _SENTENCES[script.end]
        return Result(script.end, f"{name}: {message}", (f"digest {member.files.digest} (simulated)",))


def _observed(name: str, number: int, *, root: str, entry: str, version: str) -> Observed:
    return Observed(
        uid=SimulatedFleet.uid(name),
        system_uid=str(uuid.uuid5(_FLEET, f"system/{name}")),
        hostname=name,
        name=name,
        binary="/usr/sbin/nginx",
        version=version,
        conf_path=posixpath.join(root, entry),
        prefix="/usr/share/nginx",
        root=root,
        pid=_FIRST_PID + 3 * number,
        worker_pids=(_FIRST_PID + 3 * number + 1, _FIRST_PID + 3 * number + 2),
        configure_args=(),
        started_at=_STARTED_AT,
    )
