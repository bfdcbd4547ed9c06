"""The door to Starlette: the table of endpoints as an ASGI application.

A request goes through here in this order: credentials, body up to the limit, query, handler in a thread, answer.
Every answer is JSON in NIM's form, also for what nobody foresaw; a traceback goes to the log under the request's id.
"""

from __future__ import annotations

import base64
import binascii
import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import uuid4

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from penstock.api.codec import decode, encode
from penstock.api.endpoints import ALIAS, AUTH_HEADER, BASE, BODY_LIMIT, NOTHING, REQUEST_ID_HEADER, Endpoint
from penstock.api.faults import HttpFault, fault_of
from penstock.errors import PenstockError, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.types import ASGIApp

    from penstock.manager.accounts import Accounts

_LOG = logging.getLogger(__name__)
Body = TypeVar("Body")
Reply = TypeVar("Reply")

_HEADERS = {
    "content-type": "application/json; charset=UTF-8",
    AUTH_HEADER: "Basic",
    "cache-control": "no-cache, no-store, must-revalidate",
    "pragma": "no-cache",
    "x-frame-options": "sameorigin",
    "x-content-type-options": "nosniff",
}
_CHALLENGE = {"www-authenticate": 'Basic realm="Penstock", charset="UTF-8"'}
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Call(Generic[Body]):
    """A request as a handler gets it. parts: of the path. query: only what was sent, in its type. headers: any case."""

    user: str
    parts: Mapping[str, str]
    query: Mapping[str, str | int | bool]
    headers: Mapping[str, str]
    body: Body
    base: str

    def text(self, name: str) -> str:
        """A parameter of the query, or empty."""
        value = self.query.get(name, "")
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int | None:
        """A parameter of the query, 0 or more, or None."""
        value = self.query.get(name)
        return value if isinstance(value, int) else None

    def flag(self, name: str) -> bool:
        """A parameter of the query; false where it was not sent."""
        return self.query.get(name) is True


@dataclass(frozen=True, slots=True)
class Answer(Generic[Reply]):
    """What a handler gives back."""

    reply: Reply
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """A reply that is not the contract's JSON; media: its content type."""

    content: bytes
    media: str


@dataclass(frozen=True, slots=True)
class Binding:
    """An endpoint with its handler."""

    endpoint: Endpoint[Any, Any]
    handler: Callable[[Call[Any]], Answer[Any]]


def bind(endpoint: Endpoint[Body, Reply], handler: Callable[[Call[Body]], Answer[Reply]]) -> Binding:
    """The pair, checked by its types: a handler of another body or reply does not fit."""
    return Binding(endpoint, handler)


def application(bindings: Sequence[Binding], accounts: Accounts) -> ASGIApp:
    """The ASGI application; each endpoint below the base path is served below its alias too."""
    routes = []
    for binding in bindings:
        endpoint = binding.endpoint
        for base in (BASE, ALIAS) if endpoint.base == BASE else (endpoint.base,):
            routes.append(Route(base + endpoint.path, _Serving(binding, accounts, base), methods=[endpoint.method]))
    app = Starlette(routes=routes, exception_handlers={HTTPException: _refuse_route})
    app.router.redirect_slashes = False  # a redirected POST loses its body in some clients
    return app


async def _refuse_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    said = {404: f"there is nothing at {request.url.path}", 405: f"{request.method} is not for {request.url.path}"}
    fault = HttpFault(error.status_code, said.get(error.status_code, error.detail))
    return _failure(fault, str(uuid4()), headers=error.headers or {})


def _failure(fault: HttpFault, request_id: str, *, headers: Mapping[str, str]) -> Response:
    return Response(encode(fault.body), fault.status, headers={**_HEADERS, **headers, REQUEST_ID_HEADER: request_id})


