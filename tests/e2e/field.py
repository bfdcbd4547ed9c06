"""Everything that a release touches, as it stands in the field: nginx masters, `penstock serve` over TLS, a repository.

Each part is a process of its own; the command line is one more.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import socket
import ssl
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from penstock.cli.demonstration.fleet import Edge, find_nginx
from tests.cli.running import PENSTOCK, End

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

USER = "ada"
PASSWORD = "engine-number-1"
PATIENCE_S = 30.0
TEMPLATE = """\
pid {{ run_dir }}/nginx.pid;
error_log {{ run_dir }}/error.log notice;
events {}
http {
    access_log off;
    server_tokens off;
    client_body_temp_path {{ run_dir }}/client;
    proxy_temp_path {{ run_dir }}/proxy;
    fastcgi_temp_path {{ run_dir }}/fastcgi;
    uwsgi_temp_path {{ run_dir }}/uwsgi;
    scgi_temp_path {{ run_dir }}/scgi;
    server {
        listen 127.0.0.1:{{ listen_port }} default_server;
        location / { default_type text/plain; return 200 "{{ penstock.instance }} TEXT"; }
        location = /health { return 200 "ok"; }
    }
}
"""


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody holds now, all different."""
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]


def until(holds: Callable[[], bool], what: str) -> None:
    """Poll until it holds."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, f"{what} did not come within {PATIENCE_S:g} s"
        time.sleep(0.02)


@dataclass
class Field:
    """A folder with nginx masters, the manager's folder and a project that publishes to the manager."""

    top: Path
    edges: tuple[Edge, ...]
    port: int
    slow_port: int
    manager: subprocess.Popen[str] | None = None
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def certificate(self) -> Path:
        return self.top / "manager" / "state" / "certificate.pem"

    @property
    def project(self) -> Path:
        return self.top / "project"

    @property
    def origin(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    # -------------------------------------------------------------------------------------------- the manager

    def initialise(self) -> End:
        """`penstock serve --init`, with a password out of a file."""
        home = self.top / "manager"
        home.mkdir()
        names = "".join(f'"{edge.conf}" = "{edge.name}"\n' for edge in self.edges)
        members = ", ".join(f'"{edge.name}"' for edge in self.edges)
        (home / "penstock.toml").write_text(
            f'[manager]\ndata = "state"\nallow = ["{self.top}"]\n[manager.names]\n{names}'
            f"[manager.groups]\nedge = [{members}]\n"
        )
        (home / "password").write_text(f"{PASSWORD}\n")
        return self.serve_once("--init", "--user", USER, "--password-file", "password", "--hostname", "127.0.0.1")

    def serve_once(self, *arguments: str) -> End:
        """`penstock serve` that is expected to end by itself."""
        end = subprocess.run(
            [*PENSTOCK, "serve", *arguments],
            cwd=self.top / "manager",
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return End(end.returncode, end.stdout, end.stderr)

    def start_manager(self) -> None:
        """Start it; it answers when this returns. What it says goes to manager/log."""
        with (self.top / "manager" / "log").open("a") as log:
            self.manager = subprocess.Popen(
                [*PENSTOCK, "serve", "--listen", f"127.0.0.1:{self.port}"],
                cwd=self.top / "manager",
                stdout=log,
                stderr=log,
                text=True,
            )
        until(self._answers, "the manager")

    def _answers(self) -> bool:
        assert self.manager is not None
        assert self.manager.poll() is None, (self.top / "manager" / "log").read_text()
        with socket.socket() as attempt:
            return attempt.connect_ex(("127.0.0.1", self.port)) == 0

    def end_manager(self, number: signal.Signals) -> int:
        """Send it the signal and wait; gives its exit code."""
        assert self.manager is not None
        self.manager.send_signal(number)
        return self.manager.wait(PATIENCE_S)

    @property
    def log(self) -> str:
        return (self.top / "manager" / "log").read_text()

    def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any, Mapping[str, str]]:
        """(status, document, headers) of a request as a client of NIM makes it, with Basic authentication."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=PATIENCE_S, context=context)
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        sent = {"Authorization": f"Basic {login}", "Content-Type": "application/json", **(headers or {})}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None, {k.lower(): v for k, v in answer.getheaders()}
        finally:
            connection.close()

    # -------------------------------------------------------------------------------------------- the project

    def write_project(self) -> None:
        """A project whose targets are at this manager, by the URL in its settings."""
        self.point_at(self.port)
        self.template("one")
        instances = self.project / "values" / "instances"
        instances.mkdir(parents=True)
        (self.project / "values" / "base.yaml").write_text(f"slow_port: {self.slow_port}\n")
        for edge in self.edges:
            (instances / f"{edge.name}.yaml").write_text(f"run_dir: {edge.run_dir}\nlisten_port: {edge.listen_port}\n")

    def point_at(self, port: int) -> None:
        """Name the manager's port in the project's settings, and in the environment that the user controls."""
        self.project.mkdir(exist_ok=True)
        to = f'config = "web"\nmanager = "https://127.0.0.1:{port}"\ncacert = "{self.certificate}"\ndeadline_s = 20\n'
        one = self.edges[0].name
        probe = 'url = "http://127.0.0.1:{{ slow_port }}/"\n'
        (self.project / "penstock.toml").write_text(
            f'[configs.web]\ntemplate = "template"\nvalues = "values"\n'
            f'[targets.one]\n{to}instance = "{one}"\n[targets.all]\n{to}group = "edge"\n'
            f'[targets.typo]\n{to}group = "egde"\n'
            f'[targets.untrusting]\n{to.replace("cacert", "# cacert")}instance = "{one}"\n'
            f'[targets.slow]\n{to}instance = "{one}"\n[[targets.slow.probes]]\n{probe}'
            f'[targets.slow-all]\n{to}group = "edge"\n[[targets.slow-all.probes]]\n{probe}'
        )
        self.environment.update(
            PENSTOCK_MANAGER=f"https://127.0.0.1:{port}", PENSTOCK_USERNAME=USER, PENSTOCK_PASSWORD=PASSWORD
        )

    def template(self, text: str, more: str = "") -> None:
        """What every instance is to answer with, after its name; more: directives for the server."""
        folder = self.project / "template"
        folder.mkdir(exist_ok=True)
        (folder / "template.yaml").write_text("schema: {type: object}\n")
        whole = TEMPLATE.replace("TEXT", text).replace("    location /", f"    {more}\n        location /", 1)
        (folder / "nginx.conf.j2").write_text(whole)

    def begin(self, *arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
        """The command line in the project, still running."""
        return subprocess.Popen(
            [*PENSTOCK, *map(str, arguments)],
            cwd=self.project,
            env={**os.environ, **self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def penstock(self, *arguments: str | Path, **environment: str) -> End:
        """How the command line in the project ends."""
        return ended(self.begin(*arguments, **environment))

    def serves(self) -> list[str]:
        """What each nginx answers now."""
        return [edge.ask() or "no answer" for edge in self.edges]

    def pending(self) -> bool:
        """Whether the last deployment to the first instance has not ended."""
        _, listed, _ = self.ask("GET", "/api/platform/v1/instances")
        one = next(item for item in listed["items"] if item["displayName"] == self.edges[0].name)
        _, detail, _ = self.ask("GET", f"/api/platform/v1/systems/{one['systemUid']}/instances/{one['uid']}")
        return bool((detail.get("lastDeploymentDetails") or {}).get("details", {}).get("pending"))


def ended(process: subprocess.Popen[str]) -> End:
    """How a command line that was begun ends."""
    try:
        stdout, stderr = process.communicate(timeout=120)
    finally:
        process.kill()
    return End(process.returncode, stdout, stderr)


@contextlib.contextmanager
def in_the_field(top: Path, *, instances: int = 1) -> Iterator[Field]:
    """So many nginx that serve what was set up by hand, a manager, a project; all ended afterwards."""
    ports = free_ports(instances + 2)
    edges = tuple(Edge(f"edge-{n + 1}", top / f"edge-{n + 1}", ports[n], 0) for n in range(instances))
    here = Field(top, edges, ports[-1], ports[-2])
    top.chmod(0o755)
    try:
        for edge in edges:
            edge.lay_out()
            edge.start(find_nginx())
        made = here.initialise()
        assert made.code == 0, made.stderr
        here.write_project()
        here.start_manager()
        yield here
    finally:
        if here.manager is not None and here.manager.poll() is None:
            here.manager.kill()
            here.manager.wait(PATIENCE_S)
        for edge in edges:
            edge.stop()


@contextlib.contextmanager
def never_answering(port: int) -> Iterator[None]:
    """A listener that takes connections and says nothing: a probe that waits for it waits until its deadline."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
        yield
