"""A manager over a simulated fleet, asked over HTTP as any client would ask it."""

from __future__ import annotations

import asyncio
import base64
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx2

from penstock.analysis import Profile
from penstock.api.endpoints import BASE
from penstock.manager import open_manager

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from penstock.ports import DataPlane
    from tests.manager.clocks import Clock

ENTRY = "/etc/nginx/nginx.conf"
LATER = "2030-01-01T00:00:00Z"  # an updateTime that no version is newer than
_PATIENCE_S = 20.0


def config_files(text: str, **more: str) -> dict[str, Any]:
    """`configFiles` with this main file, and more below the root by their names."""
    files = {ENTRY: text, **{f"/etc/nginx/{name}": content for name, content in more.items()}}
    return {
        "rootDir": "/etc/nginx",
        "files": [
            {"name": name, "contents": base64.b64encode(content.encode()).decode()} for name, content in files.items()
        ],
    }


def texts(config: Mapping[str, Any]) -> dict[str, str]:
    """Name -> text of the files in an answer."""
    return {file["name"]: base64.b64decode(file["contents"]).decode() for file in config["configFiles"]["files"]}


@dataclass
class Rig:
    """open: the data folder, the fleet and the clock of an open manager. Calls go through ASGI, in process."""

    data: Path
    fleet: DataPlane
    clock: Clock
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    legacy_status: bool = False

    def __post_init__(self) -> None:
        self.reopen()

    def reopen(self) -> None:
        """Open the manager, as a new process does."""
        self.manager = open_manager(
            self.data,
            self.fleet,
            profile=Profile(),
            groups=self.groups,
            clock=self.clock,
            legacy_status=self.legacy_status,
        )
        self.credentials: tuple[str, str] | None = self.manager.session_credentials()

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        base: str = BASE,
    ) -> httpx2.Response:
        """The answer to one request below the base path."""

        async def ask() -> httpx2.Response:
            transport = httpx2.ASGITransport(app=self.manager.app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://manager") as client:
                auth = httpx2.BasicAuth(*self.credentials) if self.credentials else None
                return await client.request(
                    method, base + path, json=body, content=content, headers=dict(headers or {}), auth=auth
                )

        return asyncio.run(ask())

    def get(self, path: str, *, status: int = 200) -> Any:
        """The body of a GET that answers this status."""
        answer = self.call("GET", path)
        assert answer.status_code == status, answer.text
        return answer.json()

    def path_of(self, name: str) -> str:
        """The path of the instance of this name."""
        found = [one for one in self.get("/instances")["items"] if one["displayName"] == name]
        return f"/systems/{found[0]['systemUid']}/instances/{found[0]['uid']}"

    def uid_of(self, name: str) -> str:
        """The uid of the instance of this name."""
        return self.path_of(name).rpartition("/")[2]

    def group_path(self, name: str) -> str:
        """The path of the group of this name."""
        found = [one for one in self.get("/instance-groups")["items"] if one["name"] == name]
        return f"/instance-groups/{found[0]['uid']}"

    def tag(self, path: str) -> str:
        """The ETag of the configuration of an instance or a group."""
        return self.call("GET", f"{path}/config").headers["etag"]

    def post(
        self, path: str, text: str = "events {}\n", *, headers: Mapping[str, str] | None = None, **members: Any
    ) -> httpx2.Response:
        """The answer to a publish of this main file to an instance or a group."""
        body = {"configFiles": config_files(text), "updateTime": LATER, **members}
        return self.call("POST", f"{path}/config", body, headers=headers)

    def end(self, accepted: httpx2.Response) -> dict[str, Any]:
        """The deployment that a 202 promised, once no member is pending; polled where `links.rel` says."""
        assert accepted.status_code == 202, accepted.text
        path = accepted.json()["links"]["rel"]
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            deployment: dict[str, Any] = self.call("GET", path, base="").json()
            if not deployment["details"]["pending"]:
                return deployment
        raise AssertionError(f"{path} did not end")

    def publish(self, path: str, text: str, **members: Any) -> dict[str, Any]:
        """The end of a publish of this main file."""
        return self.end(self.post(path, text, **members))
