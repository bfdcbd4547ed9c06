"""Publications in the journal, and the way back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from penstock.errors import NotFound
from penstock.history import Journal
from penstock.model import Outcome, State
from penstock.publish import fleet_status, make_rollback_plan, record
from tests.publish.scene import GROUP, NAMES, NEW, OLD, THIRD, Scene, check, now, opened

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.publish import Plan


async def published(scene: Scene, journal: Journal, plan: Plan) -> str:
    """The commit of a publish of the plan."""
    return record(journal, plan, await scene.publish(plan))


async def back(scene: Scene, journal: Journal, *, to: str = "") -> Plan:
    return await make_rollback_plan(
        scene.manager, GROUP, journal, to=to, check=check, now=now(), author="Ada", message=""
    )


def test_a_rollback_reaches_what_was_there_before_the_first_publish(tmp_path: Path) -> None:
    """It was recorded as observed; going back is a plan like any other, with its diff, and is recorded too."""

    async def story() -> None:
        async with opened(tmp_path) as scene:
            with Journal(tmp_path / "history.git") as journal:
                plan = await scene.plan(NEW)
                commit = await published(scene, journal, plan)
                assert journal.show(commit).entry.plan == plan.digest
                assert journal.show(commit).entry.results == dict.fromkeys(NAMES, State.ACTIVE)
                assert journal.show(f"{commit}~1").entry.plan == "observed"
                assert record(journal, plan, await scene.publish(plan)) == commit
                plan = await back(scene, journal)
                assert "-    server { listen 8081; server_name new.example; }" in plan.targets[0].diff
                assert plan.blast.server_names.added == ("old.example",)
                await published(scene, journal, plan)
                assert scene.texts() == (OLD, OLD, OLD)
                assert not journal.verify()

    asyncio.run(story())


def test_a_rollback_goes_to_a_named_version(tmp_path: Path) -> None:
    """And without a name to the one before the newest, past failed attempts."""

    async def story() -> None:
        async with opened(tmp_path) as scene:
            with Journal(tmp_path / "history.git") as journal:
                first = await published(scene, journal, await scene.plan(NEW))
                await published(scene, journal, await scene.plan(THIRD))
                scene.script("edge-2", State.REFUSED)
                failed = await scene.plan(OLD)
                commit = await published(scene, journal, failed)
                assert journal.show(commit).entry.outcome is Outcome.ROLLED_BACK
                assert scene.texts() == (THIRD, THIRD, THIRD)
                scene.script("edge-2", State.ACTIVE)
                assert (await back(scene, journal)).targets[0].files.digest == (
                    await back(scene, journal, to=first)
                ).targets[0].files.digest
                await scene.publish(await back(scene, journal, to=first))
                assert scene.texts() == (NEW, NEW, NEW)

    asyncio.run(story())


def test_a_hand_edit_is_recorded_before_it_is_published_over(tmp_path: Path) -> None:
    """So that what somebody did on the node is not lost."""

    async def story() -> None:
        async with opened(tmp_path) as scene:
            with Journal(tmp_path / "history.git") as journal:
                await published(scene, journal, await scene.plan(NEW))
                scene.fleet.drift("edge-1", "nginx.conf", THIRD.encode())
                status = {
                    one.instance.name: one.in_sync for one in await fleet_status(scene.manager, GROUP, journal=journal)
                }
                assert status == {"edge-1": False, "edge-2": True, "edge-3": True}
                await published(scene, journal, await scene.plan(OLD))
                assert journal.files("HEAD~1", "edge-1") == {"nginx.conf": THIRD.encode()}

    asyncio.run(story())


def test_there_is_nothing_to_go_back_to_in_an_empty_history(tmp_path: Path) -> None:
    """The error names the instance."""

    async def story() -> None:
        async with opened(tmp_path) as scene:
            with Journal(tmp_path / "history.git") as journal, pytest.raises(NotFound, match="edge-1"):
                await back(scene, journal)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("group", "said"), [("prodd", "Did you mean prod?"), ("zzz", "It knows prod.")], ids=["near", "far"]
)
def test_a_target_that_is_not_there_is_named_with_the_nearest(tmp_path: Path, group: str, said: str) -> None:
    """NotFound says what there is."""

    async def story() -> None:
        async with opened(tmp_path) as scene:
            with pytest.raises(NotFound, match=group) as caught:
                await fleet_status(scene.manager, GROUP._replace(group=group))
            assert caught.value.way_out == said

    asyncio.run(story())
