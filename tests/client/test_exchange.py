"""What the client does when a manager, or what stands before it, misbehaves. All over real sockets."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from penstock.client import Credentials, Manager
from penstock.errors import (
    Conflict,
    CredentialError,
    NotFound,
    PenstockError,
    StateUnknown,
    Unreachable,
    UsageError,
)
from penstock.model import Base, Group, Instance, State
from tests.client.wire import Asked, Said, Server, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

EDGE = Instance("n1", "s1", "edge-1", "/etc/nginx/nginx.conf", "/etc/nginx")
BASE = Base("b" * 64, "", datetime(2026, 1, 1, tzinfo=UTC))
EMPTY = {"count": 0, "items": None}
ACCEPTED = {"deploymentUID": "d1", "links": {"rel": "/api/platform/v1/systems/instances/deployments/d1"}, "result": ""}


def talk(answer: Callable[[Asked], Said], story: Callable[[Manager, Server], Coroutine[Any, Any, None]]) -> Server:
    """The server after the story was played against it."""

    async def run() -> Server:
        async with serving(answer) as server, server.manager() as manager:
            await story(manager, server)
            return server

    return asyncio.run(run())


def answers(*said: Said) -> Callable[[Asked], Said]:
    """These, in order; the last for ever."""
    left = list(said)
    return lambda _: left.pop(0) if 1 < len(left) else left[0]


async def publish(manager: Manager) -> str:
    begun = await manager.publish(EDGE, "c1", base=BASE, key="plan/n1", external_id="r", deadline_s=5)
    return begun.path


REFUSALS = [
    (401, CredentialError, 2),
    (403, CredentialError, 2),
    (404, NotFound, 2),
    (409, Conflict, 4),
    (412, Conflict, 4),
    (423, Conflict, 4),
    (413, UsageError, 2),
    (400, UsageError, 2),
    (500, Unreachable, 5),
    (503, Unreachable, 5),
    (429, Unreachable, 5),
    (302, Unreachable, 5),
    (204, Unreachable, 5),
]


@pytest.mark.parametrize(
    "body", [{"code": 1, "message": "because", "details": [{"description": "Ada did"}]}, b"<html>"]
)
@pytest.mark.parametrize(("status", "kind", "code"), REFUSALS)
def test_each_status_has_its_error(status: int, kind: type[PenstockError], code: int, body: Any) -> None:
    """With what was asked, what the manager said of it, and the exit code; a gateway's HTML does not hide it."""

    async def story(manager: Manager, _: Server) -> None:
        with pytest.raises(kind) as caught:
            await publish(manager)
        assert caught.value.exit_code == code
        assert "publish to edge-1" in str(caught.value)
        assert f"HTTP {status}" in str(caught.value)
        if isinstance(body, dict) and 400 <= status:
            assert "because" in str(caught.value)
            assert "Ada did" in str(caught.value)
        assert "s3cret" not in str(caught.value)

    talk(answers(Said(status, body)), story)


def test_a_busy_manager_is_asked_again_when_it_says() -> None:
    """429 with Retry-After in seconds or as a date is waited for; then the answer counts."""
    later = "Wed, 21 Oct 2015 07:28:00 GMT"  # long past: no wait
    said = answers(
        Said(429, headers={"retry-after": "3"}), Said(503), Said(429, headers={"retry-after": later}), Said(200, EMPTY)
    )

    async def story(manager: Manager, server: Server) -> None:
        assert await manager.groups() == ()
        assert server.waited == [3.0, pytest.approx(0.6), 0.0]

    talk(said, story)


def test_a_manager_that_stays_busy_is_given_up_with_what_it_asked_for() -> None:
    """After four tries, or at once where it asks for longer than we wait unasked."""

    async def story(manager: Manager, server: Server) -> None:
        with pytest.raises(Unreachable) as caught:
            await manager.groups()
        assert caught.value.retry_after_s == 2.0
        assert (len(server.asked), server.waited) == (4, [2.0, 2.0, 2.0])

    talk(answers(Said(429, headers={"retry-after": "2"})), story)

    async def long(manager: Manager, server: Server) -> None:
        with pytest.raises(Unreachable) as caught:
            await manager.groups()
        assert caught.value.retry_after_s == 3600.0
        assert len(server.asked) == 1

    talk(answers(Said(429, headers={"retry-after": "3600"})), long)


