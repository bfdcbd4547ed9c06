"""Hosts and instances: what the data plane sees, with what people said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock.errors import SettingsError
from tests.manager.rig import Rig

if TYPE_CHECKING:
    from pathlib import Path

    from tests.manager.clocks import Clock
    from tests.manager.fleets import Fleet


def test_a_host_lists_its_instances(rig: Rig) -> None:
    """As NIM's clients read it: by hostname, with build and status."""
    system = rig.get("/systems")["items"][0]
    found = rig.get(f"/systems?hostname={system['hostname']}")
    assert system in found["items"]
    assert rig.get("/systems?hostname=nobody") == {"count": 0, "items": []}
    instance = system["nginxInstances"][0]
    assert instance["status"]["state"] == "online"
    assert instance["build"]["nginxPlus"] is False
    assert instance["build"]["version"].count(".") == 2


def test_an_instance_tells_where_and_what_it_is(rig: Rig) -> None:
    """Times that never were are Go's zero time; lists are there though empty."""
    path = rig.path_of("edge-1")
    found = rig.get(path)
    assert found["displayName"] == "edge-1"
    assert found["configPath"] == "/etc/nginx/nginx.conf"
    assert found["configVersion"] == {
        "instanceGroup": {"createTime": "0001-01-01T00:00:00Z", "uid": "", "versionHash": ""},
        "versions": [],
    }
    assert (found["loadableModules"], found["packages"], found["ssl"]) == ([], [], {"built": None, "runtime": None})
    assert {link["name"]: link["rel"] for link in found["links"]}["self"] == f"/api/platform/v1{path}"
    assert "lastDeploymentDetails" not in found
    system_path = path.rpartition("/instances")[0]
    assert rig.get(f"{system_path}/instances")["items"] == [found]


def test_details_of_a_host_are_lists_even_where_nothing_is_known(rig: Rig) -> None:
    """A client that asks for them indexes them."""
    system = rig.path_of("edge-1").rpartition("/instances")[0]
    assert "osRelease" not in rig.get(system)
    detailed = rig.get(f"{system}?showDetails=true")
    assert (detailed["osRelease"], detailed["processor"], detailed["networkInterfaces"]) == ({}, [], [])


def test_tags_and_display_name_can_be_changed(rig: Rig) -> None:
    """What is absent stays; the hostname that clients repeat changes nothing."""
    system = rig.path_of("edge-1").rpartition("/instances")[0]
    answer = rig.call("PATCH", system, {"hostname": "x", "tags": ["env:prod", "dc:azure", "env:prod"]})
    assert answer.status_code == 200
    assert answer.json()["tags"] == ["dc:azure", "env:prod"]
    assert rig.get("/systems/tags") == {"count": 2, "items": ["dc:azure", "env:prod"]}
    renamed = rig.call("PATCH", system, {"displayName": "the edge"}).json()
    assert (renamed["displayName"], renamed["tags"]) == ("the edge", ["dc:azure", "env:prod"])
    assert renamed["hostname"] == rig.get(system)["hostname"] != "x"
    assert rig.call("PATCH", "/systems/none", {}).status_code == 404


def test_an_instance_that_is_gone_is_offline_until_it_is_back(rig: Rig, fleet: Fleet, clock: Clock) -> None:
    """It is not forgotten, and its configuration is not made up."""
    path = rig.path_of("edge-1")
    fleet.stop("edge-1")
    clock.pass_time(2)
    found = rig.get(path)
    assert found["status"] == {"lastStatusReport": "2026-03-01T12:00:00.000Z", "state": "offline"}
    assert "edge-1 is offline" in rig.get(f"{path}/config", status=503)["message"]
    fleet.start("edge-1")
    clock.pass_time(2)
    assert rig.get(path)["status"]["state"] == "online"
    assert rig.call("GET", f"{path}/config").status_code == 200


def test_only_what_is_offline_can_be_forgotten(rig: Rig, fleet: Fleet) -> None:
    """An online instance would be back at once."""
    path = rig.path_of("edge-3")
    rig.publish(path, "events {}\n# two\n")
    answer = rig.call("DELETE", path)
    assert (answer.status_code, "edge-3 is online" in answer.text) == (409, True)
    fleet.stop("edge-3")
    answer = rig.call("DELETE", path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert rig.call("GET", path).status_code == 404
    assert rig.get("/instances")["count"] == 2


def test_a_host_is_forgotten_with_its_instances(rig: Rig, fleet: Fleet) -> None:
    """And only once all of them are offline."""
    system = rig.path_of("edge-3").rpartition("/instances")[0]
    assert rig.call("DELETE", system).status_code == 409
    for name in ("edge-1", "edge-2", "edge-3"):
        fleet.stop(name)
    assert rig.call("DELETE", system).status_code == 204
    assert rig.call("GET", system).status_code == 404


def test_an_instance_cannot_be_in_two_groups_of_the_settings(tmp_path: Path, fleet: Fleet, clock: Clock) -> None:
    """Which publish would be the right one?"""
    with pytest.raises(SettingsError, match="edge-1 is in two groups, a and b"):
        Rig(tmp_path / "other", fleet, clock, groups={"a": ("edge-1",), "b": ("edge-1",)})


def test_what_people_said_survives_a_restart(rig: Rig) -> None:
    """Tags, groups and versions are in the database."""
    system = rig.path_of("edge-1").rpartition("/instances")[0]
    rig.call("PATCH", system, {"tags": ["kept"]})
    rig.publish(rig.path_of("edge-1"), "events {}\n# two\n", externalId="abc")
    before = rig.get(rig.path_of("edge-1"))
    rig.manager.close()
    rig.reopen()
    assert rig.get(system)["tags"] == ["kept"]
    assert rig.get(rig.path_of("edge-1")) == before
    assert rig.get("/instance-groups")["count"] == 1
