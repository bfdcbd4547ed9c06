"""The manager's own certificate: made once, self-signed, told apart by its fingerprint. The door to cryptography."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from penstock.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_VALID = timedelta(days=397)  # what public authorities allowed for years, and every client accepts
_SKEW = timedelta(minutes=5)  # of the clocks of clients


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key on disk. fingerprint: SHA-256, hex digits in pairs with colons."""

    path: Path
    key_path: Path
    fingerprint: str
    hostnames: tuple[str, ...]
    not_after: datetime


def make_certificate(folder: Path, hostnames: Sequence[str], *, now: datetime) -> Certificate:
    """A fresh self-signed certificate for these host names and addresses, `certificate.pem` and `key.pem` in folder.

    It is its own authority: a client trusts it by being given the file (`--cacert`). The key is readable by its
    owner alone. Raises SettingsError where the files cannot be written.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hostnames[0][:64])])
    not_after = now + _VALID
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(not_after)
        .add_extension(x509.SubjectAlternativeName([_general_name(one) for one in hostnames]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    key_bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path, key_path = folder / "certificate.pem", folder / "key.pem"
    try:
        _write(key_path, key_bytes, mode=0o600)
        _write(path, certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)
    except OSError as error:
        raise SettingsError(f"the certificate cannot be kept in {folder}: {error.strerror}") from error
    return Certificate(path, key_path, _fingerprint(certificate), tuple(hostnames), not_after)


def read_certificate(path: Path, key_path: Path) -> Certificate:
    """What stands in a certificate's file. Raises SettingsError where it is none."""
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"the certificate {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(f"{path} holds no certificate in PEM form") from error
    hostnames: tuple[str, ...] = ()
    with suppress(x509.ExtensionNotFound):
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        hostnames = tuple(str(name.value) for name in names)
    return Certificate(path, key_path, _fingerprint(certificate), hostnames, certificate.not_valid_after_utc)


def _general_name(hostname: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(hostname))
    except ValueError:
        pass
    try:
        return x509.DNSName(hostname)
    except ValueError as error:
        raise SettingsError(f"{hostname!r} is no host name that a certificate can hold") from error


def _key_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _write(path: Path, data: bytes, *, mode: int) -> None:
    """Write a file so that it is never there in part, and never with other rights."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(file, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)
