"""Whom we believe: the operating system's certificates, or one file's; and what to say of one that we do not.

There is no switch that turns verification off.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from typing import TYPE_CHECKING

from penstock.errors import Unreachable, UsageError

if TYPE_CHECKING:
    from pathlib import Path

_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL, which `ssl` does not name
_LOOK_S = 5.0


def trust(cacert: Path | None) -> ssl.SSLContext:
    """A context that verifies by cacert alone, or by the operating system's store. Raises UsageError."""
    if cacert is None:
        import truststore  # noqa: PLC0415 - not needed for a manager in this process, and not free

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context = ssl.create_default_context(cafile=str(cacert))
    except (OSError, ssl.SSLError) as error:
        why = "it holds no certificate in PEM" if isinstance(error, ssl.SSLError) else error.strerror
        raise UsageError(f"--cacert {cacert} cannot be used: {why}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def untrusted(host: str, port: int, error: ssl.SSLCertVerificationError) -> Unreachable:
    """The error that names the certificate which was not believed, as the server shows it now."""
    try:
        facts = await asyncio.wait_for(_look(host, port), _LOOK_S)
    except (OSError, ssl.SSLError, TimeoutError):
        facts = "it could not be fetched again to be shown"
    return Unreachable(
        f"the certificate of {host}:{port} is not trusted: {error.verify_message}\n  {facts}",
        way_out="If that is the manager's, give the certificate of its authority with --cacert FILE (or `cacert` of "
        "the target). Verification cannot be switched off.",
    )


async def _look(host: str, port: int) -> str:
    """Subject, issuer, expiry and fingerprint of what the server shows. Nothing is sent over these connections."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    der = await _shown(host, port, context)
    fingerprint = hashlib.sha256(der).digest().hex(":").upper()  # as `penstock serve --init` prints it
    # OpenSSL decodes only what it has verified: the certificate is made its own anchor for that.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags = ssl.VerifyFlags(int(context.verify_flags) | _NO_CHECK_TIME)
    context.load_verify_locations(cadata=der)
    _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host)
    decoded = writer.get_extra_info("peercert") or {}
    await _close(writer)
    names = ", ".join(str(value) for _, value in decoded.get("subjectAltName", ()))
    return (
        f"subject {_name(decoded.get('subject', ()))}, for {names or 'no name'}, issuer "
        f"{_name(decoded.get('issuer', ()))}, valid until {decoded.get('notAfter', '?')}, sha256 {fingerprint}"
    )


async def _shown(host: str, port: int, context: ssl.SSLContext) -> bytes:
    _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host)
    der: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    await _close(writer)
    return der


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        await writer.wait_closed()
    except (OSError, ssl.SSLError):
        return  # it was only looked at


def _name(pairs: tuple[tuple[tuple[str, str], ...], ...]) -> str:
    return ", ".join(f"{key}={value}" for group in pairs for key, value in group) or "(none)"
