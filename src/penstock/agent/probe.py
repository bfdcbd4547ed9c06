"""A request that must answer after a reload."""

from __future__ import annotations

import http.client
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from penstock.ports import Probe

_MOST_BYTES = 1_000_000


def ask(probe: Probe, *, timeout_s: float) -> str:
    """Empty when the probe is answered as it should be; otherwise a sentence that says what came instead.

    Certificates are not verified: the request goes to an address of this very host to see which config answers,
    and carries no secret; whether the certificate is good for its name is the analyser's question.
    """
    parts = urlsplit(probe.url)
    host, port = parts.hostname or "", parts.port
    if parts.scheme == "https":
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, port, timeout=timeout_s, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("GET", path, headers={"Host": probe.host or parts.netloc, "Connection": "close"})
        answer = connection.getresponse()
        body = answer.read(_MOST_BYTES).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"GET {probe.url} got no answer: {error or type(error).__name__}"
    finally:
        connection.close()
    if answer.status != probe.status:
        return f"GET {probe.url} answered {answer.status}, and {probe.status} was expected"
    if probe.contains not in body:
        return f"GET {probe.url} answered {answer.status} without the text {probe.contains!r}"
    return ""
