"""`penstock serve`: set up once, served until it is told to end, asked by the same program."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import signal
import socket
import ssl
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from penstock.manager.certificates import read_certificate
from tests.cli.running import PENSTOCK, penstock
from tests.cli.test_publish import free_port

MISUSE: dict[str, tuple[list[str], str]] = {
    "a user without --init": (["--user", "ada"], "belong to --init"),
    "a host name without --init": (["--hostname", "a.example"], "--hostname belongs to"),
    "--init that goes on": (["--init", "--admin-password-file", "/dev/null"], "Choose one"),
    "an admin without a password": (["--admin-password-file", "/dev/null"], "the password of admin is too short"),
    "--init without a user": (["--init"], "--init needs --user"),
    "--init without a password": (["--init", "--user", "ada"], "a password is needed"),
    "an address that is none": (["--listen", "8443"], "is not HOST:PORT"),
    "the network without a certificate": (["--listen", "0.0.0.0:8443"], "0.0.0.0 is not loopback"),
}


@pytest.mark.parametrize("case", MISUSE)
def test_misuse_is_2(case: str) -> None:
    """Nothing is served, and the reason is said."""
    arguments, message = MISUSE[case]
    end = penstock("serve", "--data", "state", *arguments)
    assert (end.code, end.stdout) == (2, "")
    assert message in end.stderr


def test_init_makes_what_serving_needs() -> None:
    """A database, a user whose password came from stdin, and a certificate; none of it printed is secret."""
    end = penstock(
        "serve", "--init", "--data", "state", "--user", "ada", "--password-stdin", stdin=b"engine-number-1\n"
    )
    assert (end.code, end.stderr) == (0, "")
    assert re.search(r"^user +ada$", end.stdout, re.MULTILINE)
    assert "engine-number-1" not in end.stdout
    assert Path("state/certificate.pem").exists()
    assert Path("state/key.pem").stat().st_mode & 0o077 == 0
    assert not any(b"engine-number-1" in path.read_bytes() for path in Path("state").rglob("*") if path.is_file())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serving_ends_well_when_it_is_told_to(number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate of --init is used, its user is believed, and the end of a service is no failure."""
    Path("password").write_text("engine-number-1\n")
    penstock("serve", "--init", "--data", "state", "--user", "ada", "--password-file", "password")
    port = free_port()
    child = subprocess.Popen(
        [*PENSTOCK, "serve", "--data", "state", "--listen", f"127.0.0.1:{port}"], stderr=subprocess.PIPE, text=True
    )
    assert child.stderr is not None
    assert child.stderr.readline().startswith(f"Serving https://127.0.0.1:{port}, data in state.")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    Path("penstock.toml").write_text(
        '[configs.web]\npath = "nginx.conf"\n[targets.web]\nconfig = "web"\ninstance = "web"\n'
    )
    for name, value in {
        "MANAGER": f"https://127.0.0.1:{port}",
        "USERNAME": "ada",
        "PASSWORD": "engine-number-1",
    }.items():
        monkeypatch.setenv(f"PENSTOCK_{name}", value)
    untrusted = penstock("status", "web")
    assert untrusted.code == 5
    assert "is not trusted" in untrusted.stderr
    believed = penstock("status", "web", "--cacert", "state/certificate.pem")
    assert believed.code == 2
    assert "knows no instance 'web'" in believed.stderr
    child.send_signal(number)
    _, stderr = child.communicate(timeout=30)
    assert (child.returncode, stderr) == (0, "Stopped; every deployment that ran was finished.\n")


def _names(certificate: Path) -> tuple[str, ...]:
    return read_certificate(certificate, certificate.with_name("key.pem")).hostnames


@pytest.mark.parametrize("hostname", [(), ("manager.example.com", "127.0.0.1")], ids=["no names", "names"])
def test_a_manager_starts_initialised_without_a_question(hostname: tuple[str, ...]) -> None:
    """One command in an empty folder: ready at /health, and admin is believed. Again: the certificate stays."""
    Path("secret").write_text("engine-number-1\n")
    names = [word for name in hostname for word in ("--hostname", name)]
    serving = [*PENSTOCK, "serve", "--data", "state", "--admin-password-file", "secret"]
    kept = b""
    for again in (names, []):
        port = free_port()
        child = subprocess.Popen(
            [*serving, "--listen", f"127.0.0.1:{port}", *again],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert _ready(port)["status"] == "healthy"
            assert _names(Path("state/certificate.pem")) == (hostname or ("localhost", "127.0.0.1"))
            assert _ask(port, "/api/platform/v1/userinfo", user="admin:engine-number-1")["metadata"]["name"] == "admin"
            assert kept in {b"", Path("state/certificate.pem").read_bytes()}
            kept = Path("state/certificate.pem").read_bytes()
        finally:
            child.send_signal(signal.SIGTERM)
            _, stderr = child.communicate(timeout=30)
        assert (child.returncode, stderr.splitlines()[-1]) == (0, "Stopped; every deployment that ran was finished.")


def _ask(port: int, path: str, *, user: str = "") -> dict[str, Any]:
    request = urllib.request.Request(f"https://127.0.0.1:{port}{path}")
    if user:
        request.add_header("Authorization", f"Basic {base64.b64encode(user.encode()).decode()}")
    context = ssl.create_default_context(cafile="state/certificate.pem")
    with urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    ).open(request, timeout=20) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def _ready(port: int) -> dict[str, Any]:
    """What /health says as soon as it can be asked."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            return _ask(port, "/health")
        time.sleep(0.05)
    raise AssertionError("never ready")
