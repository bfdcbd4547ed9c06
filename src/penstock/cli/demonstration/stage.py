"""Where the demo plays: a folder, a git repository in it, three nginx, and a hand that types commands."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from penstock.cli.demonstration.fleet import NAMES, Edge, find_nginx, free_ports
from penstock.errors import StateUnknown, UsageError
from penstock.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_MARK = ".penstock-demo"


class Stage:
    """The demo's folder and all that runs in it. Nothing outside the folder is written.

    Commands run as a user would type them, their output goes where ours goes, and one that ends otherwise
    than told raises StateUnknown.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.project = self.folder / "shop"
        self.nginx = find_nginx()
        self.edges: tuple[Edge, ...] = ()
        self._holder = socket.socket()

    def build(self) -> None:
        """An empty folder, the example project in a git repository, and three nginx that serve a first config."""
        self._clear()
        ports = free_ports(2 * len(NAMES))
        self.edges = tuple(
            Edge(name, self.folder / name, ports[2 * n], ports[2 * n + 1]) for n, name in enumerate(NAMES)
        )
        shutil.copytree(shipped("examples") / "shop", self.project)
        self._localise()
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("The shop's edge")
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._holder.bind(("127.0.0.1", self.held_port))
        self._holder.listen()
        for edge in self.edges:
            edge.lay_out()
            edge.start(self.nginx)

    @property
    def held_port(self) -> int:
        """A port that this process holds to the end: the last nginx will ask for it in vain."""
        return self.edges[-1].metrics_port

    def _clear(self) -> None:
        if self.folder.exists() and any(self.folder.iterdir()):
            if not (self.folder / _MARK).exists():
                raise UsageError(
                    f"{self.folder} holds files that are not the demo's",
                    way_out="Name an empty or a new folder with --folder.",
                )
            for name in NAMES:  # an earlier demo that was killed may have left its nginx behind
                Edge(name, self.folder / name, 0, 0).stop()
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / _MARK).write_text("This folder belongs to `penstock demo`, which empties it at each start.\n")

    def _localise(self) -> None:
        """Put this machine's folders and free ports into the project, as its owner would."""
        for edge in self.edges:
            (self.project / f"values/instances/{edge.name}.yaml").write_text(
                f"run_dir: {edge.run_dir}\nlisten_port: {edge.listen_port}\nmetrics_port: {edge.metrics_port}\n"
            )
        names = "".join(f'"{edge.conf}" = "{edge.name}"\n' for edge in self.edges)
        group = ", ".join(f'"{edge.name}"' for edge in self.edges)
        with (self.project / "penstock.toml").open("a") as settings:
            settings.write(
                f'\n[manager]\ndata = ".penstock"\nallow = ["{self.folder}"]\n\n[manager.names]\n{names}'
                f"\n[manager.groups]\nedge = [{group}]\n"
            )
        (self.project / ".gitignore").write_text(".penstock/\n*.plan.json\n")

    def run(self, *words: str, expect: int = 0) -> None:
        """Type a command in the project, show what it prints, and hold it to its exit code."""
        say(f"\n$ {shlex.join(words)}")
        end = subprocess.run(_resolved(words), cwd=self.project, env=self._environment(), check=False, timeout=120)
        if end.returncode != expect:
            raise StateUnknown(f"`{shlex.join(words)}` ended with {end.returncode}, and {expect} was expected")
        if expect:
            say(f"(exit code {expect})")

    def timed(self, *words: str) -> float:
        """The seconds that a command takes; its output is kept away."""
        start = time.perf_counter()
        end = subprocess.run(
            _resolved(words),
            cwd=self.project,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if end.returncode:
            raise StateUnknown(f"`{shlex.join(words)}` ended with {end.returncode}: {end.stderr}")
        return time.perf_counter() - start

    def edit(self, name: str, old: str, new: str) -> None:
        """Change one place of a file of the project; the place must be there."""
        path = self.project / name
        text = path.read_text()
        if text.count(old) != 1:
            raise StateUnknown(f"{path} does not hold the text that the demo changes exactly once")
        path.write_text(text.replace(old, new))

    def git(self, *words: str) -> None:
        """Run git in the project, quietly."""
        subprocess.run(("git", *words), cwd=self.project, env=self._environment(), check=True, timeout=60)

    def commit(self, message: str) -> None:
        """Commit everything that changed in the project."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def served(self) -> tuple[str, ...]:
        """What each nginx answers now."""
        return tuple(edge.ask() or "no answer" for edge in self.edges)

    def close(self) -> None:
        """End the three nginx. The folder stays, to be looked at."""
        self._holder.close()
        for edge in self.edges:
            edge.stop()

    def _environment(self) -> Mapping[str, str]:
        """The user's environment without what would lead the commands out of the demo's folder."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PENSTOCK_"))}
        who = {"GIT_AUTHOR_NAME": "Ada Lovelace", "GIT_AUTHOR_EMAIL": "ada@shop.example"}
        committer = {name.replace("AUTHOR", "COMMITTER"): value for name, value in who.items()}
        fixed = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_PAGER": "cat", "PYTHONUNBUFFERED": "1"}
        return {**kept, **who, **committer, **fixed}


def _resolved(words: Sequence[str]) -> tuple[str, ...]:
    """`penstock` is this Penstock, whatever is on PATH."""
    return (sys.executable, "-m", *words) if words[0] == "penstock" else tuple(words)


def say(text: str = "") -> None:
    """Tell the user, in the order in which things happen also where output is piped."""
    print(text, flush=True)
