"""The frame of every answer: credentials, headers, errors, sizes, pages."""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from penstock.api.endpoints import ALIAS, BASE, BODY_LIMIT, ENDPOINTS, Endpoint
from penstock.manager.handlers import bindings

if TYPE_CHECKING:
    from tests.manager.fleets import Fleet
    from tests.manager.rig import Rig


def test_every_endpoint_of_the_table_has_one_handler() -> None:
    """What is in the table is served."""
    nothing: Any = None  # no handler is called here
    bound = [binding.endpoint for binding in bindings(nothing)]
    assert sorted(one.name for one in bound) == sorted(one.name for one in ENDPOINTS)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_nothing_is_answered_without_credentials_but_liveness(rig: Rig, endpoint: Endpoint[Any, Any]) -> None:
    """The challenge says how to authenticate, and the header which scheme is active."""
    rig.credentials = None
    path = endpoint.url(system="s", instance="i", deployment="d", group="g", config="c", service="dpm")
    answer = rig.call(endpoint.method, path, base="")
    if endpoint.open:
        assert answer.status_code == 200
        return
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic realm=")
    assert answer.headers["nginx-management-suite-auth"] == "Basic"
    assert answer.json()["code"] == 401


@pytest.mark.parametrize(
    "header",
    ["", "Basic", "Basic !!!", "Bearer abc", "Basic " + base64.b64encode(b"nocolon").decode(),
     "Basic " + base64.b64encode(b"\xff:\xff").decode(), "Basic " + base64.b64encode(b"admin:wrong").decode()],
)  # fmt: skip
def test_wrong_credentials_are_refused(rig: Rig, header: str) -> None:
    """However they are malformed."""
    rig.manager.add_user("admin", "the right one")
    rig.credentials = None
    assert rig.call("GET", "/userinfo", headers={"Authorization": header}).status_code == 401


def test_a_user_is_who_the_credentials_say(rig: Rig) -> None:
    """A user of the database, with a password that holds a colon and is not ASCII."""
    rig.manager.add_user("ada@example.com", "p\u00e4ss:word")
    token = base64.b64encode("ada@example.com:p\u00e4ss:word".encode()).decode()
    rig.credentials = None
    answer = rig.call("GET", "/userinfo", headers={"Authorization": f"basic {token}"})
    assert answer.json()["metadata"]["name"] == "ada@example.com"


def test_every_answer_has_nims_headers(rig: Rig) -> None:
    """Also an error; each request has an id of its own."""
    seen = set()
    for path in ("/instances", "/nowhere", "/systems/none"):
        headers = rig.call("GET", path).headers
        assert headers["content-type"] == "application/json; charset=UTF-8"
        assert headers["cache-control"] == "no-cache, no-store, must-revalidate"
        assert headers["pragma"] == "no-cache"
        assert headers["x-frame-options"] == "sameorigin"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["nginx-management-suite-auth"] == "Basic"
        seen.add(uuid.UUID(headers["x-request-id"]))
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/instances/", 404),
        ("DELETE", "/instances", 405),
        ("PATCH", "/configs", 405),
        ("GET", "/systems/none", 404),
        ("GET", "/systems/none/instances", 404),
        ("GET", "/systems/none/instances/none", 404),
        ("GET", "/systems/none/instances/none/config", 404),
        ("GET", "/instance-groups/none", 404),
        ("GET", "/instance-groups/none/config", 404),
        ("GET", "/configs/none", 404),
        ("DELETE", "/configs/none", 404),
        ("GET", "/systems/instances/deployments/none", 404),
        ("GET", "/instance-groups/deployments/none", 404),
        ("GET", "/instances?limit=x", 400),
        ("GET", "/instances?limit=-1", 400),
        ("GET", "/instances?napOnly=maybe", 400),
    ],
)
def test_errors_are_json_in_nims_form(rig: Rig, method: str, path: str, status: int) -> None:
    """Code, message, details; nothing else."""
    answer = rig.call(method, path)
    assert answer.status_code == status
    body = answer.json()
    assert sorted(body) == ["code", "details", "message"]
    assert (body["code"], bool(body["message"])) == (status, True)


def test_an_instance_is_found_on_its_own_system_alone(rig: Rig) -> None:
    """The path of another host's instance leads nowhere."""
    one, two = rig.path_of("edge-1"), rig.path_of("edge-2")
    mixed = one.rpartition("/")[0] + "/" + two.rpartition("/")[2]
    assert (one.split("/")[2] == two.split("/")[2]) or rig.call("GET", mixed).status_code == 404


