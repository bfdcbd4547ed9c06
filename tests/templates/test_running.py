"""The shipped templates at work: nginx runs what they render, and answers as their manuals say."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import socket
import ssl
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.templates.examples import EXAMPLES, layer_for_this_machine, render_example, write_out

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.nginx


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(name: str, folder: Path, *layers: str) -> Iterator[tuple[int, int]]:
    """nginx over an example; gives its ports for HTTP and for TLS."""
    example = next(example for example in EXAMPLES if str(example) == name)
    http_port, https_port = free_port(), free_port()
    own = layer_for_this_machine(example, folder, http=http_port, https=https_port)
    root = folder / "root"
    write_out(render_example(example, own, *layers, root=str(root)))
    command = ["nginx", "-p", str(root), "-c", str(root / "nginx.conf"), "-e", str(folder / "early.log")]
    with subprocess.Popen([*command, "-g", "daemon off;"], stderr=subprocess.PIPE, text=True) as master:
        try:
            deadline = time.monotonic() + 20
            while True:
                with contextlib.suppress(ConnectionRefusedError):
                    socket.create_connection(("127.0.0.1", http_port), timeout=5).close()
                    break
                assert master.poll() is None, master.stderr.read() if master.stderr else ""
                assert time.monotonic() < deadline
                time.sleep(0.02)
            yield http_port, https_port
        finally:
            master.terminate()


def ask(
    port: int, host: str, path: str = "/", *, tls: bool = False, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], str]:
    """(status, headers, body) of a GET."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    if tls:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection.connect()
        connection.sock = context.wrap_socket(connection.sock, server_hostname=host)
    with contextlib.closing(connection):
        connection.request("GET", path, headers={"Host": host, **(headers or {})})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()


def test_a_static_site(tmp_path: Path) -> None:
    """Files with their types, the page for what is missing, nothing hidden, and no answer for strangers."""
    site = tmp_path / "site"
    (site / "assets").mkdir(parents=True)
    (site / ".git").mkdir()
    (site / ".well-known").mkdir()
    for name, text in {
        "index.html": "home",
        "404.html": "nowhere",
        "assets/a.js": "x",
        ".git/config": "s3cret",
    }.items():
        (site / name).write_text(text)
    (site / ".well-known/security.txt").write_text("mail us")
    tmp_path.chmod(0o755)
    layer = f"root: {site}\nhashed_assets: /assets/\nnot_found: /404.html\n"
    with running("static-site-minimal", tmp_path, layer) as (port, _):
        status, headers, body = ask(port, "www.example.org")
        assert (200, "text/html; charset=utf-8", "home") == (status, headers["content-type"], body)
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["server"] == "nginx"
        status, headers, _ = ask(port, "www.example.org", "/assets/a.js")
        assert (200, "max-age=31536000") == (status, headers["cache-control"])
        assert headers["content-type"].startswith("text/javascript")
        assert (404, "nowhere") == ask(port, "www.example.org", "/absent")[::2]
        assert ask(port, "www.example.org", "/.git/config")[::2] == (404, "nowhere")
        assert ask(port, "www.example.org", "/.well-known/security.txt")[::2] == (200, "mail us")
        with pytest.raises(http.client.RemoteDisconnected):
            ask(port, "stranger.example.org")


def test_redirects(tmp_path: Path) -> None:
    """Path and query are kept, or not, over HTTP and TLS."""
    with running("redirect-several", tmp_path) as (port, tls_port):
        for tls in (False, True):
            status, headers, _ = ask(tls_port if tls else port, "a.old.example.org", "/x?y=1", tls=tls)
            assert (308, "https://www.example.org/x?y=1") == (status, headers["location"])
        status, headers, _ = ask(port, "sale.example.org", "/x?y=1")
        assert (302, "https://www.example.org/offers/") == (status, headers["location"])


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with the headers that it was sent."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = str(self.headers).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: a test's output is its own."""


def test_a_reverse_proxy(tmp_path: Path) -> None:
    """HTTP goes to TLS, TLS to the application with the truth about who asked; strangers get no handshake."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as backend:
        backend.daemon_threads = True
        threading.Thread(target=backend.serve_forever, daemon=True).start()
        layer = f"servers: [{{address: '127.0.0.1:{backend.server_address[1]}'}}]\nhsts: {{enabled: true}}\n"
        with running("reverse-proxy-minimal", tmp_path, layer) as (port, tls_port):
            status, headers, _ = ask(port, "app.example.org", "/a?b")
            assert (301, "https://app.example.org/a?b") == (status, headers["location"])
            forged = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "http"}
            status, headers, body = ask(tls_port, "app.example.org", tls=True, headers=forged)
            assert (200, "max-age=63072000") == (status, headers["strict-transport-security"])
            seen = dict(line.split(": ", 1) for line in body.strip().splitlines())
            assert ("app.example.org", "127.0.0.1", "https") == (
                seen["Host"],
                seen["X-Forwarded-For"],
                seen["X-Forwarded-Proto"],
            )
            assert "Connection" not in seen or seen["Connection"] == ""
            upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
            body = ask(tls_port, "app.example.org", tls=True, headers=upgrade)[2].lower()
            assert "upgrade: websocket" in body
            assert "connection: upgrade" in body
            with pytest.raises(ssl.SSLError):
                ask(tls_port, "stranger.example.org", tls=True)
        backend.shutdown()
