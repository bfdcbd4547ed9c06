"""Publishing to one instance: what is accepted, what is refused, and how each end is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from penstock.errors import Conflict, NotFound, StateUnknown
from penstock.model import State
from penstock.ports import Probe
from tests.manager.rig import ENTRY, LATER, Rig, config_files, texts

if TYPE_CHECKING:
    from pathlib import Path

    from tests.manager.clocks import Clock
    from tests.manager.fleets import Fleet

ONE, TWO = "events {}\n# one\n", "events {}\n# two\n"


def test_what_is_published_is_on_the_node_and_read_back(rig: Rig, fleet: Fleet) -> None:
    """With its external id, a new version, and the files outside the root as they were."""
    path = rig.path_of("edge-1")
    outside = {name: data for name, data in fleet.disk("edge-1").items() if not name.startswith("/etc/nginx/")}
    deployment = rig.publish(path, ONE, externalId="5217", externalIdType="git")
    success = deployment["details"]["success"][0]
    assert deployment["status"] == "successful"
    assert deployment["message"] == "Instance config successfully published to edge-1"
    assert (deployment["details"]["failure"], deployment["details"]["pending"]) == ([], [])
    assert (success["name"], success["uid"], success["state"]) == ("edge-1", rig.uid_of("edge-1"), "active")
    assert success["evidence"]
    assert fleet.disk("edge-1") == {**outside, ENTRY: ONE.encode()}
    config = rig.get(f"{path}/config")
    assert texts(config)[ENTRY] == ONE
    assert (config["externalId"], config["externalIdType"], config["digest"]) == ("5217", "git", success["digest"])
    detail = rig.get(path)
    assert detail["lastDeploymentDetails"] == deployment
    version = detail["configVersion"]["versions"][0]
    assert (version["externalId"], version["versionHash"]) == ("5217", success["digest"])
    assert {"rel": f"/api/platform/v1/systems/instances/deployments/{deployment['id']}", "name": "deployment"} in (
        detail["links"]
    )


def test_put_is_the_same_as_post(rig: Rig) -> None:
    """F5's pages say so."""
    path = rig.path_of("edge-1")
    answer = rig.call("PUT", f"{path}/config", {"configFiles": config_files(ONE), "updateTime": LATER})
    assert rig.end(answer)["status"] == "successful"


@pytest.mark.parametrize("end", [State.REFUSED, State.ROLLED_BACK, State.UNKNOWN])
def test_the_ends_are_told_apart(rig: Rig, fleet: Fleet, end: State) -> None:
    """In `failType`, which NIM leaves empty, with what proves it; the version stays what it was."""
    path = rig.path_of("edge-1")
    rig.tag(path)
    fleet.ends_next("edge-1", end, "bind() failed")
    deployment = rig.publish(path, ONE)
    assert deployment["status"] == "failed"
    assert deployment["message"] == "Instance config failed to publish to edge-1"
    assert (deployment["details"]["success"], deployment["details"]["pending"]) == ([], [])
    failure = deployment["details"]["failure"][0]
    assert failure["failType"] == end.value
    assert (failure["failMessage"], failure["name"]) == ("edge-1: bind() failed", "edge-1")
    assert failure["evidence"]
    system_uid = path.split("/")[2]
    assert json.loads(deployment["details"]["error"]) == {f"instance:{system_uid}": "edge-1: bind() failed"}
    if end is not State.UNKNOWN:
        assert rig.tag(path).startswith('"1-')


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (Conflict("the node is locked by another process"), "refused"),
        (NotFound("the master is gone"), "refused"),
        (StateUnknown("no answer after the reload"), "unknown"),
        (RuntimeError("a secret of the data plane"), "unknown"),
    ],
)
def test_an_error_of_the_data_plane_is_an_end_too(rig: Rig, fleet: Fleet, error: Exception, word: str) -> None:
    """What says that nothing was attempted is a refusal; all else is unknown, and no detail of ours leaks."""
    fleet.raises_next("edge-1", error)
    failure = rig.publish(rig.path_of("edge-1"), ONE)["details"]["failure"][0]
    assert failure["failType"] == word
    assert "a secret" not in failure["failMessage"]