@pytest.mark.parametrize("dropped", [0, 20, 60], ids=["before", "in the head", "in the body"])
def test_a_publish_whose_answer_is_lost_is_sent_again_under_its_key(dropped: int) -> None:
    """The same request with the same Idempotency-Key, so that it finds what the first began."""

    async def story(manager: Manager, server: Server) -> None:
        assert await publish(manager) == ACCEPTED["links"]["rel"]  # type: ignore[index]
        assert {asked.headers["idempotency-key"] for asked in server.asked} == {"plan/n1"}
        assert len({asked.body for asked in server.asked}) == 1
        assert len(server.asked) == 2

    talk(answers(Said(202, ACCEPTED, dropped=dropped), Said(202, ACCEPTED)), story)


def test_a_publish_that_is_never_answered_is_unknown_not_unreachable() -> None:
    """It may have arrived; a read that is never answered is only unreachable."""

    async def story(manager: Manager, server: Server) -> None:
        with pytest.raises(StateUnknown, match=f"localhost:{server.port}") as caught:
            await publish(manager)
        assert "same plan again" in caught.value.way_out
        with pytest.raises(Unreachable, match=f"localhost:{server.port}"):
            await manager.groups()

    talk(answers(Said(dropped=0)), story)


def test_nobody_there_is_said_with_host_port_and_way_out() -> None:
    """Connection refused, and a name that does not resolve."""

    async def story(manager: Manager, server: Server) -> None:
        port = server.port
        server.port = 1
        async with server.manager() as nobody:
            with pytest.raises(Unreachable, match=r"localhost:1 ") as caught:
                await publish(nobody)
        assert caught.value.way_out
        server.port = port

    talk(answers(Said()), story)


GARBAGE = [
    b"",
    b"<html>hello</html>",
    b"\xff\xfe",
    b"[]",
    b"null",
    b'{"count": "many"}',
    b'{"count": 1, "items": [{"uid": 5}]}',
    b"[" * 20000,
]


@pytest.mark.parametrize("body", GARBAGE)
def test_an_answer_that_is_none_is_said_with_its_path(body: bytes) -> None:
    """Not a traceback, whatever stands there."""

    async def story(manager: Manager, _: Server) -> None:
        with pytest.raises(Unreachable, match="/api/platform/v1/instance-groups"):
            await manager.groups()

    talk(answers(Said(200, body)), story)


def test_a_publish_with_a_garbled_answer_is_unknown() -> None:
    """It was accepted, and nobody can say as what."""

    async def story(manager: Manager, _: Server) -> None:
        with pytest.raises(StateUnknown):
            await publish(manager)

    talk(answers(Said(202, b"<html>")), story)