class _Serving:
    """One endpoint under one base path, as an ASGI application."""

    def __init__(self, binding: Binding, accounts: Accounts, base: str) -> None:
        self._binding = binding
        self._accounts = accounts
        self._base = base

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        request_id = str(uuid4())
        response = await self._respond(request, request_id)
        await response(scope, receive, send)

    async def _respond(self, request: Request, request_id: str) -> Response:
        try:
            return await self._answer(request, request_id)
        except HttpFault as fault:
            headers = _CHALLENGE if fault.status == 401 else {}
            return _failure(fault, request_id, headers=headers)
        except PenstockError as error:
            return _failure(fault_of(error), request_id, headers=_retry_after(error))
        except ClientDisconnect:  # there is nobody to answer
            return Response(status_code=400)
        except Exception:  # the outermost frame: what happened belongs into our log, not to the client
            _LOG.exception("request %s: %s %s failed unforeseen", request_id, request.method, request.url.path)
            unforeseen = HttpFault(500, f"an error inside the manager; its log has it under the id {request_id}")
            return _failure(unforeseen, request_id, headers={})

    async def _answer(self, request: Request, request_id: str) -> Response:
        endpoint = self._binding.endpoint
        _refuse_other_sites(request)
        user = "" if endpoint.open else await self._authenticate(request)
        call = Call(
            user=user,
            parts=request.path_params,
            query=_query(endpoint, request),
            headers=request.headers,
            body=await _read(request),
            base=self._base,
        )
        return await run_in_threadpool(self._handle, call, request_id)

    def _handle(self, call: Call[Any], request_id: str) -> Response:
        """Decode, handle, encode: in a thread, for a body of 50 MB would hold up every other request."""
        endpoint = self._binding.endpoint
        body = None if endpoint.body is NOTHING else decode(call.body, endpoint.body)
        answer = self._binding.handler(replace(call, body=body))
        headers = {**_HEADERS, **answer.headers, REQUEST_ID_HEADER: request_id}
        if isinstance(answer.reply, Document):
            return Response(answer.reply.content, headers={**headers, "content-type": answer.reply.media})
        content = b"" if endpoint.reply is NOTHING else encode(answer.reply)
        return Response(content, endpoint.status, headers=headers)

    async def _authenticate(self, request: Request) -> str:
        """The user's name. Raises HttpFault 401."""
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            raise HttpFault(401, "authentication is required: send HTTP Basic credentials")
        try:
            name, colon, password = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
        except (binascii.Error, ValueError) as error:
            raise HttpFault(401, "the Authorization header holds no Basic credentials") from error
        if not colon or not await run_in_threadpool(self._accounts.is_known, name, password):
            raise HttpFault(401, "the user or the password is wrong")
        return name


def _refuse_other_sites(request: Request) -> None:
    """Raises HttpFault 403 for a write that a page of another site made a browser send, with the user's credentials.

    Browsers say so in Sec-Fetch-Site (W3C Fetch Metadata); no other client sends it.
    """
    site = request.headers.get("sec-fetch-site", "none")
    if request.method not in {"GET", "HEAD"} and site not in {"none", "same-origin"}:
        raise HttpFault(403, f"a page of another site ({site}) may not write here")


def _retry_after(error: PenstockError) -> Mapping[str, str]:
    if isinstance(error, Unreachable) and error.retry_after_s is not None:
        return {"retry-after": f"{max(1, round(error.retry_after_s))}"}
    return {}


async def _read(request: Request) -> bytes:
    """The body. Raises HttpFault 413 as soon as it is known to be too large, however it is sent."""
    too_large = HttpFault(413, f"the request is larger than {BODY_LIMIT} bytes")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and BODY_LIMIT < int(declared):
        raise too_large
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if BODY_LIMIT < size:
            raise too_large
        parts.append(part)
    return b"".join(parts)


def _query(endpoint: Endpoint[Any, Any], request: Request) -> dict[str, str | int | bool]:
    """The parameters that the endpoint knows; others are ignored. Raises HttpFault 400."""
    found: dict[str, str | int | bool] = {}
    for parameter in endpoint.query:
        text = request.query_params.get(parameter.name)
        if text is None:
            continue
        where = f'Parameter "{parameter.name}" in query has an error: value {text!r}'
        if parameter.kind is int:
            if not (text.isascii() and text.isdecimal() and len(text) < 10):
                raise HttpFault(400, f"{where}: an invalid integer")
            found[parameter.name] = int(text)
        elif parameter.kind is bool:
            if text.lower() not in _TRUTH:
                raise HttpFault(400, f"{where}: an invalid boolean")
            found[parameter.name] = _TRUTH[text.lower()]
        else:
            found[parameter.name] = text
    return found