def test_a_publish_in_the_middle_is_pending_and_keeps_others_out(rig: Rig, fleet: Fleet) -> None:
    """The second is told which deployment to wait for."""
    path = rig.path_of("edge-1")
    rig.get(f"{path}/config")
    fleet.hold()
    accepted = rig.post(path, ONE)
    deployment = rig.call("GET", accepted.json()["links"]["rel"], base="").json()
    assert deployment["status"] == "pending"
    assert [one["name"] for one in deployment["details"]["pending"]] == ["edge-1"]
    assert (deployment["details"]["success"], deployment["details"]["failure"]) == ([], [])
    second = rig.post(path, TWO)
    assert second.status_code == 409
    assert deployment["id"] in second.json()["message"]
    assert second.json()["code"] == 409200
    fleet.release()
    assert rig.end(accepted)["status"] == "successful"
    assert rig.publish(path, TWO)["status"] == "successful"


# ------------------------------------------------------------------------------------------------ what moved


def test_a_stale_tag_is_refused_and_says_who_moved_it(rig: Rig, clock: Clock, fleet: Fleet) -> None:
    """412 with author, time and both digests; nothing reached the node."""
    path = rig.path_of("edge-1")
    seen = rig.tag(path)
    clock.pass_time(60)
    rig.publish(path, ONE)
    answer = rig.post(path, TWO, headers={"If-Match": seen})
    body = answer.json()
    assert (answer.status_code, body["code"]) == (412, 412100)
    old, new = seen.strip('"').split("-")[1], rig.tag(path).strip('"').split("-")[1]
    assert body["message"] == f"edge-1 moved since it was looked at: from {old} to {new}"
    author = rig.manager.session_credentials()[0]
    assert body["details"][0]["description"] == (
        f"edge-1: {author} published at 2026-03-01T12:01:00.000Z, from {old} to {new}"
    )
    assert fleet.applied == ["edge-1"]
    assert rig.end(rig.post(path, TWO, headers={"If-Match": rig.tag(path)}))["status"] == "successful"


def test_a_change_on_the_node_itself_makes_a_tag_stale(rig: Rig, fleet: Fleet) -> None:
    """Nobody need have looked in between: the publish looks itself."""
    path = rig.path_of("edge-1")
    seen = rig.tag(path)
    fleet.edit("edge-1", "events {}\n# by hand\n")
    answer = rig.post(path, ONE, headers={"If-Match": seen})
    assert answer.status_code == 412
    assert "changed on the node itself" in answer.text
    assert texts(rig.get(f"{path}/config"))[ENTRY] == "events {}\n# by hand\n"
    assert rig.tag(path).startswith('"2-')


def test_ignore_conflict_does_not_override_if_match(rig: Rig) -> None:
    """One is NIM's and about times; the other is a condition that the sender set himself."""
    path = rig.path_of("edge-1")
    seen = rig.tag(path)
    rig.publish(path, ONE)
    assert rig.post(path, TWO, headers={"If-Match": seen}, ignoreConflict=True).status_code == 412


@pytest.mark.parametrize(("header", "status"), [("*", 202), ("nonsense", 400), ('"9-000000000000"', 412)])
def test_other_tags(rig: Rig, header: str, status: int) -> None:
    """A star matches anything; what is no tag is a wrong request; one from nowhere is stale."""
    path = rig.path_of("edge-1")
    assert rig.post(path, ONE, headers={"If-Match": header}).status_code == status
    assert rig.post(path, TWO, headers={"If-Match": f"{header}, {rig.tag(path)}"}).status_code in {202, 409}


def test_an_older_update_time_is_a_conflict_as_in_nim(rig: Rig, clock: Clock) -> None:
    """In NIM's words; `ignoreConflict` overrides it; the time that was read is new enough."""
    path = rig.path_of("edge-1")
    read = rig.get(f"{path}/config")["updateTime"]
    clock.pass_time(60)
    rig.publish(path, ONE, updateTime=read)
    answer = rig.post(path, TWO, updateTime=read)
    assert (answer.status_code, answer.json()["code"]) == (409, 409100)
    assert answer.json()["message"] == ("The published configuration is older than the active instance configuration.")
    assert rig.publish(path, TWO, updateTime=read, ignoreConflict=True)["status"] == "successful"
    assert rig.get(f"{path}/config")["updateTime"] == "2026-03-01T12:01:00.001Z"


def test_files_without_a_time_need_another_word_on_conflicts(rig: Rig) -> None:
    """NIM requires updateTime; a tag or ignoreConflict says as much."""
    path = rig.path_of("edge-1")
    answer = rig.post(path, ONE, updateTime="")
    assert (answer.status_code, '"/updateTime": property "updateTime" is missing' in answer.json()["message"]) == (
        400, True,
    )  # fmt: skip
    assert rig.end(rig.post(path, ONE, updateTime="", ignoreConflict=True))["status"] == "successful"
    tag = rig.tag(path)
    assert rig.end(rig.post(path, TWO, updateTime="", headers={"If-Match": tag}))["status"] == "successful"


