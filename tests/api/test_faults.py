"""Errors across the wire: what a handler raises arrives as the error that the client raises."""

from __future__ import annotations

import pytest

from penstock.api.codec import Malformed, decode, encode
from penstock.api.faults import Code, HttpFault, error_of, fault_of
from penstock.api.service import ErrorBody
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


@pytest.mark.parametrize(
    ("error", "status", "arrives"),
    [
        (NotFound("no such thing"), 404, NotFound),
        (UsageError("wrong"), 400, UsageError),
        (Malformed("wrong", pointer="/x"), 400, UsageError),
        (Refused("wrong"), 400, UsageError),
        (Conflict("moved"), 409, Conflict),
        (CredentialError("not you"), 403, CredentialError),
        (Unreachable("later"), 503, Unreachable),
        (StateUnknown("who knows"), 500, Unreachable),
        (PenstockError("odd"), 500, Unreachable),
    ],
)
def test_an_error_keeps_its_kind(error: PenstockError, status: int, arrives: type[PenstockError]) -> None:
    """The message and the way out travel with it."""
    error.way_out = "Try this."
    fault = fault_of(error)
    assert fault.status == status
    body = decode(encode(fault.body), ErrorBody)
    back = error_of(fault.status, body, asked="GET x")
    assert type(back) is arrives
    assert back.message == f"GET x: {error.message} (HTTP {status})"
    assert back.way_out == "Try this."


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, UsageError), (401, CredentialError), (403, CredentialError), (404, NotFound), (409, Conflict),
     (412, Conflict), (413, UsageError), (422, UsageError), (423, Conflict), (429, Unreachable), (500, Unreachable),
     (502, Unreachable), (503, Unreachable), (504, Unreachable), (599, Unreachable)],
)  # fmt: skip
def test_an_answer_without_a_body_still_says_what_it_means(status: int, kind: type[PenstockError]) -> None:
    """A gateway in between answers in HTML, or not at all."""
    error = error_of(status, None, asked="publish to edge-1", retry_after_s=3.0)
    assert type(error) is kind
    assert str(error).startswith("publish to edge-1: ")
    assert f"(HTTP {status})" in str(error)
    if isinstance(error, Unreachable) and status in {429, 503}:
        assert error.retry_after_s == 3.0


def test_findings_arrive_as_a_refusal() -> None:
    """What the manager's analysis refuses is not a wrong request: it has another exit code."""
    fault = HttpFault(400, "not valid", code=Code.FINDINGS, details=["a.conf:1:1: error: x", "b"])
    error = error_of(400, fault.body, asked="publish")
    assert type(error) is Refused
    assert error.way_out == "a.conf:1:1: error: x\n  b"


def test_a_fault_repeats_its_status_where_it_has_no_number_of_its_own() -> None:
    """As NIM's gateway does."""
    assert encode(HttpFault(404, "gone").body) == b'{"code":404,"message":"gone","details":[]}'
