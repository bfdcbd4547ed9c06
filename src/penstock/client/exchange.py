"""One request and its answer: sent, tried again where that is safe, and every failure as an error of ours.

Tried again are GETs, and POSTs that may be repeated: staging, and a publish under its Idempotency-Key.
A request that was sent and not answered is not "unreachable, nothing was changed": such a POST ends in StateUnknown.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import httpx2

from penstock.api.codec import Malformed, decode, encode
from penstock.api.faults import error_of
from penstock.api.service import ErrorBody
from penstock.client.trust import trust, untrusted
from penstock.errors import CredentialError, PenstockError, StateUnknown, Unreachable, UsageError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from penstock.api.endpoints import Endpoint
    from penstock.client.credentials import Credentials

Body = TypeVar("Body")
Reply = TypeVar("Reply")
Sleep = Callable[[float], Awaitable[None]]

TRIES = 4
LONGEST_WAIT_S = 30.0  # of what Retry-After may ask for; longer is the user's decision
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
_DONE = frozenset({200, 201, 202})  # which of them answers a write differs between releases of F5's
_LATER = frozenset({429, 502, 503, 504})


def asgi_transport(app: Any) -> httpx2.AsyncBaseTransport:
    """The way to a manager in this process; app: its ASGI application."""
    return httpx2.ASGITransport(app)


class Exchange:
    """Requests to one manager. base_url: its origin, a path in it ignored when it is the API's own.

    transport: another way than the network. cacert: the only authority to believe.
    """

    def __init__(
        self,
        base_url: str,
        *,
        credentials: Credentials,
        cacert: Path | None,
        transport: httpx2.AsyncBaseTransport | None,
        timeout_s: float,
        sleep: Sleep,
        clock: Callable[[], datetime],
    ) -> None:
        scheme, self.host, self.port = _parse_base(base_url)
        self.origin = f"{scheme}://{self.where}"
        secret = credentials.password or credentials.token
        if transport is None and scheme == "http" and self.host not in _LOOPBACK and secret:
            raise CredentialError(
                f"{self.origin} is not encrypted, so no credential is sent there", way_out="Use its https:// URL."
            )
        self._sleep = sleep
        self._clock = clock
        encrypted = transport is None and scheme == "https"
        verify = trust(cacert) if encrypted else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # which believes nobody
        self._client = httpx2.AsyncClient(
            base_url=self.origin,
            auth=httpx2.BasicAuth(credentials.user, credentials.password) if credentials.user else None,
            headers={"Authorization": f"Bearer {credentials.token}"} if credentials.token else {},
            verify=verify,
            transport=transport,
            timeout=timeout_s,
            follow_redirects=False,
            trust_env=False,  # only the command line reads the environment
        )

    @property
    def where(self) -> str:
        """host:port, as messages say it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def call(
        self,
        endpoint: Endpoint[Body, Reply],
        body: Body,
        *,
        asked: str,
        parts: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[Reply, Mapping[str, str]]:
        """(what was answered, its headers). asked: the request in words, for messages.

        Raises what `api.faults.error_of` makes of an answer; Unreachable where none came and nothing was changed;
        StateUnknown where a request that changes something may or may not have arrived.
        """
        content = b"" if body is None else encode(body)
        path = endpoint.url(**(parts or {}))
        response = await self._send(endpoint.method, path, content, asked=asked, query=query, headers=headers)
        if response.status_code != endpoint.status and response.status_code not in _DONE:
            raise self._refusal(response, asked)
        return self._read(response, endpoint.reply, path, changes=endpoint.method != "GET"), response.headers

    async def get(self, path: str, into: type[Reply], *, asked: str) -> Reply:
        """What a path that the manager itself named answers. The path stays on the manager's origin."""
        response = await self._send("GET", path, asked=asked)
        if response.status_code != httpx2.codes.OK:
            raise self._refusal(response, asked)
        return self._read(response, into, path, changes=False)

    async def _send(
        self,
        method: str,
        path: str,
        content: bytes = b"",
        *,
        asked: str,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        sent = {**(headers or {}), **({"Content-Type": "application/json"} if content else {})}
        for pause_s in _pauses():
            try:
                response = await self._client.request(
                    method, path, content=content, params=dict(query or {}) or None, headers=sent
                )
            except httpx2.RequestError as error:
                failure = await self._failure(error, asked, changes=method != "GET")
                if pause_s is None or isinstance(failure, UsageError) or _certificate_error(error):
                    raise failure from error
                await self._sleep(pause_s)
                continue
            wait_s = self._wait_s(response, pause_s)
            if wait_s is None:
                return response
            await self._sleep(wait_s)
        raise AssertionError("the last try returns or raises")

    def _wait_s(self, response: httpx2.Response, pause_s: float | None) -> float | None:
        """How long to wait before asking again, or None to take this answer."""
        if response.status_code not in _LATER or pause_s is None:
            return None
        asked_s = _retry_after(response, self._clock)
        if asked_s is None:
            return pause_s
        return asked_s if asked_s <= LONGEST_WAIT_S else None

    async def _failure(self, error: httpx2.RequestError, asked: str, *, changes: bool) -> PenstockError:
        if certificate := _certificate_error(error):
            return await untrusted(self.host, self.port, certificate)
        if isinstance(error, (httpx2.UnsupportedProtocol, httpx2.InvalidURL, httpx2.LocalProtocolError)):
            return UsageError(f"{asked}: the request cannot be sent to {self.where}: {error}")
        why = _why(error)
        if changes and not isinstance(error, _NEVER_SENT):
            return StateUnknown(
                f"{asked}: {self.where} was sent the request and did not answer ({why})",
                way_out="Publish the same plan again: it finds out what became of it.",
            )
        return Unreachable(
            f"{asked}: no answer from {self.where} ({why})",
            way_out="Is the manager running, and is it this URL? `penstock doctor` looks closer.",
        )

    def _refusal(self, response: httpx2.Response, asked: str) -> PenstockError:
        if 200 <= response.status_code <= 399:
            where = response.headers.get("location", "")
            more = f", to {urlsplit(where).hostname}" if urlsplit(where).hostname else ""
            return Unreachable(
                f"{asked}: {self.where} answers HTTP {response.status_code}{more}, as no Instance Manager does",
                way_out="Use the manager's own URL; redirects are not followed with a credential.",
            )
        try:
            body = decode(response.content, ErrorBody) if response.content else None
        except Malformed:
            body = None
        return error_of(response.status_code, body, asked=asked, retry_after_s=_retry_after(response, self._clock))

    def _read(self, response: httpx2.Response, into: type[Reply], path: str, *, changes: bool) -> Reply:
        if into is type(None):
            return None
        try:
            return decode(response.content, into)
        except Malformed as error:
            place = f" at {error.pointer}" if error.pointer else ""
            kind = StateUnknown if changes else Unreachable
            raise kind(
                f"{self.where} answers {path} with what no Instance Manager says{place}: {error.reason}",
                way_out="Is this the manager's URL, and is no other server in between?",
            ) from error


def _parse_base(base_url: str) -> tuple[str, str, int]:
    try:
        url = urlsplit(base_url)
        port = url.port
    except ValueError as error:
        raise UsageError(f"the manager's URL cannot be read: {error}") from error
    if url.username is not None or url.password is not None:
        raise UsageError(
            "the manager's URL holds a user or a password", way_out="Take it out; see PENSTOCK_TOKEN and netrc."
        )
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise UsageError(f"{base_url!r} is no URL of a manager", way_out="Write it as https://nim.example.")
    if url.query or url.fragment or url.path.rstrip("/") not in {"", "/api/platform/v1", "/api/nim/v1"}:
        raise UsageError(
            f"the manager's URL has the path {url.path!r}", way_out=f"Write {url.scheme}://{url.netloc} alone."
        )
    return url.scheme, url.hostname, port or (443 if url.scheme == "https" else 80)


def _pauses() -> Iterator[float | None]:
    """Seconds to wait after each try that failed; None after the last."""
    for number in range(TRIES - 1):
        yield 0.2 * 3**number
    yield None


def _retry_after(response: httpx2.Response, clock: Callable[[], datetime]) -> float | None:
    """Seconds that the server asks for: Retry-After as a number or a date (RFC 9110, 10.2.3); None without it."""
    text = response.headers.get("retry-after", "").strip()
    if text.isdecimal() and len(text) < 10:
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - clock()).total_seconds())
    except (ValueError, TypeError):
        return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    at: BaseException | None = error
    while at is not None:
        yield at
        at = at.__cause__ or at.__context__


def _certificate_error(error: BaseException) -> ssl.SSLCertVerificationError | None:
    return next((one for one in _chain(error) if isinstance(one, ssl.SSLCertVerificationError)), None)


def _why(error: httpx2.RequestError) -> str:
    for one in _chain(error):
        if isinstance(one, OSError) and one.strerror:
            return one.strerror
    if isinstance(error, httpx2.TimeoutException):
        return "it took too long"
    return str(error) or type(error).__name__


async def real_sleep(seconds: float) -> None:
    """Wait."""
    await asyncio.sleep(seconds)
