"""Serving over the network: TLS for anything but loopback, and an orderly end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from penstock.errors import SettingsError
from penstock.manager import initialise, serve
from penstock.manager.serving import is_loopback
from tests.manager.clocks import Clock

if TYPE_CHECKING:
    from tests.manager.rig import Rig

SERVER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from penstock.analysis import Profile
from penstock.manager import open_manager, serve
from tests.manager.fleets import Fleet

data, port = Path(sys.argv[1]), int(sys.argv[2])
manager = open_manager(data, Fleet("edge-1"), profile=Profile(), clock=lambda: datetime.now(UTC))
serve(manager, host="127.0.0.1", port=port, certificate=data / "certificate.pem", key=data / "key.pem")
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"nothing listens on {port}")


async def _ask(port: int, host: str, context: ssl.SSLContext) -> httpx2.Response:
    async with httpx2.AsyncClient(verify=context, auth=("ada", "long enough"), trust_env=False) as client:
        return await client.get(f"https://{host}:{port}/api/platform/v1/instances")


def test_a_client_that_is_given_the_certificate_is_answered_over_tls(tmp_path: Path) -> None:
    """By the name in it; not by another, not without it; SIGTERM ends the server in order."""
    data = tmp_path / "data"
    made = initialise(data, user="ada", password="long enough", hostnames=["127.0.0.1"], clock=Clock())
    port = _free_port()
    process = subprocess.Popen(
        [
            sys.executable,
            *(argument for one in sys.warnoptions for argument in ("-W", one)),
            "-c",
            SERVER,
            str(data),
            str(port),
        ],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        _wait_for(port)
        trusting = ssl.create_default_context(cafile=str(made.certificate.path))
        answer = asyncio.run(_ask(port, "127.0.0.1", trusting))
        assert (answer.status_code, answer.json()["count"]) == (200, 1)
        assert "server" not in answer.headers
        for host, context in (("127.0.0.1", ssl.create_default_context()), ("localhost", trusting)):
            with pytest.raises(httpx2.ConnectError, match=r"(?i)certificate"):
                asyncio.run(_ask(port, host, context))
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.load_verify_locations(made.certificate.path)
        answer = asyncio.run(_ask(port, "127.0.0.1", old))
        assert answer.status_code == 200
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
    assert list((data / "owners").iterdir()) == []


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
     ("192.0.2.1", False), ("manager.example", False), ("", False)],
)  # fmt: skip
def test_what_counts_as_loopback(host: str, loopback: bool) -> None:
    """Only what no other machine can reach."""
    assert is_loopback(host) is loopback


def test_anything_else_is_refused_without_a_certificate(rig: Rig) -> None:
    """Passwords travel in every request. The manager is closed all the same."""
    with pytest.raises(SettingsError, match="not loopback"):
        serve(rig.manager, host="0.0.0.0", port=0)


def test_half_a_certificate_and_a_broken_one_are_refused(rig: Rig, tmp_path: Path) -> None:
    """By name."""
    broken = tmp_path / "broken.pem"
    broken.write_text("nothing")
    with pytest.raises(SettingsError, match="belong together"):
        serve(rig.manager, host="127.0.0.1", port=0, certificate=broken)
    with pytest.raises(SettingsError, match=r"broken\.pem or its key cannot be used"):
        serve(rig.manager, host="127.0.0.1", port=0, certificate=broken, key=broken)


def test_a_port_that_is_taken_is_refused(rig: Rig) -> None:
    """With the address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"cannot listen on 127.0.0.1:{port}"):
            serve(rig.manager, host="127.0.0.1", port=port)
