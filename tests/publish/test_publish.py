"""Publishing over the real manager: every end, and what is on the nodes at each."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx2
import pytest

from penstock.agent.simulated import Script
from penstock.client import asgi_transport
from penstock.errors import Conflict, Refused, Unreachable
from penstock.model import Outcome, State
from penstock.publish import approve, fleet_status, publish_plan
from tests.publish.scene import GROUP, NAMES, NEW, OLD, ONE, THIRD, Scene, at_once, check, play

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 1, 1, tzinfo=UTC)
APART = {"edge-2": THIRD}  # unequal bytes: no group publish, one after the other


@pytest.mark.parametrize("apart", [{}, APART], ids=["as a group", "one after the other"])
def test_a_publish_ends_active_on_every_member(tmp_path: Path, apart: dict[str, str]) -> None:
    """With a proof for each, and the plan's bytes on the disk."""

    async def story(scene: Scene) -> None:
        plan = await scene.plan(apart=apart)
        assert (plan.group is None) == bool(apart)
        publication = await scene.publish(plan)
        assert publication.outcome is Outcome.ACTIVE
        assert [instance.name for instance, _ in publication.results] == list(NAMES)
        assert all("reads back" in result.evidence[-1] for _, result in publication.results)
        assert scene.texts() == tuple(apart.get(name, NEW) for name in NAMES)
        assert {files.files[files.entry] for files in publication.bases.values()} == {OLD.encode()}

    play(tmp_path, story)


ENDS = [
    ({"edge-1": State.REFUSED}, None, (OLD, OLD, OLD)),
    ({"edge-1": State.ROLLED_BACK}, Outcome.ROLLED_BACK, (OLD, OLD, OLD)),
    ({"edge-2": State.REFUSED}, Outcome.ROLLED_BACK, (OLD, OLD, OLD)),
    ({"edge-3": State.ROLLED_BACK}, Outcome.ROLLED_BACK, (OLD, OLD, OLD)),
    ({"edge-2": State.UNKNOWN}, Outcome.UNKNOWN, (OLD, NEW, OLD)),
    (dict.fromkeys(NAMES, State.REFUSED), Outcome.REFUSED, (OLD, OLD, OLD)),
]


@pytest.mark.parametrize("together", [True, False], ids=["as a group", "one after the other"])
@pytest.mark.parametrize(("ends", "outcome", "texts"), ENDS)
def test_one_that_fails_takes_the_others_back(
    tmp_path: Path, ends: dict[str, State], outcome: Outcome | None, texts: tuple[str, ...], together: bool
) -> None:
    """What went active is put back and that is verified; what is unknown is said, not guessed.

    When the first refuses, the others were tried only where the group was published to as one.
    """
    wanted = outcome or (Outcome.ROLLED_BACK if together else Outcome.REFUSED)

    async def story(scene: Scene) -> None:
        plan = await scene.plan()
        for name, end in ends.items():
            scene.script(name, end)
        publication = await scene.publish(plan if together else replace(plan, group=None))
        assert (publication.outcome, scene.texts()) == (wanted, texts)
        states = {instance.name: result.state for instance, result in publication.results}
        assert {name: states[name] for name in ends} == ends

    play(tmp_path, story)


def test_one_that_cannot_be_put_back_leaves_a_mixed_fleet(tmp_path: Path) -> None:
    """And the result says of each which version it has."""

    async def story(scene: Scene) -> None:
        plan = replace(await scene.plan(), group=None)
        scene.script("edge-2", State.REFUSED)
        tell = scene.told.append

        def told(progress: object) -> None:
            if "put back" in progress.message:  # type: ignore[attr-defined]
                scene.script("edge-1", State.REFUSED)
            tell(progress)  # type: ignore[arg-type]

        publication = await publish_plan(scene.manager, plan, approve(plan, check), on_progress=told, sleep=at_once)
        assert publication.outcome is Outcome.MIXED
        assert [result.state for _, result in publication.results] == [State.ACTIVE, State.REFUSED, State.REFUSED]
        assert "could not be put back" in publication.results[0][1].message
        assert scene.texts() == (NEW, OLD, OLD)

    play(tmp_path, story)


def test_a_plan_of_what_runs_already_changes_nothing(tmp_path: Path) -> None:
    """UNCHANGED, and no deployment is made."""

    async def story(scene: Scene) -> None:
        publication = await scene.publish(await scene.plan(OLD))
        assert publication.outcome is Outcome.UNCHANGED
        assert [status.last for status in await fleet_status(scene.manager, GROUP)] == [None, None, None]

    play(tmp_path, story)


