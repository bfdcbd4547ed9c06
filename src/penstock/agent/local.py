"""The data plane on this host: real nginx masters."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.agent.masters import Master, display_name, find_masters, system_uid
from penstock.agent.publish import apply_to
from penstock.agent.revert import recover_root
from penstock.agent.state import Workplace
from penstock.config import load_path
from penstock.errors import Conflict, NotFound, PenstockError
from penstock.model import Result, State
from penstock.ports import Observed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from penstock.model import FileSet
    from penstock.ports import Probe


def _no_step(_: str) -> None:
    """Nothing happens between steps, but in tests that inject faults."""


class LocalNginx:
    """A DataPlane over the masters of this host whose main file lies below one of the allowed directories.

    allowed: absolute directories. names: conf path -> what to call that instance.
    step: called with the name of each step before it is taken; the seam at which tests inject faults.
    """

    def __init__(
        self, *, allowed: Sequence[str], names: Mapping[str, str] | None = None, step: Callable[[str], None] = _no_step
    ) -> None:
        self._allowed = tuple(allowed)
        self._names = dict(names or {})
        self._step = step

    def observe(self) -> Sequence[Observed]:
        """Every allowed master that runs now, by uid."""
        system, host = system_uid(), socket.gethostname()
        return tuple(
            Observed(
                uid=master.uid,
                system_uid=system,
                hostname=host,
                name=display_name(master, self._names),
                binary=master.binary,
                version=master.build.version,
                conf_path=master.conf_path,
                prefix=master.prefix,
                root=master.root,
                pid=master.pid,
                worker_pids=tuple(worker.pid for worker in master.workers()),
                configure_args=master.build.arguments,
                started_at=master.started_at,
            )
            for master in self._masters().values()
        )

    def fetch(self, uid: str) -> FileSet:
        """The configuration on the disk now. Raises NotFound."""
        return load_path(Path(self._master(uid).conf_path))

    def apply(
        self, uid: str, files: FileSet, *, base_digest: str, probes: Sequence[Probe], deadline_s: float
    ) -> Result:
        """Put the files in force, prove it, or go back. See `agent.publish`."""
        twins = [str(master.pid) for master in find_masters(self._allowed) if master.uid == uid]
        if 1 < len(twins):
            return Result(
                State.REFUSED,
                f"nothing was changed: {len(twins)} masters (pids {', '.join(twins)}) run the same main file; "
                "end the upgrade of the binary that is under way, and try again",
            )
        return apply_to(
            self._master(uid), files, base_digest=base_digest, probes=probes, deadline_s=deadline_s, step=self._step
        )

    def recover(self) -> Sequence[tuple[str, Result]]:
        """End every publish that a dead process left in the middle; (uid, result) for each, sorted by root.

        A publish that another process is running is left alone. What cannot be ended is UNKNOWN and stops no other.
        """
        masters = self._masters().values()
        ended = []
        for root in sorted({*(master.root for master in masters), *(str(root) for root in self._roots_under_way())}):
            ended += self._recover(Workplace(Path(root)), [master for master in masters if master.root == root])
        return tuple(ended)

    def _recover(self, workplace: Workplace, masters: Sequence[Master]) -> list[tuple[str, Result]]:
        """The instance and how its publish was ended, if one had been left. masters: those with files in that root."""
        uid = masters[0].uid if masters else str(workplace.root)
        try:
            if not workplace.under_way:
                return []
            with workplace.locked(wait_s=0):
                journal = workplace.read()
                uid = journal.uid if journal else uid
                master = next((each for each in masters if journal and each.conf_path == journal.conf_path), None)
                result = recover_root(workplace, master, step=self._step)
        except Conflict:  # it is under way in a process that lives
            return []
        except (PenstockError, OSError) as error:
            result = Result(State.UNKNOWN, f"the unfinished publish to {workplace.root} could not be ended: {error}")
        return [(uid, result)] if result else []

    def _roots_under_way(self) -> set[Path]:
        """Roots below the allowed directories that have a journal, whether or not their master still runs."""
        found: set[Path] = set()
        for allowed in self._allowed:
            beside = Path(allowed).with_name(Path(allowed).name + ".penstock")
            journals = [beside / "state.json"] if (beside / "state.json").exists() else []
            for folder, names, files in os.walk(allowed):
                names[:] = [name for name in names if not Path(folder, name).is_symlink()]
                if folder.endswith(".penstock"):
                    names.clear()
                    journals += [Path(folder, name) for name in files if name == "state.json"]
            found.update(path.parent.with_name(path.parent.name.removesuffix(".penstock")) for path in journals)
        return found

    def _masters(self) -> dict[str, Master]:
        """uid -> master; the first started of several with one main file, which an upgrade of the binary brings."""
        masters: dict[str, Master] = {}
        for master in find_masters(self._allowed):
            masters.setdefault(master.uid, master)
        return masters

    def _master(self, uid: str) -> Master:
        master = self._masters().get(uid)
        if master is not None:
            return master
        raise NotFound(
            f"no running nginx has the uid {uid}",
            way_out=f"Start it; masters are looked for below {', '.join(self._allowed)}, "
            "and not seen where a path among their arguments holds a blank.",
        )