def test_publishing_what_is_there_already_makes_no_version(rig: Rig) -> None:
    """The tag stays, so nobody's plan becomes stale; another external id is another version."""
    path = rig.path_of("edge-1")
    rig.publish(path, ONE, externalId="a")
    tag = rig.tag(path)
    assert rig.publish(path, ONE)["status"] == "successful"
    assert rig.publish(path, ONE, externalId="a")["status"] == "successful"
    assert (rig.tag(path), rig.get(f"{path}/config")["externalId"]) == (tag, "a")
    rig.publish(path, ONE, externalId="b")
    assert rig.tag(path) != tag


def test_an_earlier_version_is_found_by_its_external_id(rig: Rig) -> None:
    """Which is how a client of NIM goes back."""
    path = rig.path_of("edge-1")
    rig.publish(path, ONE, externalId="first")
    rig.publish(path, TWO, externalId="second")
    found = rig.get(f"{path}/config?externalId=first")
    assert (texts(found)[ENTRY], found["externalId"]) == (ONE, "first")
    assert rig.call("GET", f"{path}/config?externalId=none").status_code == 404


def test_a_change_on_the_node_clears_the_external_id(rig: Rig, fleet: Fleet) -> None:
    """It is not that version any more."""
    path = rig.path_of("edge-1")
    rig.publish(path, ONE, externalId="first")
    fleet.edit("edge-1", "events {}\n# by hand\n")
    found = rig.get(f"{path}/config")
    assert (found["externalId"], found["externalIdType"]) == ("", "other")


# ------------------------------------------------------------------------------------------------ retries


def test_a_retry_finds_what_the_first_try_began(rig: Rig, fleet: Fleet) -> None:
    """Also when the version it was sent against has moved by its own doing; nothing is applied twice."""
    path = rig.path_of("edge-1")
    headers = {"If-Match": rig.tag(path), "Idempotency-Key": "plan/1"}
    first = rig.post(path, ONE, headers=headers)
    rig.end(first)
    again = rig.post(path, ONE, headers=headers)
    assert (again.status_code, again.json()) == (202, first.json())
    assert fleet.applied == ["edge-1"]


@pytest.mark.parametrize(
    "other", [{"text": TWO}, {"externalId": "x"}, {"probes": [{"url": "http://127.0.0.1/"}]}, {"deadlineSeconds": 9}]
)
def test_a_key_stands_for_one_request(rig: Rig, other: dict[str, Any]) -> None:
    """Other bytes, another id, other proof: 409."""
    path = rig.path_of("edge-1")
    headers = {"Idempotency-Key": "plan/1"}
    first = rig.end(rig.post(path, ONE, headers=headers))
    answer = rig.post(path, **{"text": ONE, "headers": headers, **other})
    assert (answer.status_code, answer.json()["code"]) == (409, 409300)
    assert first["id"] in answer.json()["message"]


def test_a_key_is_of_one_target(rig: Rig) -> None:
    """The same plan goes to many."""
    headers = {"Idempotency-Key": "plan"}
    first = rig.end(rig.post(rig.path_of("edge-1"), ONE, headers=headers))
    second = rig.end(rig.post(rig.path_of("edge-2"), TWO, headers=headers))
    assert first["id"] != second["id"]


# ------------------------------------------------------------------------------------------------ what is checked