def test_bytes_that_are_no_http_are_unreachable() -> None:
    """Such as another protocol's greeting."""

    async def run() -> None:
        async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
            writer.close()

        listening = await asyncio.start_server(greet, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        server = Server(port)
        async with (
            listening,
            Manager(f"http://127.0.0.1:{port}", credentials=Credentials(), sleep=server.sleep) as manager,
        ):
            with pytest.raises(Unreachable, match=f"127.0.0.1:{port}"):
                await manager.groups()

    asyncio.run(run())


def test_a_manager_that_does_not_answer_in_time_is_unreachable() -> None:
    """With the time-out as the reason."""

    async def run() -> None:
        quiet = asyncio.Event()

        async def wait(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await quiet.wait()
            writer.close()

        listening = await asyncio.start_server(wait, "localhost", 0)
        server = Server(listening.sockets[0].getsockname()[1])
        async with listening, server.manager(timeout_s=0.05) as manager:
            with pytest.raises(Unreachable, match="took too long"):
                await manager.groups()
            quiet.set()

    asyncio.run(run())


@pytest.mark.parametrize("rel", ["https://evil.example/x", "//evil.example/x", "", "x"])
def test_polling_stays_with_the_manager(rel: str) -> None:
    """A path to poll that leads elsewhere is not followed: the credential goes along."""
    answer = {**ACCEPTED, "links": {"rel": rel}}

    async def story(manager: Manager, _: Server) -> None:
        assert await publish(manager) == "/api/platform/v1/systems/instances/deployments/d1"

    talk(answers(Said(202, answer)), story)


def test_lists_are_read_to_their_end() -> None:
    """By limit and offset up to `count`, and also from a server that ignores both or stops early."""

    def page(asked: Asked) -> Said:
        query = dict(pair.split("=") for pair in asked.path.partition("?")[2].split("&"))
        offset, limit = int(query["offset"]), int(query["limit"])
        items = [{"uid": f"g{n:03}", "name": f"group-{n:03}", "instances": None} for n in range(250)]
        return Said(200, {"count": 250, "items": items[offset : offset + limit]})

    async def paged(manager: Manager, server: Server) -> None:
        assert [group.uid for group in await manager.groups()] == [f"g{n:03}" for n in range(250)]
        assert len(server.asked) == 3

    talk(page, paged)

    async def ignored(manager: Manager, server: Server) -> None:
        assert [group.uid for group in await manager.groups()] == ["g1"]
        assert len(server.asked) == 2

    talk(answers(Said(200, {"count": 9, "items": [{"uid": "g1", "name": "a"}]})), ignored)


def test_the_dialect_of_f5s_manager_is_understood() -> None:
    """No ETag, `finalized` for the end, null lists, members by name, failures without a state word."""
    config = {
        "configFiles": {
            "rootDir": "/etc/nginx",
            "files": [{"name": "/etc/nginx/nginx.conf", "contents": "ZXZlbnRzIHt9"}],
        },
        "auxFiles": {"rootDir": "/", "files": None},
        "updateTime": "2023-03-08T08:46:28.826Z",
        "externalId": None,
    }
    deployment = {
        "id": "d1",
        "createTime": "2023-01-14T04:35:47.566082799Z",
        "updateTime": "2023-01-14T04:35:47.566082799Z",
        "message": "Instance config failed to publish to",
        "status": "finalized",
        "details": {"failure": [{"failMessage": "nginx -t", "failType": "", "name": "edge-1"}], "pending": None},
    }

    async def story(manager: Manager, server: Server) -> None:
        live = await manager.live(EDGE)
        assert (live.base.tag, live.external_id) == ("", "")
        assert live.files.files == {"/etc/nginx/nginx.conf": b"events {}"}
        await manager.publish(EDGE, "c1", base=live.base, key="k", external_id="r", deadline_s=5)
        assert "if-match" not in server.asked[-1].headers
        assert b'"updateTime":"2023-03-08T08:46:28.826Z"' in server.asked[-1].body
        view = await manager.deployment("/api/platform/v1/systems/instances/deployments/d1")
        result = view.of(EDGE)
        assert result is not None
        assert (view.ended, view.says_state(EDGE), result.state, result.message) == (
            True, False, State.UNKNOWN, "nginx -t",
        )  # fmt: skip

    talk(answers(Said(200, config), Said(202, ACCEPTED), Said(200, deployment)), story)


def test_a_group_publish_names_the_group_and_what_was_seen() -> None:
    """One request, with the group's tag."""

    async def story(manager: Manager, server: Server) -> None:
        await manager.publish_group(
            Group("g/1", "prod", ("n1",)), "c1", tag='"3-aaa"', updated_at=BASE.updated_at, key="k", external_id="r",
            deadline_s=5,
        )  # fmt: skip
        asked = server.asked[-1]
        assert asked.path == "/api/platform/v1/instance-groups/g%2F1/config"
        assert asked.headers["if-match"] == '"3-aaa"'
        assert b'"ignoreConflict"' not in asked.body
        assert b'"validateConfig":true' in asked.body

    talk(answers(Said(202, ACCEPTED)), story)


BAD_URLS = ["ftp://x", "x", "http://", "http://a:b@x", "http://x/path", "http://x?y", "http://x:port"]


@pytest.mark.parametrize("url", BAD_URLS)
def test_a_url_that_is_none_is_refused(url: str) -> None:
    """Without the password that it may hold."""
    with pytest.raises(UsageError) as caught:
        Manager(url, credentials=Credentials())
    assert "a:b" not in str(caught.value)


def test_no_credential_goes_over_an_open_line() -> None:
    """Except to this machine."""
    for credentials in (Credentials("ada", "x"), Credentials(token="x")):
        with pytest.raises(CredentialError, match="not encrypted"):
            Manager("http://nim.example", credentials=credentials)
        Manager("http://127.0.0.1", credentials=credentials)
