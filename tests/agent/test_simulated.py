"""The simulated fleet keeps the contract of a data plane."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from penstock.agent.simulated import Script, SimulatedFleet
from penstock.errors import NotFound
from penstock.model import FileSet, Result, State

if TYPE_CHECKING:
    from penstock.ports import DataPlane

OLD = {"nginx.conf": b"events {}\n", "conf.d/a.conf": b"# a\n"}
WEB = SimulatedFleet.uid("web")


def fleet_with(script: Script) -> SimulatedFleet:
    return SimulatedFleet({"web": OLD, "api": OLD}, scripts={"web": script})


def changed(files: FileSet, text: bytes = b"events {} # new\n") -> FileSet:
    return FileSet(root=files.root, entry=files.entry, files={files.entry: text})


def publish(plane: DataPlane, files: FileSet, *, base: str = "", deadline_s: float = 5.0) -> Result:
    return plane.apply(WEB, files, base_digest=base or plane.fetch(WEB).digest, probes=(), deadline_s=deadline_s)


def test_it_shows_every_instance_sorted_by_a_durable_uid() -> None:
    """Two fleets with the same names show the same instances, sorted by uid."""
    first, second = fleet_with(Script()).observe(), SimulatedFleet({"api": OLD, "web": OLD}).observe()
    assert [seen.uid for seen in first] == [seen.uid for seen in second] == sorted(seen.uid for seen in first)
    assert {seen.name for seen in first} == {"web", "api"}
    assert len({pid for seen in first for pid in (seen.pid, *seen.worker_pids)}) == 6


@pytest.mark.parametrize(
    ("end", "moved"),
    [(State.ACTIVE, True), (State.REFUSED, False), (State.ROLLED_BACK, False), (State.UNKNOWN, True)],
)
def test_a_publish_ends_as_the_script_says(end: State, moved: bool) -> None:
    """The disk holds the new files after ACTIVE and UNKNOWN, and the old ones otherwise."""
    fleet = fleet_with(Script(end))
    old = fleet.fetch(WEB)
    result = publish(fleet, changed(old))
    assert result.state is end
    assert fleet.fetch(WEB).digest == (changed(old) if moved else old).digest


def test_what_stood_unknown_is_put_back_once() -> None:
    """recover() goes back to the old files and says so; a second call has nothing to do."""
    fleet = fleet_with(Script(State.UNKNOWN))
    old = fleet.fetch(WEB)
    publish(fleet, changed(old))
    assert [(uid, result.state) for uid, result in fleet.recover()] == [(WEB, State.ROLLED_BACK)]
    assert fleet.fetch(WEB).digest == old.digest
    assert not fleet.recover()


def test_a_moved_base_is_refused() -> None:
    """A plan made on other bytes than those on the disk touches nothing."""
    fleet = fleet_with(Script())
    base = fleet.fetch(WEB).digest
    fleet.drift("web", "conf.d/b.conf", b"# by hand\n")
    drifted = fleet.fetch(WEB)
    result = publish(fleet, changed(drifted), base=base)
    assert result.state is State.REFUSED
    assert base[:12] in result.message
    assert fleet.fetch(WEB) == drifted


def test_the_same_files_are_a_success_that_touches_nothing() -> None:
    """Files that are there already end ACTIVE, even where a change would be refused."""
    fleet = fleet_with(Script(State.REFUSED))
    assert publish(fleet, fleet.fetch(WEB)).state is State.ACTIVE


def test_another_entry_is_refused() -> None:
    """Files for another configuration path are not put on this instance."""
    fleet = fleet_with(Script())
    stranger = FileSet(root="/opt", entry="/opt/nginx.conf", files={"/opt/nginx.conf": b""})
    assert publish(fleet, stranger).state is State.REFUSED


def test_a_gate_holds_the_publish_up() -> None:
    """A gated publish waits for the event; a second one to the same instance waits for the first."""
    gate = threading.Event()
    fleet = fleet_with(Script(gate=gate))
    old = fleet.fetch(WEB)
    ends: list[Result] = []
    thread = threading.Thread(target=lambda: ends.append(publish(fleet, changed(old))))
    thread.start()
    assert publish(fleet, changed(old, b"# other\n"), base=old.digest, deadline_s=0.05).state is State.REFUSED
    assert not ends
    gate.set()
    thread.join(5)
    assert [result.state for result in ends] == [State.ACTIVE]


def test_a_gate_that_stays_shut_ends_at_the_deadline() -> None:
    """A publish has one terminal result within its deadline."""
    fleet = fleet_with(Script(gate=threading.Event()))
    assert publish(fleet, changed(fleet.fetch(WEB)), deadline_s=0.05).state is State.REFUSED


def test_an_instance_that_vanishes_is_unknown_and_gone() -> None:
    """After it vanished it is neither observed nor fetched."""
    fleet = fleet_with(Script(vanishes=True))
    assert publish(fleet, changed(fleet.fetch(WEB))).state is State.UNKNOWN
    assert WEB not in {seen.uid for seen in fleet.observe()}
    with pytest.raises(NotFound):
        fleet.fetch(WEB)


@pytest.mark.parametrize(
    "make",
    [
        lambda: SimulatedFleet({"web": {}}),
        lambda: SimulatedFleet({"web": OLD}, scripts={"wbe": Script()}),
        lambda: Script(State.PENDING),
    ],
    ids=["no entry", "script for a stranger", "pending is no end"],
)
def test_a_fleet_that_cannot_be_is_not_made(make: object) -> None:
    """A mistake in the fleet is named when it is made."""
    assert callable(make)
    with pytest.raises(ValueError, match=r"web|wbe|pending"):
        make()
