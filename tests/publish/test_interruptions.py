"""A publish that dies in the middle, at every point, and is run again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from penstock.client import Manager
from penstock.model import Outcome, State
from penstock.publish import approve, publish_plan
from tests.publish.scene import NEW, OLD, Scene, at_once, check, connect, opened

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.manager import ManagerApp

import httpx2

from penstock.client import Credentials


class DyingTransport(httpx2.AsyncBaseTransport):
    """Carries requests to the application, and cancels the caller around the Nth: before it is sent, or after it."""

    def __init__(self, app: Any) -> None:
        self.inner = httpx2.ASGITransport(app)
        self.left = -1
        self.after = False
        self.lost = False

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.left -= 1
        dies = self.left == 0
        if dies and not self.after:
            raise asyncio.CancelledError
        response = await self.inner.handle_async_request(request)
        if dies and self.lost:
            raise httpx2.ReadError("the connection was dropped", request=request)
        if dies:
            raise asyncio.CancelledError
        return response


def dying(transports: list[DyingTransport]) -> Any:
    """Opens a manager over a transport that the test can make die."""

    def manager_of(app: ManagerApp) -> Manager:
        user, password = app.session_credentials()
        transports.append(DyingTransport(app.app))
        return Manager(
            "http://manager.local", credentials=Credentials(user, password), transport=transports[0], sleep=at_once
        )

    return manager_of


@pytest.mark.parametrize("together", [True, False], ids=["as a group", "one after the other"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_publish_that_dies_at_any_request_is_finished_by_a_second_run(
    tmp_path: Path, after: bool, together: bool
) -> None:
    """Every disk is old or new at the death, and the same plan run again ends active on all."""

    async def once(folder: Path, number: int) -> bool:
        transports: list[DyingTransport] = []
        async with opened(folder, manager_of=dying(transports)) as scene:
            plan = await scene.plan()
            plan = plan if together else replace(plan, group=None)
            transports[0].left, transports[0].after = number, after
            died = False
            try:
                await scene.publish(plan)
            except asyncio.CancelledError:
                died = True
            assert set(scene.texts()) <= {OLD, NEW}
            async with connect(scene.app) as again:
                publication = await publish_plan(
                    again, plan, approve(plan, check), on_progress=scene.told.append, sleep=at_once
                )
            assert publication.outcome is Outcome.ACTIVE
            assert scene.texts() == (NEW, NEW, NEW)
            return died

    number = 1
    while asyncio.run(once(tmp_path / str(number), number)):
        number += 1
    assert 9 < number  # it died at each of at least nine requests


@pytest.mark.parametrize("together", [True, False], ids=["as a group", "one after the other"])
def test_a_dropped_connection_at_any_request_is_not_noticed(tmp_path: Path, together: bool) -> None:
    """What was sent and not answered is asked again: the deployment of the first try is found."""

    async def once(folder: Path, number: int) -> int:
        transports: list[DyingTransport] = []
        async with opened(folder, manager_of=dying(transports)) as scene:
            plan = await scene.plan()
            plan = plan if together else replace(plan, group=None)
            transport = transports[0]
            transport.left, transport.after, transport.lost = number, True, True
            publication = await scene.publish(plan)
            assert publication.outcome is Outcome.ACTIVE
            return transport.left

    number = 1
    while asyncio.run(once(tmp_path / str(number), number)) < 0:
        number += 1
    assert 9 < number


def test_what_is_left_in_doubt_is_told(tmp_path: Path) -> None:
    """When cancelled after the publish was sent, the progress names the instance and the way out."""

    async def story() -> None:
        transports: list[DyingTransport] = []
        async with opened(tmp_path, manager_of=dying(transports)) as scene:
            plan = replace(await scene.plan(), group=None)
            transports[0].left, transports[0].after = 5, True  # three looks, one staging, then the publish
            with pytest.raises(asyncio.CancelledError):
                await scene.publish(plan)
            last: Scene = scene
            assert (last.told[-1].instance, last.told[-1].state) == ("edge-1", State.UNKNOWN)
            assert "publish the same plan again" in last.told[-1].message

    asyncio.run(story())
