"""What the security rules say goes wrong, goes wrong on the real nginx."""

from __future__ import annotations

import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVER = """
daemon off; master_process off; worker_processes 1;
pid %(folder)s/nginx.pid;
events {}
http {
    access_log off;
    server {
        listen 127.0.0.1:%(port)d;
        rewrite ^/old(.*)$ https://example.com$1 permanent;
        location /plain/ { return 302 https://x$uri; }
        location /raw/ { return 302 https://x$request_uri; }
        location ~ ^/part/([^/]*)/ { add_header X-Part $1; return 204; }
        location ~ ^/dot/(.*)/ { add_header X-Part $1; return 204; }
        location ~ ^/named/ { rewrite ^/named/(?<rest>[^/]*)$ https://x/$rest redirect; }
        location ~ ^/number/ { rewrite ^/number/([^/]*)$ https://x/$1 redirect; }
        location /files { alias %(folder)s/files/; }
        location ~ ^/regex/(.*)$ { alias %(folder)s/files/$1; try_files $uri =404; }
        location /acl { deny all; return 200 "told"; }
        location /named-location { try_files /none @nowhere; }
        location /lookup { proxy_pass http://localhost:1$request_uri; }
    }
}
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an nginx that serves SERVER."""
    folder = tmp_path_factory.mktemp("truth")
    folder.chmod(0o755)
    (folder / "files").mkdir()
    (folder / "files" / "a.txt").write_text("a")
    (folder / "secret").write_text("the secret")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = int(probe.getsockname()[1])
    process = _start(folder, number)
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", number), 1).close()
                break
            except OSError:
                assert process.poll() is None, (folder / "error.log").read_text()
                assert time.monotonic() < deadline, "nginx does not answer"
                time.sleep(0.02)
        yield number
    finally:
        process.terminate()
        process.wait(10)


def _start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    entry = folder / "nginx.conf"
    entry.write_text(SERVER % {"folder": folder, "port": port})
    return subprocess.Popen(["nginx", "-p", str(folder), "-c", str(entry), "-e", str(folder / "error.log")])


def answer(port: int, path: str) -> str:
    """The whole answer to a GET of this very path."""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\nHost: a.example\r\n\r\n".encode())
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts).decode()


@pytest.mark.nginx
@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/plain/%0d%0aX-In:1", "\r\nX-In:1"),
        ("/part/%0d%0aX-In:1/", "\r\nX-In:1"),
        ("/named/%0d%0aX-In:1", "\r\nX-In:1"),
        ("/old.evil.example/", "Location: https://example.com.evil.example/"),
        ("/files../secret", "the secret"),
        ("/acl", "told"),
        ("/named-location", " 500 "),
        ("/lookup", " 502 "),
        ("/regex/a.txt", " 404 "),
    ],
)
def test_what_a_rule_reports_happens(path: str, there: str, port: int) -> None:
    """Line ends in headers, foreign hosts, files beside the alias, answers past the ACL, dead ends."""
    assert there in answer(port, path)


@pytest.mark.nginx
@pytest.mark.parametrize("path", ["/raw/%0d%0aX-In:1", "/dot/%0d%0aX-In:1/", "/number/%0d%0aX-In:1"])
def test_what_a_rule_passes_does_not_happen(path: str, port: int) -> None:
    """The URI as sent, a dot that matches no line end, a numbered capture in a rewrite that redirects."""
    assert "\r\nX-In:1" not in answer(port, path)
