"""Errors across the wire, in both directions: an exception as status and body, and an answer as an exception.

400  Malformed, UsageError; Refused where the analysis blocks
401  CredentialError, nobody to be      403  CredentialError, not allowed
404  NotFound                           409  Conflict
412  Conflict: the version in If-Match is not there any more
413  UsageError: too large              429, 502, 503  Unreachable, with Retry-After
500  StateUnknown and everything unforeseen
"""

from __future__ import annotations

import enum
from http import HTTPStatus
from typing import TYPE_CHECKING

from penstock.api.service import Detail, ErrorBody
from penstock.errors import (
    Conflict,
    CredentialError,
    NotFound,
    PenstockError,
    Refused,
    StateUnknown,
    Unreachable,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNAVAILABLE = frozenset({408, 425, 429, 502, 503, 504})


class Code(enum.IntEnum):
    """Our numbers for `code` where the HTTP status alone would be too coarse. NIM's own are six digits, too."""

    FINDINGS = 400100  # the analysis refuses the files
    OLDER = 409100  # updateTime is before the active configuration's
    BUSY = 409200  # another deployment to the same instance has not ended
    KEY_REUSED = 409300  # the Idempotency-Key belongs to another publish
    OFFLINE = 409400  # nobody is there to publish to
    MOVED = 412100  # the version in If-Match is not the instance's any more


class HttpFault(Exception):
    """An answer that is an error: what a handler raises to end a request."""

    def __init__(
        self, status: int, message: str, *, code: int = 0, details: Sequence[str] = (), way_out: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = ErrorBody(
            code=code or status,
            message=message,
            details=tuple(Detail(description=text) for text in (*details, *((way_out,) if way_out else ()))),
        )


def fault_of(error: PenstockError) -> HttpFault:
    """The answer to an error of ours."""
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    return HttpFault(status, error.message, way_out=error.way_out)


_STATUS: tuple[tuple[type[PenstockError], int], ...] = (
    (CredentialError, 403),
    (NotFound, 404),
    (UsageError, 400),
    (Refused, 400),
    (Conflict, 409),
    (Unreachable, 503),
    (StateUnknown, 500),
    (PenstockError, 500),
)


def error_of(status: int, body: ErrorBody | None, *, asked: str, retry_after_s: float | None = None) -> PenstockError:
    """The error that an answer stands for.

    asked: what was asked, in words, for the message (`publish to edge-1`). body: None where the answer held no JSON
    of that form. retry_after_s: what Retry-After said.
    """
    said = body.message if body and body.message else _phrase(status)
    details = "\n  ".join(detail.description for detail in body.details) if body else ""
    message = f"{asked}: {said} (HTTP {status})"
    if status == HTTPStatus.UNAUTHORIZED:
        return CredentialError(message, way_out=details or "Check the user and the password, or the token.")
    if status == HTTPStatus.FORBIDDEN:
        return CredentialError(message, way_out=details or "Ask the manager's administrator for the permission.")
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(message, way_out=details)
    if status in {HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED, HTTPStatus.LOCKED}:
        return Conflict(message, way_out=details)
    if status in _UNAVAILABLE:
        return Unreachable(message, way_out=details, retry_after_s=retry_after_s)
    if body and body.code == Code.FINDINGS:
        return Refused(message, way_out=details)
    if 400 <= status <= 499:
        return UsageError(message, way_out=details)
    return Unreachable(message, way_out=details)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no answer of a known kind"
