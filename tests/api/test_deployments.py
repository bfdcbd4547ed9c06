"""Deployments: the words of NIM, of an older NIM and of ours."""

from __future__ import annotations

from penstock.api.codec import decode, encode
from penstock.api.deployments import Deployment, Details, Failed, Pending, Succeeded, state_of, to_results
from penstock.model import Result, State

# The form of F5's documentation.
FAILED = b"""{
  "createTime": "2023-01-14T04:35:47.566082799Z",
  "details": {
    "error": "{\\"instance:8a2092aa\\":\\"failed building config payload\\"}",
    "failure": [{"failMessage": "Config apply failed (write)", "failType": "", "name": "edge-1"}],
    "pending": [], "success": [{"name": "edge-2"}]
  },
  "id": "d38a8e5d", "message": "Instance config failed to publish to", "status": "failed",
  "updateTime": "2023-01-14T04:35:47.566082799Z"
}"""


def test_a_failure_that_says_no_more_is_unknown() -> None:
    """NIM does not say whether the node was put back, so neither do we: only the bytes can tell."""
    deployment = decode(FAILED, Deployment)
    assert deployment.ended
    assert to_results(deployment.details) == {
        "edge-1": Result(State.UNKNOWN, "Config apply failed (write)"),
        "edge-2": Result(State.ACTIVE, "applied"),
    }


def test_our_manager_tells_the_ends_apart() -> None:
    """By uid, with the state and what proves it."""
    details = Details(
        success=(Succeeded(name="a", uid="1", state="active", message="proven", evidence=("3 new workers",)),),
        failure=(
            Failed(name="b", uid="2", fail_type="rolled_back", fail_message="bind() failed", evidence=("GET / 200",)),
            Failed(name="c", uid="3", fail_type="refused", fail_message="nginx -t"),
        ),
        pending=(Pending(name="d", uid="4", message="waiting"),),
    )
    assert to_results(decode(encode(details), Details)) == {
        "1": Result(State.ACTIVE, "proven", ("3 new workers",)),
        "2": Result(State.ROLLED_BACK, "bind() failed", ("GET / 200",)),
        "3": Result(State.REFUSED, "nginx -t"),
        "4": Result(State.PENDING, "waiting"),
    }


def test_pending_members_keep_a_deployment_open_whatever_its_status_says() -> None:
    """The word for the end changed between releases; the lists did not."""
    ended = decode(FAILED, Deployment)
    for word, pending, end in (
        ("finalized", False, True),
        ("successful", False, True),
        ("pending", False, False),
        ("successful", True, False),
    ):
        details = Details(pending=(Pending(name="x"),) if pending else ())
        found = Deployment(
            create_time=ended.create_time, details=details, id="", message="", status=word, update_time=""
        )
        assert found.ended is end


def test_words_that_are_not_ours_name_no_state() -> None:
    """Nothing is guessed from free text."""
    assert state_of("rolled_back") is State.ROLLED_BACK
    assert state_of("") is None
    assert state_of("timeout") is None