def test_the_alias_serves_the_same(rig: Rig) -> None:
    """A publish through it is polled through it."""
    assert rig.call("GET", "/instances", base=ALIAS).json() == rig.get("/instances")
    assert rig.get("/instances")["count"] == 3
    path = rig.path_of("edge-1")
    body = {
        "configFiles": {"files": [{"name": "/etc/nginx/nginx.conf", "contents": "ZXZlbnRzIHt9"}]},
        "ignoreConflict": True,
    }
    accepted = rig.call("POST", f"{path}/config", body, base=ALIAS)
    assert accepted.json()["links"]["rel"].startswith(f"{ALIAS}/systems/instances/deployments/")
    assert rig.end(accepted)["status"] == "successful"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b"{}"])
def test_a_body_that_does_not_fit_is_400(rig: Rig, body: bytes) -> None:
    """With the sentence that clients of NIM print."""
    answer = rig.call("POST", rig.path_of("edge-1") + "/config", content=body)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Request body has an error: ")


def test_a_file_over_the_limit_is_400_with_its_place(rig: Rig) -> None:
    """3,145,728 characters of base64."""
    files = [{"name": "/etc/nginx/nginx.conf", "contents": ""}, {"name": "/etc/nginx/big", "contents": "A" * 3145732}]
    answer = rig.call("POST", rig.path_of("edge-1") + "/config", {"configFiles": {"files": files}, "updateTime": ""})
    assert answer.status_code == 400
    assert answer.json()["message"] == (
        "Request body has an error: doesn't match the schema: "
        'Error at "/configFiles/files/1/contents": maximum string length is 3145728'
    )


def test_a_body_over_the_limit_is_413_before_it_is_read(rig: Rig) -> None:
    """By its declared length at once; without one, as soon as it has gone over."""
    assert rig.call("POST", "/configs", content=b"x" * (BODY_LIMIT + 1)).status_code == 413
    sent, status = asyncio.run(_stream_too_much(rig))
    assert status == 413
    assert BODY_LIMIT < sent < BODY_LIMIT + 2_000_000


async def _stream_too_much(rig: Rig) -> tuple[int, int]:
    """(bytes that were taken, status) of a request in pieces that would never end."""
    assert rig.credentials is not None
    token = base64.b64encode(":".join(rig.credentials).encode())
    sent = 0
    status = 0

    async def receive() -> dict[str, Any]:
        nonlocal sent
        sent += 1_000_000
        return {"type": "http.request", "body": b"x" * 1_000_000, "more_body": True}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    scope = {"type": "http", "method": "POST", "path": f"{BASE}/configs", "query_string": b"", "root_path": "",
             "headers": [(b"authorization", b"Basic " + token)]}  # fmt: skip
    await rig.manager.app(scope, receive, send)
    return sent, status


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["edge-1", "edge-2", "edge-3"]),
        ("?limit=0", []),
        ("?limit=2", ["edge-1", "edge-2"]),
        ("?limit=2&offset=2", ["edge-3"]),
        ("?offset=1", ["edge-2", "edge-3"]),
        ("?offset=9", []),
        ("?page=2&pageSize=2", ["edge-3"]),
        ("?page=1", ["edge-1", "edge-2", "edge-3"]),
        ("?pageSize=0", ["edge-1", "edge-2", "edge-3"]),
        ("?unknown=1", ["edge-1", "edge-2", "edge-3"]),
        ("?instGroupName=edges", ["edge-1", "edge-2"]),
        ("?instGroupName=none", []),
        ("?napOnly=true", []),
    ],
)
def test_lists_come_in_pages_of_both_dialects(rig: Rig, query: str, names: list[str]) -> None:
    """`count` is of all that match, never of the page."""
    found = rig.get(f"/instances{query}")
    assert [one["displayName"] for one in found["items"]] == names
    narrowed = "instGroupName" in query or "napOnly" in query
    assert found["count"] == (len(names) if narrowed else 3)


def test_what_nobody_foresaw_is_500_with_an_id_and_no_traceback(
    rig: Rig, fleet: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the traceback under the same id."""
    path = rig.path_of("edge-1")
    rig.manager._database.close()
    with rig.manager._database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE instances RENAME TO gone")
    answer = rig.call("GET", path)
    with rig.manager._database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO instances")
    assert answer.status_code == 500
    request_id = answer.headers["x-request-id"]
    assert answer.json() == {
        "code": 500,
        "message": f"an error inside the manager; its log has it under the id {request_id}",
        "details": [],
    }
    assert "Traceback" not in answer.text
    assert request_id in caplog.text
    assert "OperationalError" in caplog.text


def test_health_and_liveness(rig: Rig) -> None:
    """Five services by NIM's names; liveness asks for no credentials."""
    health = rig.get("/health")
    assert health["status"] == "healthy"
    assert set(health["services"].values()) == {"healthy"}
    rig.credentials = None
    for service in health["services"]:
        assert rig.call("GET", f"/api/liveness/{service}", base="").status_code == 200
    assert rig.call("GET", "/api/liveness/other", base="").status_code == 404


def test_answers_are_compact_json(rig: Rig) -> None:
    """What is sent is what the wire types say."""
    answer = rig.call("GET", "/configs")
    assert json.loads(answer.content) == {"items": []}
