"""The manager's certificate: a client that is given the file trusts it, for the names in it, and for no others."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from penstock.errors import SettingsError, UsageError
from penstock.manager import Initialised, initialise
from penstock.manager.certificates import make_certificate, read_certificate

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_openssl_verifies_it_for_its_names_alone(tmp_path: Path) -> None:
    """A second opinion on what we made."""
    made = make_certificate(tmp_path, ["manager.example.com", "127.0.0.1", "::1"], now=NOW)
    check = ["openssl", "verify", "-attime", "1780000000", "-purpose", "sslserver", "-CAfile", str(made.path)]
    for options, fits in (
        (["-verify_hostname", "manager.example.com"], True),
        (["-verify_ip", "127.0.0.1"], True),
        (["-verify_ip", "::1"], True),
        (["-verify_hostname", "other.example.com"], False),
        (["-verify_ip", "127.0.0.2"], False),
    ):
        done = subprocess.run([*check, *options, str(made.path)], capture_output=True, check=False)
        assert (done.returncode == 0) == fits, done.stderr


def test_the_fingerprint_is_that_of_the_file(tmp_path: Path) -> None:
    """A person compares it; `openssl x509 -fingerprint -sha256` prints the same."""
    made = make_certificate(tmp_path, ["h"], now=NOW)
    der = ssl.PEM_cert_to_DER_cert(made.path.read_text())
    assert made.fingerprint.replace(":", "").lower() == hashlib.sha256(der).hexdigest()
    assert read_certificate(made.path, made.key_path) == made


def test_the_key_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    """And fits the certificate."""
    made = make_certificate(tmp_path, ["h"], now=NOW)
    assert made.key_path.stat().st_mode & 0o777 == 0o600
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(made.path, made.key_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["certificate.pem", "key.pem"]


@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"])
def test_a_file_that_is_no_certificate_is_refused_by_name(tmp_path: Path, content: bytes | None) -> None:
    """Missing, empty, damaged."""
    path = tmp_path / "c.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"c\.pem"):
        read_certificate(path, path)


def _initialise(data: Path, *hostnames: str, password: str = "long enough", now: datetime = NOW) -> Initialised:
    return initialise(data, user="ada", password=password, hostnames=hostnames, clock=lambda: now)


def test_initialising_again_keeps_the_certificate_while_it_covers_the_names(tmp_path: Path) -> None:
    """Clients hold the file; it changes only when it must: a new name, or the end of its time."""
    data = tmp_path / "data"
    first = _initialise(data, "a.example", "127.0.0.1")
    assert (data.stat().st_mode & 0o777, first.database.stat().st_mode & 0o777) == (0o700, 0o600)
    assert _initialise(data, "a.example", password="another one") == first
    wider = _initialise(data, "a.example", "b.example")
    assert wider.certificate.fingerprint != first.certificate.fingerprint
    later = _initialise(data, "a.example", now=NOW.replace(year=2028))
    assert later.certificate.fingerprint != wider.certificate.fingerprint


def test_initialising_refuses_what_will_not_do(tmp_path: Path) -> None:
    """No name, a name that is none, a folder that cannot be."""
    with pytest.raises(UsageError):
        _initialise(tmp_path)
    with pytest.raises(SettingsError, match="no host name"):
        _initialise(tmp_path, "b\u00fccher.example")
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be kept"):
        _initialise(tmp_path / "file" / "data", "h")
