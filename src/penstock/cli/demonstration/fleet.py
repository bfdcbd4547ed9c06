"""Three real nginx on loopback, in a folder of their own, and the way to ask them."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.errors import NotFound, StateUnknown

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("edge-1", "edge-2", "edge-3")


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody holds now, all different.

    From below the range that the kernel hands out to outgoing connections, so that none is taken meanwhile, and
    from a place of this process's own, so that two demos at once do not reach for the same ones.
    """
    found: list[int] = []
    for port in range(10080 + os.getpid() % 1000 * 20, 32000):
        with socket.socket() as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                attempt.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise StateUnknown(f"found only {len(found)} free ports on 127.0.0.1 below 32000, and needs {count}")


def find_nginx() -> str:
    """The path of the nginx binary; NotFound says how to install it."""
    found = shutil.which("nginx", path=f"{os.defpath}:/usr/sbin:/usr/local/sbin:/usr/local/bin")
    if found is None:
        raise NotFound("there is no nginx on this machine", way_out="Install it: sudo apt-get install nginx")
    return found


@dataclass(frozen=True, slots=True)
class Edge:
    """One nginx of the demo: its folder and its ports."""

    name: str
    folder: Path
    listen_port: int
    metrics_port: int

    @property
    def conf(self) -> Path:
        """Its main file; the folder around it is what a publish replaces."""
        return self.folder / "etc/nginx/nginx.conf"

    @property
    def run_dir(self) -> Path:
        """Its pid file, logs and temporary files."""
        return self.folder / "run"

    @property
    def pid(self) -> int | None:
        """The pid of its master while that runs, and runs from this folder."""
        try:
            pid = int((self.run_dir / "nginx.pid").read_text())
            argv = Path(f"/proc/{pid}/cmdline").read_text()
        except (OSError, ValueError):
            return None
        return pid if str(self.conf) in argv else None

    def lay_out(self) -> None:
        """Write the config that it runs before Penstock ever sees it."""
        self.conf.parent.mkdir(parents=True)
        self.run_dir.mkdir()
        temp = "".join(
            f"    {kind}_temp_path {self.run_dir}/{kind.split('_')[0]};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        self.conf.write_text(
            f"pid {self.run_dir}/nginx.pid;\nerror_log {self.run_dir}/error.log notice;\n"
            f"events {{}}\nhttp {{\n    access_log off;\n    server_tokens off;\n{temp}"
            f"    server {{\n        listen 127.0.0.1:{self.listen_port} default_server;\n"
            f'        location / {{ return 200 "{self.name}, set up by hand\\n"; }}\n'
            f'        location = /health {{ return 200 "ok\\n"; }}\n    }}\n}}\n'
        )

    def start(self, nginx: str) -> None:
        """Start its master; it is there when this returns."""
        end = subprocess.run(
            [nginx, "-c", str(self.conf), "-p", str(self.folder), "-e", str(self.run_dir / "error.log")],
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        if end.returncode:
            raise StateUnknown(f"{self.name} did not start: {end.stderr.strip()}")
        _wait(lambda: self.pid is not None and self.ask() is not None, f"{self.name} started and does not answer")

    def stop(self) -> None:
        """End its master and workers, and wait until they are gone; nothing happens when they are."""
        pid = self.pid
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        _wait(lambda: not Path(f"/proc/{pid}").exists(), f"{self.name} (pid {pid}) does not end")

    def ask(self, path: str = "/", *, timeout_s: float = 5.0) -> str | None:
        """The body of the answer to GET path when it is a 200; None otherwise."""
        connection = http.client.HTTPConnection("127.0.0.1", self.listen_port, timeout=timeout_s)
        try:
            connection.request("GET", path, headers={"Host": "shop.example", "Connection": "close"})
            answer = connection.getresponse()
            body = answer.read().decode(errors="replace")
        except OSError:
            return None
        finally:
            connection.close()
        return body.strip() if answer.status == 200 else None


def _wait(until: Callable[[], bool], complaint: str, *, timeout_s: float = 10.0) -> None:
    end = time.monotonic() + timeout_s
    while not until():
        if end < time.monotonic():
            raise StateUnknown(complaint)
        time.sleep(0.02)
