"""Groups: who is in them, and what a publish to one tells of each member."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.model import State
from tests.manager.rig import ENTRY, Rig, texts

if TYPE_CHECKING:
    from tests.manager.clocks import Clock
    from tests.manager.fleets import Fleet

ONE, TWO = "events {}\n# one\n", "events {}\n# two\n"


def test_groups_of_the_settings_are_made_with_their_members(rig: Rig) -> None:
    """And once only."""
    rig.manager.close()
    rig.reopen()
    found = rig.get("/instance-groups")
    assert (found["count"], found["startIndex"], found["itemsPerPage"]) == (1, 0, 25)
    group = found["items"][0]
    assert (group["name"], group["displayName"]) == ("edges", "edges")
    assert group["instances"] == [rig.uid_of("edge-1"), rig.uid_of("edge-2")]
    assert group["configVersion"] == {"instances": group["instances"], "versions": []}
    assert group["links"][0] == {
        "rel": f"/api/platform/v1{rig.path_of('edge-1')}",
        "name": "edge-1",
        "displayName": "edge-1",
    }
    assert rig.get("/instance-groups?limit=0")["items"] == []


def test_a_member_that_appears_later_joins(rig: Rig, fleet: Fleet, clock: Clock) -> None:
    """It is named in the settings, and was not there at the start."""
    rig.manager.close()
    fleet.stop("edge-2")
    rig.data = rig.data.with_name("fresh")
    rig.reopen()
    assert len(rig.get(rig.group_path("edges"))["instances"]) == 1
    fleet.start("edge-2")
    clock.pass_time(2)
    assert len(rig.get(rig.group_path("edges"))["instances"]) == 2


def test_a_group_is_made_changed_and_deleted(rig: Rig) -> None:
    """By NIM's bodies, and `instances` of ours."""
    made = rig.call("POST", "/instance-groups", {"name": "production", "displayName": "AzureProd", "description": "d"})
    assert made.status_code == 201
    path = f"/instance-groups/{made.json()['uid']}"
    assert rig.get(path) == made.json()
    edited = rig.call("PATCH", path, {"name": "production", "description": "e", "instances": [rig.uid_of("edge-3")]})
    assert edited.status_code == 200
    assert (edited.json()["description"], edited.json()["displayName"]) == ("e", "AzureProd")
    assert edited.json()["instances"] == [rig.uid_of("edge-3")]
    assert {one["name"] for one in rig.get("/instance-groups/summary")["items"]} == {"edges", "production"}
    assert rig.call("DELETE", path).status_code == 204
    assert rig.call("GET", path).status_code == 404


def test_what_cannot_be_is_refused(rig: Rig) -> None:
    """A taken name, no name, another name, a stranger, a member of another group: and nothing is changed."""
    path = rig.group_path("edges")
    for method, where, body, status in (
        ("POST", "/instance-groups", {"name": "edges"}, 409),
        ("POST", "/instance-groups", {"name": ""}, 400),
        ("POST", "/instance-groups", {}, 400),
        ("POST", "/instance-groups", {"name": "b", "instances": [rig.uid_of("edge-1")]}, 409),
        ("POST", "/instance-groups", {"name": "b", "instances": ["none"]}, 404),
        ("PATCH", path, {"name": "other"}, 409),
        ("PATCH", path, {"instances": ["none"]}, 404),
    ):
        assert rig.call(method, where, body).status_code == status, body
    assert rig.get("/instance-groups")["count"] == 1
    assert len(rig.get(path)["instances"]) == 2


def test_a_publish_to_a_group_reaches_every_member(rig: Rig, fleet: Fleet) -> None:
    """With the same bytes; the group then has them as its configuration, under their id."""
    path = rig.group_path("edges")
    assert texts(rig.get(f"{path}/config")) == {}.fromkeys(fleet.disk("edge-1"), "") | {
        name: data.decode() for name, data in fleet.disk("edge-1").items()
    }
    accepted = rig.post(path, ONE, externalId="5217", externalIdType="git")
    assert accepted.json()["result"] == "Publish group configuration request Accepted"
    deployment = rig.end(accepted)
    assert deployment["status"] == "successful"
    assert deployment["message"] == "Instance Group config successfully published to edges"
    assert [one["name"] for one in deployment["details"]["success"]] == ["edge-1", "edge-2"]
    assert [fleet.disk(name)[ENTRY] for name in ("edge-1", "edge-2")] == [ONE.encode()] * 2
    assert fleet.disk("edge-3")[ENTRY] != ONE.encode()
    config = rig.get(f"{path}/config")
    assert (texts(config)[ENTRY], config["externalId"]) == (ONE, "5217")
    assert len(config["instances"]) == 2
    group = rig.get(path)
    assert group["lastDeploymentDetails"] == deployment
    assert group["configVersion"]["versions"][0]["externalId"] == "5217"
    assert rig.get(rig.path_of("edge-1"))["configVersion"]["instanceGroup"]["versionHash"] == config["digest"]
    assert {one["externalId"] for one in rig.get("/instance-groups/summary")["items"]} == {"5217"}
    assert texts(rig.get(f"{path}/config?externalId=5217"))[ENTRY] == ONE