@pytest.mark.parametrize("target", [GROUP, ONE], ids=["group", "instance"])
def test_a_hand_edit_makes_the_plan_stale(tmp_path: Path, target: object) -> None:
    """Conflict names the instance, from what to what, and when; no target is touched."""

    async def story(scene: Scene) -> None:
        plan = await scene.plan(target=target)  # type: ignore[arg-type]
        scene.fleet.drift("edge-1", "nginx.conf", THIRD.encode())
        with pytest.raises(Conflict, match=r"edge-1 moved since the plan was made: from [0-9a-f]{12} to [0-9a-f]{12}"):
            await scene.publish(plan)
        assert scene.texts() == (THIRD, OLD, OLD)

    play(tmp_path, story)


def test_away_and_back_is_stale_too(tmp_path: Path) -> None:
    """The bytes are the base's again, but somebody was there: the tag says so."""

    async def story(scene: Scene) -> None:
        plan = await scene.plan(target=ONE)
        for text in (THIRD, OLD):
            scene.fleet.drift("edge-1", "nginx.conf", text.encode())
            await scene.plan(target=ONE)
        with pytest.raises(Conflict, match="moved away and back"):
            await scene.publish(plan)

    play(tmp_path, story)


def test_another_publish_makes_the_plan_stale_and_is_named(tmp_path: Path) -> None:
    """By the revision that it published."""

    async def story(scene: Scene) -> None:
        early, late = await scene.plan(THIRD), await scene.plan(NEW)
        await scene.publish(late)
        with pytest.raises(Conflict, match=r"published as a{40}"):
            await scene.publish(early)

    play(tmp_path, story)


def test_publishing_a_plan_twice_finds_what_the_first_did(tmp_path: Path) -> None:
    """ACTIVE again, and nothing is applied a second time."""

    async def story(scene: Scene) -> None:
        plan = await scene.plan()
        first = await scene.publish(plan)
        uids = [status.last.uid for status in await fleet_status(scene.manager, GROUP) if status.last]
        second = await scene.publish(plan)
        assert (first.outcome, second.outcome) == (Outcome.ACTIVE, Outcome.ACTIVE)
        assert uids == [status.last.uid for status in await fleet_status(scene.manager, GROUP) if status.last]
        assert not second.bases

    play(tmp_path, story)


def test_stopping_leaves_the_rest_as_it_is(tmp_path: Path) -> None:
    """What went active stays, what was not tried says so, and the plan can be gone on with."""

    async def story(scene: Scene) -> None:
        plan = replace(await scene.plan(), group=None)
        publication = await scene.publish(plan, stop=lambda: scene.text("edge-1") == NEW)
        assert publication.outcome is Outcome.MIXED
        assert "stopped before it" in publication.results[1][1].message
        assert scene.texts() == (NEW, OLD, OLD)
        assert (await scene.publish(plan)).outcome is Outcome.ACTIVE
        assert scene.texts() == (NEW, NEW, NEW)

    play(tmp_path, story)


@pytest.mark.parametrize("together", [True, False], ids=["as a group", "one after the other"])
def test_a_deployment_that_does_not_end_is_unknown_and_a_second_run_finds_its_end(
    tmp_path: Path, together: bool
) -> None:
    """After the deadline nothing is guessed, though the earlier files are there; later the same plan is ACTIVE."""

    async def story(scene: Scene) -> None:
        gate = threading.Event()
        plan = await scene.plan()
        plan = plan if together else replace(plan, group=None)
        scene.fleet.script("edge-1", Script(gate=gate))
        passed = [0.0]

        async def leap(seconds: float) -> None:
            passed[0] += 20 * seconds
            await at_once(seconds)

        publication = await publish_plan(
            scene.manager, plan, approve(plan, check), on_progress=scene.told.append, sleep=leap,
            clock=lambda: START + timedelta(seconds=passed[0]),
        )  # fmt: skip
        assert publication.outcome is Outcome.UNKNOWN
        assert "did not say how it ended" in publication.results[0][1].message
        assert "the earlier files are there" in publication.results[0][1].message
        gate.set()
        if together:  # the others went active and were put back meanwhile: the plan is stale
            with pytest.raises(Conflict):
                await scene.publish(plan)
        else:
            assert (await scene.publish(plan)).outcome is Outcome.ACTIVE

    play(tmp_path, story)


def test_what_is_unknown_says_what_is_there(tmp_path: Path) -> None:
    """The node gave no sign after the swap."""

    async def story(scene: Scene) -> None:
        plan = await scene.plan()
        scene.script("edge-3", State.UNKNOWN)
        publication = await scene.publish(plan)
        assert publication.outcome is Outcome.UNKNOWN
        assert "the plan's files are there" in publication.results[2][1].message

    play(tmp_path, story)


