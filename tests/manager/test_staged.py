"""Staged configs: kept as they were sent, published by their uid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.manager.rig import ENTRY, Rig, config_files, texts

if TYPE_CHECKING:
    from tests.manager.clocks import Clock
    from tests.manager.fleets import Fleet

ONE, TWO = "events {}\n# one\n", "events {}\n# two\n"


def _body(text: str = ONE, **members: Any) -> dict[str, Any]:
    return {"configName": "test-staged", "configFiles": config_files(text), **members}


def test_a_staged_config_is_kept_as_it_was_sent(rig: Rig) -> None:
    """The answer has the uid at its top and the summary again, for the two kinds of clients."""
    aux = {"rootDir": "/etc/nginx/aux", "files": [{"name": "/etc/nginx/aux/x", "contents": "eA=="}]}
    made = rig.call("POST", "/configs", _body(auxFiles=aux, externalId="8acf", externalIdType="git", nginxUid="n"))
    assert made.status_code == 201
    answer = made.json()
    assert answer["summary"]["uid"] == answer["uid"]
    assert answer["results"] == {
        "configFiles": [{"fileName": ENTRY, "result": "success", "size": len(ONE)}],
        "auxFiles": [{"fileName": "/etc/nginx/aux/x", "result": "success", "size": 1}],
    }
    found = rig.get(f"/configs/{answer['uid']}")
    assert (found["configFiles"], found["auxFiles"]) == (config_files(ONE), aux)
    assert (found["configName"], found["externalId"], found["nginxUid"]) == ("test-staged", "8acf", "n")
    assert rig.get("/configs") == {"items": [answer["summary"]]}
    assert rig.get(f"/configs/{answer['uid']}?externalId=8acf") == found
    assert rig.call("GET", f"/configs/{answer['uid']}?externalId=other").status_code == 404


def test_names_are_not_unique(rig: Rig) -> None:
    """As in NIM: the uid tells them apart."""
    uids = {rig.call("POST", "/configs", _body()).json()["uid"] for _ in range(2)}
    assert len(uids) == 2
    assert len(rig.get("/configs")["items"]) == 2


def test_a_staged_config_is_replaced_and_deleted(rig: Rig, clock: Clock) -> None:
    """The time of the making stays."""
    made = rig.call("POST", "/configs", _body()).json()
    path = f"/configs/{made['uid']}"
    clock.pass_time(5)
    replaced = rig.call("PUT", path, _body(TWO))
    assert (replaced.status_code, replaced.json()["uid"]) == (200, made["uid"])
    assert replaced.json()["createTime"] == made["createTime"] < replaced.json()["updateTime"]
    assert texts(rig.get(path))[ENTRY] == TWO
    assert rig.call("DELETE", path).status_code == 204
    assert rig.call("DELETE", path).status_code == 404
    assert rig.call("PUT", path, _body()).status_code == 404


@pytest.mark.parametrize(
    "body",
    [{}, {"configName": "x"}, _body(externalId="x" * 151), _body(externalIdType="svn"),
     _body(auxFiles={"files": [{"name": "relative", "contents": ""}]}),
     _body(auxFiles={"files": [{"name": ENTRY, "contents": "eA=="}]})],
)  # fmt: skip
def test_what_cannot_be_staged_is_400(rig: Rig, body: dict[str, Any]) -> None:
    """Nothing is kept of it."""
    assert rig.call("POST", "/configs", body).status_code == 400
    assert rig.get("/configs") == {"items": []}


@pytest.mark.parametrize("spelling", ["configUID", "configUid"])
def test_a_staged_config_is_published_by_its_uid_alone(rig: Rig, fleet: Fleet, spelling: str) -> None:
    """In both spellings; its external id goes with it."""
    uid = rig.call("POST", "/configs", _body(externalId="8acf", externalIdType="git")).json()["uid"]
    path = rig.path_of("edge-1")
    assert rig.end(rig.call("POST", f"{path}/config", {spelling: uid}))["status"] == "successful"
    assert fleet.disk("edge-1")[ENTRY] == ONE.encode()
    assert rig.get(f"{path}/config")["externalId"] == "8acf"


def test_a_staged_config_that_is_older_than_what_runs_is_a_conflict(rig: Rig, clock: Clock) -> None:
    """Its own time counts, unless the request says what its sender saw."""
    path = rig.path_of("edge-1")
    uid = rig.call("POST", "/configs", _body()).json()["uid"]
    clock.pass_time(60)
    rig.publish(path, TWO)
    answer = rig.call("POST", f"{path}/config", {"configUID": uid})
    assert (answer.status_code, answer.json()["code"]) == (409, 409100)
    headers = {"If-Match": rig.tag(path)}
    assert rig.end(rig.call("POST", f"{path}/config", {"configUID": uid}, headers=headers))["status"] == "successful"


def test_a_staged_config_that_is_not_there_is_404(rig: Rig) -> None:
    """By its uid."""
    answer = rig.call("POST", rig.path_of("edge-1") + "/config", {"configUID": "none"})
    assert (answer.status_code, "there is no staged config none" in answer.text) == (404, True)
