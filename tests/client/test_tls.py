"""The real manager under uvicorn and TLS: whom the client believes, and what it says of others."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import uvicorn

from penstock.agent.simulated import SimulatedFleet
from penstock.analysis import Profile
from penstock.client import Credentials, Manager
from penstock.errors import CredentialError, Unreachable, UsageError
from penstock.manager import open_manager
from penstock.manager.certificates import make_certificate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from penstock.manager import Certificate, ManagerApp


def now() -> datetime:
    return datetime.now(UTC)


def certificate_of(folder: Path, *hostnames: str, when: datetime | None = None) -> Certificate:
    folder.mkdir(exist_ok=True)
    return make_certificate(folder, hostnames or ("localhost",), now=when or now())


@asynccontextmanager
async def served(folder: Path, certificate: Certificate) -> AsyncIterator[tuple[ManagerApp, str]]:
    """(a manager of one simulated instance, its URL) under TLS with this certificate."""
    fleet = SimulatedFleet({"edge-1": {"nginx.conf": b"events {}\n"}})
    app = open_manager(folder / "data", fleet, profile=Profile(), clock=now)
    config = uvicorn.Config(
        app.app, port=0, lifespan="off", log_config=None, ssl_certfile=certificate.path,
        ssl_keyfile=str(certificate.key_path),
    )  # fmt: skip
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(10):
            while not server.started:
                await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield app, f"https://localhost:{port}"
    finally:
        server.should_exit = True
        await task
        await asyncio.to_thread(app.close)


def test_a_manager_whose_authority_is_given_is_believed(tmp_path: Path) -> None:
    """The whole way: lists, reads, and a wrong password is a CredentialError."""

    async def story() -> None:
        certificate = certificate_of(tmp_path / "ca")
        async with served(tmp_path, certificate) as (app, url):
            credentials = Credentials(*app.session_credentials())
            async with Manager(url, credentials=credentials, cacert=certificate.path) as manager:
                (instance,) = await manager.instances()
                live = await manager.live(instance)
                assert (instance.name, live.files.files[instance.entry]) == ("edge-1", b"events {}\n")
                assert live.base.tag
            wrong = Credentials("ada", "wrong-s3cret")
            async with Manager(url, credentials=wrong, cacert=certificate.path) as manager:
                with pytest.raises(CredentialError, match="HTTP 401") as caught:
                    await manager.groups()
                assert "s3cret" not in str(caught.value)

    asyncio.run(story())


EXPIRED = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hostnames", "when", "anchored", "said"),
    [
        (("localhost",), None, False, "self-signed certificate"),
        (("other.example",), None, True, "Hostname mismatch"),
        (("localhost",), EXPIRED, True, "expired"),
    ],
    ids=["unknown authority", "another host's", "expired"],
)
def test_a_certificate_that_is_not_believed_is_named(
    tmp_path: Path, hostnames: tuple[str, ...], when: datetime | None, anchored: bool, said: str
) -> None:
    """Subject, names, issuer, expiry, fingerprint, and --cacert; nothing is sent, and there is no way around."""

    async def story() -> None:
        certificate = certificate_of(tmp_path / "ca", *hostnames, when=when)
        other = certificate_of(tmp_path / "other", "localhost")
        cacert = certificate.path if anchored else other.path
        async with served(tmp_path, certificate) as (app, url):
            credentials = Credentials(*app.session_credentials())
            async with Manager(url, credentials=credentials, cacert=cacert) as manager:
                with pytest.raises(Unreachable, match=said) as caught:
                    await manager.groups()
            text = str(caught.value)
            assert f"subject commonName={hostnames[0]}, for {hostnames[0]}, issuer commonName={hostnames[0]}" in text
            assert f"{certificate.not_after:%Y} GMT" in text
            assert certificate.fingerprint in text
            assert "--cacert" in text
            assert certificate.not_after - now() < timedelta(days=400)

    asyncio.run(story())


def test_the_operating_systems_store_is_asked_without_a_cacert(tmp_path: Path) -> None:
    """It does not know the manager's own authority."""

    async def story() -> None:
        async with (
            served(tmp_path, certificate_of(tmp_path / "ca")) as (app, url),
            Manager(url, credentials=Credentials(*app.session_credentials())) as manager,
        ):
            with pytest.raises(Unreachable, match="is not trusted"):
                await manager.groups()

    asyncio.run(story())


@pytest.mark.parametrize("content", [None, "no certificate"], ids=["absent", "no PEM"])
def test_a_cacert_that_is_none_is_said(tmp_path: Path, content: str | None) -> None:
    """With its path."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError, match=r"ca\.pem"):
        Manager("https://localhost", credentials=Credentials(), cacert=path)