def test_an_offline_member_stops_the_plan(tmp_path: Path) -> None:
    """A plan is for every member, so it is not made."""

    async def story(scene: Scene) -> None:
        plan = await scene.plan(target=ONE)
        scene.fleet.script("edge-1", Script(vanishes=True))
        publication = await scene.publish(plan)
        assert publication.outcome is Outcome.UNKNOWN
        with pytest.raises(Unreachable, match="edge-1"):
            await scene.plan()

    play(tmp_path, story)


def test_only_what_was_accepted_can_be_published(tmp_path: Path) -> None:
    """A check that blocks ends it, by the name of the instance."""

    async def story(scene: Scene) -> None:
        plan = await scene.plan()
        broken = replace(plan.targets[0].files, files={"/etc/nginx/nginx.conf": b"http {"})
        bad = replace(plan, targets=(replace(plan.targets[0], files=broken),))
        with pytest.raises(Refused, match="edge-1"):
            approve(bad, check)

    play(tmp_path, story)


@pytest.mark.parametrize("end", [State.REFUSED, State.ROLLED_BACK])
def test_a_plan_that_failed_is_tried_again(tmp_path: Path, end: State) -> None:
    """Every earlier try that left the node as it was is told, and the next one has a key of its own."""

    async def story(scene: Scene) -> None:
        plan = await scene.plan(target=ONE)
        scene.script("edge-1", end)
        for tries in (1, 2, 3):
            scene.told.clear()
            assert (await scene.publish(plan)).results[0][1].state is end
            assert sum("is tried again" in one.message for one in scene.told) == tries - 1
        scene.script("edge-1", State.ACTIVE)
        assert (await scene.publish(plan)).outcome is Outcome.ACTIVE
        assert scene.text("edge-1") == NEW

    play(tmp_path, story)


def test_a_group_that_failed_is_tried_again(tmp_path: Path) -> None:
    """Where no member moved, the same plan goes out to the group once more."""

    async def story(scene: Scene) -> None:
        plan = await scene.plan()
        assert plan.group is not None
        for name in NAMES:
            scene.script(name, State.REFUSED)
        assert (await scene.publish(plan)).outcome is Outcome.REFUSED
        for name in NAMES:
            scene.script(name, State.ACTIVE)
        assert (await scene.publish(plan)).outcome is Outcome.ACTIVE
        assert scene.texts() == (NEW, NEW, NEW)

    play(tmp_path, story)


def test_a_plan_whose_end_was_unknown_is_not_tried_twice(tmp_path: Path) -> None:
    """Nobody can say what an unknown end left: its key finds the first try, and a new plan is the way."""

    async def story(scene: Scene) -> None:
        plan = await scene.plan(target=ONE)
        scene.script("edge-1", State.UNKNOWN)
        assert (await scene.publish(plan)).outcome is Outcome.UNKNOWN
        scene.script("edge-1", State.ACTIVE)
        publication = await publish_plan(
            scene.manager, plan, approve(plan, check), on_progress=scene.told.append, sleep=at_once,
            clock=lambda: datetime.now(UTC) + timedelta(seconds=10),
        )  # fmt: skip
        assert publication.outcome is Outcome.UNKNOWN
        assert "make a new plan" in publication.results[0][1].message

    play(tmp_path, story)


def test_a_group_that_others_joined_or_left_makes_the_plan_stale(tmp_path: Path) -> None:
    """A publish to it would reach instances of which the plan says nothing."""

    async def story(scene: Scene) -> None:
        plan = await scene.plan()
        assert plan.group is not None
        async with httpx2.AsyncClient(transport=asgi_transport(scene.app.app), base_url="http://manager.local") as raw:
            answer = await raw.patch(
                f"/api/platform/v1/instance-groups/{plan.group.uid}",
                json={"instances": plan.group.instance_uids[:2]},
                auth=httpx2.BasicAuth(*scene.app.session_credentials()),
            )
        assert answer.status_code == 200
        with pytest.raises(Conflict, match="other members"):
            await scene.publish(plan)
        assert scene.texts() == (OLD, OLD, OLD)

    play(tmp_path, story)


def test_a_base_that_the_rules_refuse_is_put_back_all_the_same(tmp_path: Path) -> None:
    """It ran before the rules had a say; the way back must not depend on them, at the manager neither."""
    base = OLD.replace("events {}", "events {}\nno_such_directive on;")

    async def story(scene: Scene) -> None:
        for name in NAMES:
            scene.fleet.drift(name, "nginx.conf", base.encode())
        refused = await scene.plan(base.replace("8080", "8090"), ONE)
        with pytest.raises(Refused, match="no_such_directive"):
            await scene.publish(refused)
        plan = await scene.plan(NEW)
        scene.script("edge-3", State.REFUSED)
        assert (await scene.publish(plan)).outcome is Outcome.ROLLED_BACK
        assert scene.texts() == (base, base, base)

    play(tmp_path, story)
