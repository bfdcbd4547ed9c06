"""Real nginx masters on loopback, each with a prefix, ports and logs of its own, and a client that keeps asking."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.agent.local import LocalNginx
from penstock.model import FileSet, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from penstock.ports import Probe

NGINX = "/usr/sbin/nginx"
DEADLINE_S = 20.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(holds: Callable[[], bool], *, what: str, deadline_s: float = 10.0) -> None:
    """Poll until it holds."""
    end = time.monotonic() + deadline_s
    while not holds():
        assert time.monotonic() < end, f"{what} did not come within {deadline_s} s"
        time.sleep(0.02)


@dataclass(frozen=True)
class Nginx:
    """One nginx: its configuration stands in top/etc/nginx, logs and pid beside it in top."""

    top: Path
    port: int

    @property
    def root(self) -> Path:
        return self.top / "etc" / "nginx"

    @property
    def beside(self) -> Path:
        return self.top / "etc" / "nginx.penstock"

    @property
    def conf(self) -> Path:
        return self.root / "nginx.conf"

    def main(self, extra: str = "", *, workers: int = 2) -> bytes:
        """A main file with an absolute include, as Debian's."""
        return (
            f"worker_processes {workers};\npid {self.top}/nginx.pid;\nerror_log {self.top}/error.log;\n{extra}"
            f"events {{ worker_connections 64; }}\nhttp {{\n  access_log off;\n"
            f"  include {self.root}/conf.d/*.conf;\n  include {self.root}/sites-enabled/*;\n}}\n"
        ).encode()

    def site(self, text: str, extra: str = "") -> bytes:
        return (
            f"server {{ listen 127.0.0.1:{self.port}; {extra}\n"
            f"  location / {{ default_type text/plain; return 200 '{text}'; }} }}\n"
        ).encode()

    def plane(self, step: Callable[[str], None] = lambda _: None) -> LocalNginx:
        return LocalNginx(allowed=[str(self.top)], step=step)

    @property
    def uid(self) -> str:
        return self.plane().observe()[0].uid

    def live(self) -> FileSet:
        return self.plane().fetch(self.uid)

    def with_files(self, changes: dict[str, bytes | None]) -> FileSet:
        """The live files with some changed, added, or (None) removed; names below root."""
        live = self.live()
        files = dict(live.files)
        for name, data in changes.items():
            path = str(self.root / name)
            if data is None:
                del files[path]
            else:
                files[path] = data
        return FileSet(live.root, live.entry, files)

    def publish(
        self,
        changes: dict[str, bytes | None],
        *,
        step: Callable[[str], None] = lambda _: None,
        probes: tuple[Probe, ...] = (),
        deadline_s: float = DEADLINE_S,
    ) -> Result:
        return self.plane(step).apply(
            self.uid,
            self.with_files(changes),
            base_digest=self.live().digest,
            probes=probes,
            deadline_s=deadline_s,
        )

    def serves(self, port: int = 0) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=5)
        try:
            connection.request("GET", "/", headers={"Connection": "close"})
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def master(self) -> int:
        return self.plane().observe()[0].pid

    def tree(self) -> dict[str, tuple[int, int, int, str]]:
        """Everything below root: name -> mode, owner, group, bytes or the link's target."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            status = path.lstat()
            held = str(path.readlink()) if path.is_symlink() else path.read_bytes().hex() if path.is_file() else ""
            found[str(path.relative_to(self.root))] = (status.st_mode, status.st_uid, status.st_gid, held)
        return found

    def start(self, *arguments: str, binary: str = NGINX) -> None:
        """With these arguments, in top; without any, with its absolute -c and -p."""
        words = arguments or ("-c", str(self.conf), "-p", str(self.top))
        subprocess.run([binary, *words], check=True, timeout=10, capture_output=True, cwd=self.top)
        until(lambda: bool(self.plane().observe()), what="the master")
        until(self._answers, what="the first answer")

    def _answers(self) -> bool:
        try:
            return bool(self.serves())
        except (OSError, http.client.HTTPException):
            return False

    def stop(self) -> None:
        """Kill the master and its workers, whatever state they are in."""
        for seen in self.plane().observe():
            for pid in (seen.pid, *seen.worker_pids):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def lay_out(top: Path) -> Nginx:
    """A tree like Debian's: absolute includes, an enabled site behind an absolute link, and a key of its own mode."""
    top.chmod(0o755)
    nginx = Nginx(top, free_port())
    for name in ("conf.d", "sites-available", "sites-enabled", "ssl"):
        (nginx.root / name).mkdir(parents=True)
    nginx.conf.write_bytes(nginx.main())
    (nginx.root / "sites-available" / "default").write_bytes(nginx.site("old"))
    (nginx.root / "sites-enabled" / "default").symlink_to(nginx.root / "sites-available" / "default")
    key = nginx.root / "ssl" / "site.key"
    key.write_bytes(b"not read by this test\n")
    key.chmod(0o600)
    os.chown(key, 12345, 54321)
    return nginx


@contextlib.contextmanager
def hammering(nginx: Nginx) -> Iterator[list[str]]:
    """A client that asks without pause; what it yields holds every answer, or `FAILED: why`."""
    answers: list[str] = []
    ended = threading.Event()

    def ask() -> None:
        while not ended.is_set():
            try:
                answers.append(nginx.serves())
            except (OSError, http.client.HTTPException) as error:
                answers.append(f"FAILED: {error!r}")

    clients = [threading.Thread(target=ask) for _ in range(2)]
    for client in clients:
        client.start()
    try:
        until(lambda: bool(answers), what="the first answer to the client")
        yield answers
    finally:
        ended.set()
        for client in clients:
            client.join(10)
