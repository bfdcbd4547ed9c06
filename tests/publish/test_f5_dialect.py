"""Publishing to a manager that speaks as F5's does: no ETag, no state words, members by name, null lists."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from penstock.model import Accepted, FileSet, Outcome
from penstock.publish import approve, make_plan, publish_plan, resolve_target
from tests.client.wire import Asked, Said, serving
from tests.publish.scene import GROUP, NEW, OLD, ONE, THIRD, at_once, check, now

ENTRY = "/etc/nginx/nginx.conf"
WHEN = "2026-01-01T00:00:00.000Z"
API = "/api/platform/v1"


@dataclass
class F5:
    """Two instances in the group prod. puts: name -> what a publish leaves there. fails: names that fail."""

    disks: dict[str, str] = field(default_factory=lambda: {"edge-1": OLD, "edge-2": OLD})
    puts: dict[str, str] = field(default_factory=dict)
    fails: tuple[str, ...] = ()
    polls: int = 0
    staged: dict[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    def answer(self, asked: Asked) -> Said:
        path = asked.path.partition("?")[0].removeprefix(API)
        if path == "/instances":
            items = [{"displayName": name, "systemUid": f"s-{name}", "uid": f"u-{name}"} for name in self.disks]
            return Said(200, {"count": len(items), "items": items})
        if path == "/instance-groups":
            members = [f"u-{name}" for name in self.disks]
            return Said(200, {"count": 1, "items": [{"uid": "g", "name": "prod", "instances": members}]})
        if path == "/configs":
            body = json.loads(asked.body)
            self.staged["c"] = base64.b64decode(body["configFiles"]["files"][0]["contents"]).decode()
            return Said(201, {"uid": "c", "configName": "x", "createTime": WHEN, "updateTime": WHEN,
                              "results": {}, "summary": {"uid": "c", "configName": "x", "createTime": WHEN,
                                                         "updateTime": WHEN}})  # fmt: skip
        if path.endswith("/deployments/d"):
            return self.deployment()
        if path.endswith("/config"):
            return self.config(asked, path.split("/")[-2])
        name = path.split("/")[2].removeprefix("s-")
        detail = {"uid": f"u-{name}", "displayName": name, "configPath": ENTRY, "status": {"state": "online"}}
        return Said(200, {"count": 1, "items": [detail]})

    def config(self, asked: Asked, uid: str) -> Said:
        self.names = tuple(self.disks) if uid == "g" else (uid.removeprefix("u-"),)
        if asked.method == "GET":
            contents = base64.b64encode(self.disks[self.names[0]].encode()).decode()
            files = {"rootDir": "/etc/nginx", "files": [{"name": ENTRY, "contents": contents}]}
            return Said(200, {"configFiles": files, "auxFiles": {"files": None, "rootDir": "/"}, "updateTime": WHEN})
        for name in self.names:
            self.disks[name] = self.puts.get(name, self.staged["c"])
        self.polls = 2
        kind = "instance-groups" if uid == "g" else "systems/instances"
        return Said(202, {"deploymentUID": "d", "links": {"rel": f"{API}/{kind}/deployments/d"}, "result": "ok"})

    def deployment(self) -> Said:
        self.polls -= 1
        details: dict[str, Any] = {"pending": None, "failure": None, "success": None}
        if 0 < self.polls:
            details["pending"] = [{"message": "", "name": name, "status": "pending"} for name in self.names]
        else:
            details["failure"] = [
                {"failMessage": "nginx -t", "failType": "", "name": n} for n in self.names if n in self.fails
            ]
            details["success"] = [{"name": n} for n in self.names if n not in self.fails]
        status = "pending" if 0 < self.polls else "finalized"
        return Said(200, {"id": "d", "createTime": WHEN, "updateTime": WHEN, "message": "", "status": status,
                          "details": details})  # fmt: skip


CASES = [
    ("all take it", F5(), Outcome.ACTIVE, (NEW, NEW)),
    ("success is not believed", F5(puts={"edge-1": OLD}), Outcome.UNKNOWN, (OLD, OLD)),
    ("failed and as before", F5(puts={"edge-1": OLD, "edge-2": OLD}, fails=("edge-1", "edge-2")),
     Outcome.ROLLED_BACK, (OLD, OLD)),
    ("failed and new", F5(fails=("edge-1",)), Outcome.UNKNOWN, (NEW, OLD)),
    ("failed and neither", F5(puts={"edge-1": THIRD}, fails=("edge-1",)), Outcome.UNKNOWN, (THIRD, OLD)),
]  # fmt: skip


@pytest.mark.parametrize(("_why", "f5", "outcome", "texts"), CASES, ids=[case[0] for case in CASES])
def test_the_bytes_tell_what_the_words_do_not(_why: str, f5: F5, outcome: Outcome, texts: tuple[str, str]) -> None:
    """The end of a group publish is read from the disks, and what went active beside a failure is put back."""

    async def run() -> None:
        async with serving(f5.answer) as server, server.manager() as manager:
            instances = await resolve_target(manager, GROUP)
            files = FileSet("/etc/nginx", ENTRY, {ENTRY: NEW.encode()})
            desired = {one.uid: Accepted(files, check(files)) for one in instances}
            plan = await make_plan(
                manager, GROUP, desired, instances, now=now(), author="Ada", source_revision="", message=""
            )
            assert plan.group is not None
            publication = await publish_plan(
                manager, plan, approve(plan, check), on_progress=lambda _: None, sleep=at_once
            )
            assert publication.outcome is outcome, publication.results
            assert tuple(f5.disks.values()) == texts

    asyncio.run(run())


def test_one_instance_is_found_by_its_name() -> None:
    """In the flat list, and its details in its system's."""

    async def run() -> None:
        async with serving(F5().answer) as server, server.manager() as manager:
            (instance,) = await resolve_target(manager, ONE)
            assert (instance.uid, instance.system_uid, instance.entry) == ("u-edge-1", "s-edge-1", ENTRY)

    asyncio.run(run())
