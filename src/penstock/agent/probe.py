"""A request that must answer after a reload."""

from __future__ import annotations

import http.client
import ssl
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from penstock.ports import Probe

_MOST_BYTES = 1_000_000


def ask(probe: Probe, *, timeout_s: float) -> str:
    """Empty when the probe is answered as it should be; otherwise a sentence that says what came instead.

    The server is told the probe's host (SNI) as a browser would tell it, not the address.
    Certificates are not verified: the request goes to an address of this very host to see which config answers,
    and carries no secret; whether the certificate is good for its name is the analyser's question.
    """
    parts = urlsplit(probe.url)
    asked = probe.host or parts.netloc
    port = parts.port or (443 if parts.scheme == "https" else 80)
    connection = http.client.HTTPConnection(parts.hostname or "", port, timeout=timeout_s)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    end = time.monotonic() + timeout_s
    try:
        connection.connect()
        if parts.scheme == "https":
            connection.sock = _unverified().wrap_socket(
                connection.sock, server_hostname=urlsplit(f"//{asked}").hostname or ""
            )
        connection.request("GET", path, headers={"Host": asked, "Connection": "close"})
        answer = connection.getresponse()
        body = _read(answer, end)
    except (OSError, http.client.HTTPException) as error:
        return f"GET {probe.url} got no answer: {error or type(error).__name__}"
    finally:
        connection.close()
    if answer.status != probe.status:
        return f"GET {probe.url} answered {answer.status}, and {probe.status} was expected"
    if probe.contains not in body:
        return f"GET {probe.url} answered {answer.status} without the text {probe.contains!r}"
    return ""


def _unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _read(answer: http.client.HTTPResponse, end: float) -> str:
    """What came until the body, the time or our patience with its length was over; a stream may never end."""
    parts: list[bytes] = []
    while sum(map(len, parts)) < _MOST_BYTES and time.monotonic() < end:
        part = answer.read1(65536)
        if not part:
            break
        parts.append(part)
    return b"".join(parts).decode(errors="replace")