def _with(*extra: dict[str, str]) -> dict[str, Any]:
    files = config_files(ONE)
    files["files"].extend(extra)
    return files


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"files": [{"name": "/etc/nginx/a", "contents": ""}]}, "the main file /etc/nginx/nginx.conf of edge-1"),
        ({"files": []}, "the main file"),
        (_with({"name": "/etc/passwd", "contents": ""}), "the file /etc/passwd is outside /etc/nginx"),
        (_with({"name": "/etc/nginx-evil/x", "contents": ""}), "is outside /etc/nginx"),
        (_with({"name": "/etc/nginx/../passwd", "contents": ""}), "climbs with .."),
        (_with({"name": "conf.d/x", "contents": ""}), "is not absolute"),
        (_with({"name": "/etc/nginx/x", "contents": "*"}), "not base64"),
        (_with({"name": "/etc/nginx/nginx.conf/x", "contents": ""}), "is a file and cannot hold"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_published_are_400(rig: Rig, fleet: Fleet, config: dict[str, Any], message: str) -> None:
    """Each with the name of the file and the reason; the node is not touched."""
    answer = rig.call("POST", rig.path_of("edge-1") + "/config", {"configFiles": config, "updateTime": LATER})
    assert answer.status_code == 400
    assert message in answer.json()["message"]
    assert fleet.applied == []


def test_files_outside_the_root_may_be_sent_as_they_are(rig: Rig, fleet: Fleet) -> None:
    """A client that reads, edits and sends back everything is not punished for it."""
    path = rig.path_of("edge-1")
    config = rig.get(f"{path}/config")
    assert any(not name.startswith("/etc/nginx/") for name in texts(config))
    body = {"configFiles": config["configFiles"], "auxFiles": config["auxFiles"], "updateTime": config["updateTime"]}
    assert rig.end(rig.call("POST", f"{path}/config", body))["status"] == "successful"


def test_auxiliary_files_inside_the_root_are_published_too(rig: Rig, fleet: Fleet) -> None:
    """Certificates and pages."""
    aux = {"rootDir": "/", "files": [{"name": "/etc/nginx/html/index.html", "contents": "aGk="}]}
    rig.publish(rig.path_of("edge-1"), ONE, auxFiles=aux)
    assert fleet.disk("edge-1")["/etc/nginx/html/index.html"] == b"hi"


def test_an_offline_instance_is_409(rig: Rig, fleet: Fleet) -> None:
    """At once, not after a timeout."""
    path = rig.path_of("edge-1")
    fleet.stop("edge-1")
    answer = rig.post(path, ONE)
    assert (answer.status_code, answer.json()["code"]) == (409, 409400)


def test_the_managers_own_analysis_refuses_with_every_finding(rig: Rig, fleet: Fleet) -> None:
    """With validateConfig; the place, the severity, the message and the rule of each."""
    answer = rig.post(rig.path_of("edge-1"), "events {}\nhttp { no_such_directive on; }\n", validateConfig=True)
    body = answer.json()
    assert (answer.status_code, body["code"]) == (400, 400100)
    assert any(detail["description"].startswith("/etc/nginx/nginx.conf:2:8: error: ") for detail in body["details"]), (
        body
    )
    assert fleet.applied == []
    assert rig.publish(rig.path_of("edge-1"), ONE, validateConfig=True)["status"] == "successful"


def test_the_analysis_can_be_asked_without_publishing(rig: Rig, fleet: Fleet) -> None:
    """The same engine, the same files."""
    body = {"configFiles": config_files("events {}\nhttp { no_such_directive on; }\n")}
    found = rig.call("POST", "/analysis/config", body).json()
    assert not found["passed"]
    assert ("no_such_directive", ENTRY, 2) in {
        (item["directive"], item["file"], item["line"]) for item in found["errors"]
    }, found
    assert rig.call("POST", "/analysis/config", {"configFiles": config_files(ONE)}).json()["passed"]
    assert rig.call("POST", "/analysis/config", {"configFiles": {"files": []}}).status_code == 400
    assert fleet.applied == []


def test_probes_go_to_the_instances_own_host_alone(rig: Rig, fleet: Fleet) -> None:
    """Loopback and the host's name; anything else is 400."""
    path = rig.path_of("edge-1")
    host = rig.get(path.rpartition("/instances")[0])["hostname"]
    good = [{"url": "http://127.0.0.1:8080/"}, {"url": f"http://{host}/", "status": 301, "host": "a", "contains": "b"}]
    assert rig.publish(path, ONE, probes=good, deadlineSeconds=5)["status"] == "successful"
    assert fleet.probes == [Probe("http://127.0.0.1:8080/"), Probe(f"http://{host}/", 301, "a", "b")]
    answer = rig.post(path, TWO, probes=[{"url": "http://169.254.169.254/"}])
    assert (answer.status_code, "neither loopback" in answer.json()["message"]) == (400, True)
    assert rig.post(path, TWO, deadlineSeconds=0).status_code == 400


def test_the_old_word_for_the_end_can_be_switched_on(tmp_path: Path, fleet: Fleet, clock: Clock) -> None:
    """For clients from before 2023, which wait for it."""
    rig = Rig(tmp_path / "legacy", fleet, clock, legacy_status=True)
    assert rig.publish(rig.path_of("edge-1"), ONE)["status"] == "finalized"
    rig.manager.close()