def test_a_partial_end_is_told_as_what_it_is(rig: Rig, fleet: Fleet) -> None:
    """NIM counts it as a success; here it has failed, and the lists say who has what."""
    fleet.ends_next("edge-2", State.ROLLED_BACK, "bind() failed")
    deployment = rig.publish(rig.group_path("edges"), ONE)
    assert deployment["status"] == "failed"
    assert [one["name"] for one in deployment["details"]["success"]] == ["edge-1"]
    assert [(one["name"], one["failType"]) for one in deployment["details"]["failure"]] == [("edge-2", "rolled_back")]


def test_offline_members_are_left_out_and_named(rig: Rig, fleet: Fleet) -> None:
    """As in NIM only online members get a publish; unlike there, the answer says so."""
    path = rig.group_path("edges")
    fleet.stop("edge-2")
    deployment = rig.publish(path, ONE)
    assert deployment["status"] == "successful"
    assert deployment["message"].endswith("published to edges (1 of 2 members; offline: edge-2)")
    assert deployment["details"]["skipped"][0]["name"] == "edge-2"
    fleet.stop("edge-1")
    answer = rig.post(path, TWO)
    assert (answer.status_code, answer.json()["code"]) == (409, 409400)


def test_a_groups_tag_is_stale_when_any_member_moved(rig: Rig, fleet: Fleet) -> None:
    """Or somebody joined or left."""
    path = rig.group_path("edges")
    seen = rig.tag(path)
    fleet.edit("edge-2", "events {}\n# by hand\n")
    answer = rig.post(path, ONE, headers={"If-Match": seen})
    assert answer.status_code == 412
    assert "edge-2: it was changed on the node itself" in answer.text
    seen = rig.tag(path)
    rig.call("PATCH", path, {"instances": [rig.uid_of("edge-1")]})
    assert rig.post(path, ONE, headers={"If-Match": seen}).status_code == 412
    assert rig.end(rig.post(path, ONE, headers={"If-Match": rig.tag(path)}))["status"] == "successful"


def test_an_older_time_is_a_conflict_if_any_member_is_newer(rig: Rig, clock: Clock) -> None:
    """The member is named."""
    path = rig.group_path("edges")
    read = rig.get(f"{path}/config")["updateTime"]
    clock.pass_time(60)
    rig.publish(rig.path_of("edge-2"), ONE)
    answer = rig.post(path, TWO, updateTime=read)
    assert (answer.status_code, answer.json()["code"]) == (409, 409100)
    assert answer.json()["details"][0]["description"].startswith("edge-2: ")


def test_a_member_in_another_deployment_keeps_the_whole_group_waiting(rig: Rig, fleet: Fleet) -> None:
    """All members or none begin; and a group that is published to cannot be deleted."""
    path = rig.group_path("edges")
    rig.get(f"{path}/config")
    fleet.hold()
    first = rig.post(rig.path_of("edge-2"), ONE)
    answer = rig.post(path, TWO)
    assert (answer.status_code, "edge-2" in answer.json()["message"]) == (409, True)
    fleet.release()
    rig.end(first)
    fleet.hold()
    running = rig.post(path, TWO)
    assert rig.call("DELETE", path).status_code == 409
    fleet.release()
    assert rig.end(running)["status"] == "successful"


def test_an_empty_group_has_an_empty_configuration(rig: Rig) -> None:
    """Lists are there all the same."""
    made = rig.call("POST", "/instance-groups", {"name": "empty"}).json()
    config = rig.get(f"/instance-groups/{made['uid']}/config")
    assert (config["configFiles"]["files"], config["auxFiles"]["files"], config["instances"]) == ([], [], [])
