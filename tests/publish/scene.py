"""A project, a manager in this process and a simulated fleet: what the publishing tests happen in."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from penstock.agent.simulated import Script, SimulatedFleet
from penstock.analysis import Profile, accept, analyse
from penstock.client import Credentials, Manager, asgi_transport
from penstock.config import parse
from penstock.manager import open_manager
from penstock.model import FileSet, Report, State
from penstock.publish import Plan, Progress, Publication, approve, make_plan, publish_plan, resolve_target
from penstock.settings import TargetSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
    from pathlib import Path
    from typing import Any

    from penstock.manager import ManagerApp

OLD = "events {}\nhttp {\n    server { listen 8080; server_name old.example; }\n}\n"
NEW = "events {}\nhttp {\n    server { listen 8081; server_name new.example; }\n}\n"
THIRD = "events {}\nhttp {\n    server { listen 8082; server_name third.example; }\n}\n"
NAMES = ("edge-1", "edge-2", "edge-3")
GROUP = TargetSettings("prod", "site", group="prod", deadline_s=5.0)
ONE = TargetSettings("one", "site", instance="edge-1", deadline_s=5.0)


def now() -> datetime:
    return datetime.now(UTC)


def check(files: FileSet) -> Report:
    """The gate of these tests: what the parser says."""
    return analyse(parse(files), (), Profile())


async def at_once(seconds: float) -> None:
    """A wait that lets the manager's threads go on, and no longer."""
    await asyncio.sleep(min(seconds, 0.005))


@dataclass
class Scene:
    """fleet: edge-1 to edge-3, all in the group prod. told: the progress of every publish, in order."""

    fleet: SimulatedFleet
    app: ManagerApp
    manager: Manager
    told: list[Progress] = field(default_factory=list)

    async def plan(
        self, text: str = NEW, target: TargetSettings = GROUP, *, apart: Mapping[str, str] | None = None
    ) -> Plan:
        """The plan of this main file for a target; apart: instance name -> another text."""
        instances = await resolve_target(self.manager, target)
        desired = {}
        for instance in instances:
            wanted = (apart or {}).get(instance.name, text)
            files = FileSet(instance.root, instance.entry, {instance.entry: wanted.encode()})
            desired[instance.uid] = accept(files, check(files))
        return await make_plan(
            self.manager, target, desired, instances, now=now(), author="Ada", source_revision="a" * 40, message="why"
        )

    async def publish(self, plan: Plan, *, stop: Callable[[], bool] = lambda: False) -> Publication:
        return await publish_plan(
            self.manager, plan, approve(plan, check), on_progress=self.told.append, sleep=at_once, stop=stop
        )

    def script(self, name: str, end: State) -> None:
        self.fleet.script(name, Script(end))

    def text(self, name: str) -> str:
        """The main file on the node's disk."""
        return self.fleet.fetch(SimulatedFleet.uid(name)).files["/etc/nginx/nginx.conf"].decode()

    def texts(self) -> tuple[str, ...]:
        return tuple(self.text(name) for name in NAMES)


@asynccontextmanager
async def opened(folder: Path, *, manager_of: Callable[[ManagerApp], Manager] | None = None) -> AsyncIterator[Scene]:
    """A scene whose three instances run OLD."""
    fleet = SimulatedFleet({name: {"nginx.conf": OLD.encode()} for name in NAMES})
    app = open_manager(folder / "manager", fleet, profile=Profile(), groups={"prod": NAMES}, clock=now)
    try:
        async with (manager_of or connect)(app) as manager:
            yield Scene(fleet, app, manager)
    finally:
        await asyncio.to_thread(app.close)


def connect(app: ManagerApp) -> Manager:
    user, password = app.session_credentials()
    return Manager(
        "http://manager.local",
        credentials=Credentials(user, password),
        transport=asgi_transport(app.app),
        sleep=at_once,
    )


def play(folder: Path, story: Callable[[Scene], Coroutine[Any, Any, None]]) -> None:
    """Run a story in a fresh scene."""

    async def run() -> None:
        async with opened(folder) as scene:
            await story(scene)

    asyncio.run(run())
