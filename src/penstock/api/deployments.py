"""How a publish went: the deployment object, its three lists, and the states that ours tells apart in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from penstock.model import Result, State

if TYPE_CHECKING:
    from collections.abc import Mapping

PENDING = "pending"
SUCCESSFUL = "successful"
FAILED = "failed"
FINALIZED = "finalized"  # what a release before 2023 called the end, and what the Ansible role waits for


class Succeeded(msgspec.Struct, frozen=True, kw_only=True):
    """A member that took the configuration. Ours: all but name."""

    name: str
    uid: str = ""
    state: str = ""
    message: str = ""
    digest: str = ""
    evidence: tuple[str, ...] = ()


class Failed(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A member that did not. fail_type: from our manager a State word, from NIM empty. Ours: uid, evidence."""

    fail_message: str = ""
    fail_type: str = ""
    name: str = ""
    uid: str = ""
    evidence: tuple[str, ...] = ()


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A member whose end is not known yet. Ours: uid."""

    message: str = ""
    name: str = ""
    status: str = PENDING
    uid: str = ""


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """Ours: a member of a group that was offline, and to which nothing was sent."""

    name: str
    uid: str
    message: str = ""


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """The members by how they stand; the three lists of NIM are always there. error: JSON in a string, or absent."""

    failure: tuple[Failed, ...] = ()
    pending: tuple[Pending, ...] = ()
    success: tuple[Succeeded, ...] = ()
    error: str | msgspec.UnsetType = msgspec.UNSET
    skipped: tuple[Skipped, ...] | msgspec.UnsetType = msgspec.UNSET


class Deployment(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One publish and its end."""

    create_time: str
    details: Details
    id: str
    message: str
    status: str
    update_time: str

    @property
    def ended(self) -> bool:
        """Whether no member is pending any more; the word in `status` differs between releases and is not asked."""
        return not self.details.pending and self.status != PENDING


def state_of(fail_type: str) -> State | None:
    """The state that our manager writes into `failType`, or None where another manager wrote something else."""
    try:
        return State(fail_type)
    except ValueError:
        return None


def to_results(details: Details) -> Mapping[str, Result]:
    """Member -> how it ended, by uid where the manager says it (ours does) and by name elsewhere.

    A failure of a manager that does not tell the states apart is UNKNOWN here: only the bytes can say more.
    Success without a state word is ACTIVE.
    """
    found: dict[str, Result] = {}
    for ok in details.success:
        found[ok.uid or ok.name] = Result(state_of(ok.state) or State.ACTIVE, ok.message or "applied", ok.evidence)
    for bad in details.failure:
        message = bad.fail_message or "the manager gives no reason"
        found[bad.uid or bad.name] = Result(state_of(bad.fail_type) or State.UNKNOWN, message, bad.evidence)
    for wait in details.pending:
        found[wait.uid or wait.name] = Result(State.PENDING, wait.message)
    return found
