"""Protocols, each with at least two makers. What stands here is what the manager may ask of a data plane.

Makers of DataPlane: `agent.local.LocalNginx` (real masters on this host) and `agent.simulated.SimulatedFleet`.
NGINX's own agents are to be the next: hence durable identities, one terminal result for each apply, our own deadline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from penstock.model import FileSet, Result


class Probe(NamedTuple):
    """A request that must answer after a publish. url: http(s)://address:port/path, asked with `host` as Host."""

    url: str
    status: int = 200
    host: str = ""
    contains: str = ""


class Observed(NamedTuple):
    """One nginx master as the data plane sees it now.

    uid and system_uid are the same every time this instance is seen again, also after a restart.
    root: the directory of conf_path. started_at: of the master, UTC.
    """

    uid: str
    system_uid: str
    hostname: str
    name: str
    binary: str
    version: str
    conf_path: str
    prefix: str
    root: str
    pid: int
    worker_pids: tuple[int, ...]
    configure_args: tuple[str, ...]
    started_at: datetime


class DataPlane(Protocol):
    """What carries configurations to nginx and says what became of them. All calls block."""

    def observe(self) -> Sequence[Observed]:
        """Every instance that can be published to now, sorted by uid."""
        ...

    def fetch(self, uid: str) -> FileSet:
        """The configuration on the node's disk. Raises NotFound for an instance that is not there."""
        ...

    def apply(
        self, uid: str, files: FileSet, *, base_digest: str, probes: Sequence[Probe], deadline_s: float
    ) -> Result:
        """Put the files in force, prove it, or go back; one terminal result, within about deadline_s seconds.

        base_digest: what must be on the disk still; otherwise REFUSED and nothing is touched.
        Files whose digest is on the disk and running already: ACTIVE, and nothing is touched.
        """
        ...

    def recover(self) -> Sequence[tuple[str, Result]]:
        """End what an earlier process left in the middle; (uid, result) for each. Safe to call again."""
        ...
