"""Setting a manager up, and serving it over the network. The door to uvicorn."""

from __future__ import annotations

import signal
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

import uvicorn

from penstock.errors import SettingsError, UsageError
from penstock.manager.accounts import Accounts
from penstock.manager.app import open_database
from penstock.manager.certificates import Certificate, make_certificate, read_certificate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from penstock.manager.app import ManagerApp

_SHUTDOWN_S = 10  # for requests that still run; deployments are waited for by ManagerApp.close


@dataclass(frozen=True, slots=True)
class Initialised:
    """What setting up made. database: its file."""

    database: Path
    user: str
    certificate: Certificate


def initialise(
    data: Path,
    *,
    user: str,
    password: str,
    hostnames: Sequence[str],
    clock: Callable[[], datetime],
    database_url: str = "",
) -> Initialised:
    """Set a manager up in `data`: the database, a user, and a certificate for these names if there is none yet.

    Safe to call again: the user gets the new password, the certificate stays as long as it covers the host names.
    Raises UsageError for a user or password that will not do, SettingsError for what cannot be written.
    """
    if not hostnames:
        raise UsageError("a certificate needs a host name", way_out="Name the host that clients will call.")
    database = open_database(data, database_url)
    try:
        Accounts(database, clock=clock).add(user, password)
    finally:
        database.close()
    return Initialised(database.path, user, _certificate(data, hostnames, clock()))


def _certificate(data: Path, hostnames: Sequence[str], now: datetime) -> Certificate:
    path, key_path = data / "certificate.pem", data / "key.pem"
    if path.exists() and key_path.exists():
        found = read_certificate(path, key_path)
        if set(hostnames) <= set(found.hostnames) and now < found.not_after:
            return found
    return make_certificate(data, hostnames, now=now)


def serve(
    manager: ManagerApp, *, host: str, port: int, certificate: Path | None = None, key: Path | None = None
) -> None:
    """Answer on host:port until SIGINT or SIGTERM; then finish what runs, close, and raise KeyboardInterrupt.

    Raises SettingsError for anything but loopback without a certificate: credentials travel in every request; and
    for a certificate that cannot be used, or an address that is taken.
    """
    try:
        server = uvicorn.Server(_config(manager, host, port, certificate, key))
        with _termination_as_interrupt():
            server.run()
    except SystemExit as error:  # uvicorn's way to say that it could not listen
        raise SettingsError(f"cannot listen on {host}:{port}", way_out="The log above says why.") from error
    finally:
        manager.close()


@contextmanager
def _termination_as_interrupt() -> Iterator[None]:
    """uvicorn sends itself the signal again once it has stopped; SIGTERM would then end us before we have closed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _config(manager: ManagerApp, host: str, port: int, certificate: Path | None, key: Path | None) -> uvicorn.Config:
    if (certificate is None) != (key is None):
        raise SettingsError("a certificate and its key belong together", way_out="Name both, or neither.")
    if certificate is None and not is_loopback(host):
        raise SettingsError(
            f"{host} is not loopback, and passwords would be readable on the network",
            way_out="`penstock serve --init` makes a certificate; or name one.",
        )
    config = uvicorn.Config(
        manager.app,
        host=host,
        port=port,
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_SHUTDOWN_S,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"the certificate {certificate} or its key cannot be used: {error}") from error
    if config.ssl:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
    return config


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
