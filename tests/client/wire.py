"""Small HTTP servers on real sockets that answer as a test tells them: faults that no real manager would stage."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from penstock.client import Credentials, Manager

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Asked:
    """A request as it came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Said:
    """An answer. dropped: after how many bytes the connection is cut, None to answer all."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    dropped: int | None = None

    def bytes(self) -> bytes:
        content = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        lines = [f"HTTP/1.1 {self.status} x", f"content-length: {len(content)}", "connection: close"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + content


@dataclass
class Server:
    """asked: every request, in order. waited: the seconds that the client waited between tries."""

    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)

    def manager(self, *, scheme: str = "http", cacert: Path | None = None, timeout_s: float = 5.0) -> Manager:
        return Manager(
            f"{scheme}://localhost:{self.port}",
            credentials=Credentials("ada", "s3cret-pass"),
            cacert=cacert,
            sleep=self.sleep,
            timeout_s=timeout_s,
        )


@asynccontextmanager
async def serving(answer: Callable[[Asked], Said], *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """A server on a free port of the loopback that says what `answer` gives to each request."""
    server = Server()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, path, _ = head[0].split(" ")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            server.asked.append(Asked(method, path, headers, body))
            said = answer(server.asked[-1])
            writer.write(said.bytes()[: said.dropped])
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "localhost", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    for other in listening.sockets[1:]:
        other.close()
    async with listening:
        yield server
