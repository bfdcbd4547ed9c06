"""A manager that dies in the middle: the next one says how each deployment ended."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from penstock.errors import StateUnknown
from tests.manager.fleets import Fleet
from tests.manager.rig import ENTRY, Rig

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from penstock.model import Result
    from tests.manager.clocks import Clock

OLD, NEW = "events {}\n# old\n", "events {}\n# new\n"


def _die_in_the_middle(rig: Rig, fleet: Fleet) -> str:
    """The path of a deployment to edge-1 whose manager is gone, as after kill -9: only its lock is let go."""
    path = rig.path_of("edge-1")
    rig.publish(path, OLD)
    fleet.hold()
    accepted = rig.post(path, NEW, externalId="new")
    assert accepted.status_code == 202
    fleet.forsake("edge-1")
    rig.manager._owner.close()  # the kernel does this for a dead process
    return str(accepted.json()["links"]["rel"])


def _deployment(rig: Rig, path: str) -> Any:
    return rig.call("GET", path, base="").json()


def test_what_the_data_plane_recovered_is_how_it_ended(rig: Rig, fleet: Fleet) -> None:
    """Its own word; the instance can be published to again."""
    path = _die_in_the_middle(rig, fleet)
    fleet.leave_in_the_middle("edge-1", NEW)
    rig.reopen()
    deployment = _deployment(rig, path)
    failure = deployment["details"]["failure"][0]
    assert (deployment["status"], failure["failType"]) == ("failed", "rolled_back")
    assert "serves the earlier configuration" in failure["failMessage"]
    assert fleet.disk("edge-1")[ENTRY] == OLD.encode()
    fleet.release()
    assert rig.publish(rig.path_of("edge-1"), "events {}\n# third\n")["status"] == "successful"


def test_a_node_that_has_the_old_bytes_was_not_changed(rig: Rig, fleet: Fleet) -> None:
    """Nothing to recover and the base on the disk: it never began, or was put back."""
    path = _die_in_the_middle(rig, fleet)
    rig.reopen()
    failure = _deployment(rig, path)["details"]["failure"][0]
    assert (failure["failType"], failure["failMessage"]) == (
        "refused", "the manager died; the node has what it had before",
    )  # fmt: skip


def test_a_node_that_has_the_new_bytes_is_asked_whether_they_run(rig: Rig, fleet: Fleet) -> None:
    """The apply had ended and nobody wrote it down: it is active, with its version and its id."""
    path = _die_in_the_middle(rig, fleet)
    fleet.edit("edge-1", NEW)
    rig.reopen()
    assert _deployment(rig, path)["status"] == "successful"
    found = rig.get(rig.path_of("edge-1") + "/config")
    assert found["externalId"] == "new"


def test_a_node_that_has_other_bytes_is_unknown(rig: Rig, fleet: Fleet) -> None:
    """Somebody must look."""
    path = _die_in_the_middle(rig, fleet)
    fleet.edit("edge-1", "events {}\n# neither\n")
    rig.reopen()
    assert _deployment(rig, path)["details"]["failure"][0]["failType"] == "unknown"


def test_a_node_that_is_gone_is_unknown(rig: Rig, fleet: Fleet) -> None:
    """And not pending for ever."""
    path = _die_in_the_middle(rig, fleet)
    fleet.stop("edge-1")
    rig.reopen()
    failure = _deployment(rig, path)["details"]["failure"][0]
    assert (failure["failType"], "cannot be asked" in failure["failMessage"]) == ("unknown", True)


def test_a_deployment_of_a_living_process_is_left_alone(rig: Rig, fleet: Fleet) -> None:
    """A second command beside a running publish does not end it, and sees how it ends."""
    path = rig.path_of("edge-1")
    fleet.hold()
    accepted = rig.post(path, NEW)
    beside = Rig(rig.data, rig.fleet, rig.clock)
    assert _deployment(beside, accepted.json()["links"]["rel"])["status"] == "pending"
    assert beside.post(path, OLD).status_code == 409
    fleet.release()
    assert beside.end(accepted)["status"] == "successful"
    beside.manager.close()


def test_a_late_end_of_a_dead_manager_changes_nothing(rig: Rig, fleet: Fleet) -> None:
    """It was held to be dead, and its thread comes back: the end that was told stays."""
    path = _die_in_the_middle(rig, fleet)
    late = rig.manager
    rig.reopen()
    told = _deployment(rig, path)
    assert told["status"] == "failed"
    fleet.release()
    late.close()  # waits for its thread
    assert _deployment(rig, path) == told
    assert fleet.disk("edge-1")[ENTRY] == NEW.encode()
    assert rig.get(rig.path_of("edge-1") + "/config")["externalId"] == ""


def test_closing_waits_for_what_runs(rig: Rig) -> None:
    """No deployment is left pending by an orderly end; closing twice is closing."""
    accepted = rig.post(rig.path_of("edge-1"), NEW)
    rig.manager.close()
    rig.manager.close()
    rig.reopen()
    assert _deployment(rig, accepted.json()["links"]["rel"])["status"] == "successful"


def test_closing_refuses_what_has_not_begun(tmp_path: Path, clock: Clock) -> None:
    """Eight nodes are written to at once; those that wait for their turn are told that nothing was touched."""
    names = [f"node-{number}" for number in range(10)]
    fleet = Fleet(*names)
    rig = Rig(tmp_path / "many", fleet, clock)
    paths = [rig.path_of(name) for name in names]
    fleet.hold()
    accepted = [rig.post(path, NEW).json()["links"]["rel"] for path in paths]
    closing = threading.Thread(target=rig.manager.close)
    closing.start()
    waiting = rig.manager._carrier._workers._work_queue
    until = time.monotonic() + 20
    while 1 < waiting.qsize() and time.monotonic() < until:  # the two that wait, until closing takes them out
        time.sleep(0.005)
    fleet.release()
    closing.join()
    rig.reopen()
    ended = [_deployment(rig, path)["details"] for path in accepted]
    assert sorted(fleet.applied) == sorted(one["name"] for details in ended for one in details["success"])
    assert [one["failMessage"] for details in ended for one in details["failure"]] == [
        "the manager was stopped before this began; nothing was touched"
    ] * 2
    rig.manager.close()


def test_a_manager_that_cannot_be_opened_lets_go(tmp_path: Path, clock: Clock) -> None:
    """The data plane fails at the start: its error comes out, and no lock stays behind."""

    class Broken(Fleet):
        def recover(self) -> Sequence[tuple[str, Result]]:
            raise StateUnknown("the journal of edge-1 cannot be read")

    with pytest.raises(StateUnknown, match="the journal of edge-1"):
        Rig(tmp_path / "broken", Broken("edge-1"), clock)
    assert list((tmp_path / "broken" / "owners").iterdir()) == []


@pytest.mark.parametrize("member", ["edge-1", "edge-2"])
def test_each_member_of_a_group_is_ended_for_itself(rig: Rig, fleet: Fleet, member: str) -> None:
    """One was put back, the other never began."""
    path = rig.group_path("edges")
    rig.publish(path, OLD)
    fleet.hold()
    accepted = rig.post(path, NEW)
    fleet.forsake("edge-1", "edge-2")
    rig.manager._owner.close()  # as above
    fleet.leave_in_the_middle(member, NEW)
    rig.reopen()
    ends = {
        one["name"]: one["failType"] for one in _deployment(rig, accepted.json()["links"]["rel"])["details"]["failure"]
    }
    assert ends == {"edge-1": "refused", "edge-2": "refused"} | {member: "rolled_back"}
