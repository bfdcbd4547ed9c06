"""A manager of ours on a port of this machine, over a fleet in memory whose ends can be chosen while it runs.

    python -m tests.cli.simulated_manager DATA PORT

Standard input takes lines: `NAME STATE` chooses the end of the next publishes to NAME; `NAME STATE held` holds them
until `NAME go`.
"""

from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from penstock.agent.simulated import Script, SimulatedFleet
from penstock.analysis import Profile
from penstock.manager import open_manager, serve
from penstock.model import State

USER, PASSWORD = "ada", "analytical-engine"
GROUPS = {"pair": ("pair-1", "pair-2"), "trio": ("trio-1", "trio-2", "trio-3")}
NAMES = ("alone", "other", *GROUPS["pair"], *GROUPS["trio"])
CONFIG = (
    b"events {}\nhttp {\n    server_tokens off;\n    server {\n        listen 8080;\n        return 404;\n    }\n}\n"
)


def main(data: Path, port: int) -> None:
    """Serve until SIGTERM."""
    fleet = SimulatedFleet({name: {"nginx.conf": CONFIG} for name in NAMES})
    manager = open_manager(data, fleet, profile=Profile(), groups=GROUPS, clock=lambda: datetime.now(UTC))
    manager.add_user(USER, PASSWORD)
    threading.Thread(target=obey, args=(fleet,), daemon=True).start()
    serve(manager, host="127.0.0.1", port=port)


def obey(fleet: SimulatedFleet) -> None:
    """Do what the lines of standard input say; each is answered with a line."""
    gates: dict[str, threading.Event] = {}
    for line in sys.stdin:
        name, word, *rest = line.split()
        if word == "go":
            gates[name].set()
        else:
            gates[name] = threading.Event()
            fleet.script(name, Script(end=State(word), gate=gates[name] if rest else None))
        print("done", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
