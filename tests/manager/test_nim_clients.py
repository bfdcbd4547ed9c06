"""The calls of NIM's public clients, in their order and with their habits."""

from __future__ import annotations

import base64
import textwrap
from typing import TYPE_CHECKING

from penstock.model import State
from tests.manager.rig import ENTRY, Rig, texts

if TYPE_CHECKING:
    from pathlib import Path

    from tests.manager.clocks import Clock
    from tests.manager.fleets import Fleet

CONF = "events {}\nhttp { server { listen 8080; return 200 '\u00fc\u00ff?>~'; } }\n"


def test_the_declarative_api_finds_its_group_publishes_and_polls(rig: Rig, fleet: Fleet) -> None:
    """URL-safe base64, a hundred groups at most, no look at `status`: until `pending` is empty, then `failure`."""
    groups = rig.get("/instance-groups?limit=100")
    uid = next(group["uid"] for group in groups["items"] if group["name"] == "edges")
    body = {
        "auxFiles": {"files": [], "rootDir": "/"},
        "configFiles": {
            "rootDir": "/etc/nginx",
            "files": [{"name": ENTRY, "contents": base64.urlsafe_b64encode(CONF.encode()).decode()}],
        },
        "updateTime": "2026-03-01T12:00:00Z",
        "ignoreConflict": True,
        "validateConfig": False,
    }
    accepted = rig.call("POST", f"/instance-groups/{uid}/config", body)
    assert accepted.status_code == 202
    rel = accepted.json()["links"]["rel"]
    while True:
        answer = rig.call("GET", rel, base="")
        assert answer.status_code == 200
        if len(answer.json()["details"]["pending"]) == 0:
            break
    assert len(answer.json()["details"]["failure"]) == 0
    assert fleet.disk("edge-2")[ENTRY] == CONF.encode()
    assert rig.call("GET", rel + "x", base="").status_code == 404


def test_the_ansible_role_stages_publishes_and_waits_for_finalized(tmp_path: Path, fleet: Fleet, clock: Clock) -> None:
    """Base64 out of a YAML block, `configUid`, tags of the system, and the end word of its time."""
    rig = Rig(tmp_path / "ansible", fleet, clock, legacy_status=True)
    instances = rig.get("/instances")["items"]
    target = next(one for one in instances if one["displayName"] == "edge-1")
    hostname = rig.get(f"/systems/{target['systemUid']}")["hostname"]
    system = rig.get(f"/systems?hostname={hostname}")["items"][0]
    tagged = rig.call("PATCH", f"/systems/{system['uid']}", {"hostname": hostname, "tags": ["env:prod"]})
    assert tagged.status_code == 200
    block = textwrap.fill(base64.b64encode(CONF.encode()).decode(), 40) + "\n"
    body = {
        "configName": "ansible",
        "configFiles": {"rootDir": "/etc/nginx", "files": [{"name": ENTRY, "contents": block}]},
        "auxFiles": {"rootDir": "/", "files": []},
    }
    assert [one for one in rig.get("/configs")["items"] if one["configName"] == "ansible"] == []
    staged = rig.call("POST", "/configs", body)
    assert staged.status_code == 201
    assert rig.call("PUT", f"/configs/{staged.json()['uid']}", body).json()["uid"] == staged.json()["uid"]
    accepted = rig.call(
        "POST",
        f"/systems/{target['systemUid']}/instances/{target['uid']}/config",
        {"configUid": staged.json()["uid"]},
    )
    assert accepted.status_code == 202
    deployment = rig.end(accepted)
    assert (deployment["status"], deployment["details"]["failure"]) == ("finalized", [])
    assert fleet.disk("edge-1")[ENTRY] == CONF.encode()
    rig.manager.close()


def test_the_ci_recipe_posts_files_with_a_git_hash_and_looks_at_the_status_alone(rig: Rig, fleet: Fleet) -> None:
    """curl: standard base64 on one line, a `size` that nobody asked for, rootDir `/`; only the 202 counts."""
    path = rig.path_of("edge-1")
    contents = base64.b64encode(CONF.encode()).decode()
    body = {
        "configFiles": {"rootDir": "/", "files": [{"name": ENTRY, "contents": contents, "size": 0}]},
        "externalId": "521747298a3790fde1710f3aa2d03b55020575aa",
        "externalIdType": "git",
        "updateTime": "2026-03-01T12:00:00.677Z",
    }
    accepted = rig.call("POST", f"{path}/config", body)
    assert accepted.status_code == 202
    assert accepted.json() == {
        "deploymentUID": accepted.json()["deploymentUID"],
        "links": {
            "rel": f"/api/platform/v1/systems/instances/deployments/{accepted.json()['deploymentUID']}",
        },
        "result": "Publish configuration request Accepted",
    }
    rig.end(accepted)
    found = rig.get(f"{path}/config?externalId=521747298a3790fde1710f3aa2d03b55020575aa")
    assert texts(found)[ENTRY] == CONF


def test_a_client_that_reads_edits_and_sends_back_gets_through(rig: Rig) -> None:
    """GET, change one file, POST everything with the time that was read."""
    path = rig.path_of("edge-1")
    config = rig.get(f"{path}/config")
    for file in config["configFiles"]["files"]:
        if file["name"] == ENTRY:
            file["contents"] = base64.b64encode(CONF.encode()).decode()
    wanted = {key: config[key] for key in ("auxFiles", "configFiles", "updateTime")}
    assert rig.end(rig.call("POST", f"{path}/config", wanted))["status"] == "successful"
    assert texts(rig.get(f"{path}/config"))[ENTRY] == CONF


def test_a_failure_reads_as_nims_does(rig: Rig, fleet: Fleet) -> None:
    """`failMessage`, `name`, and `details.error` as JSON in a string."""
    fleet.ends_next("edge-1", State.REFUSED, "nginx -t failed")
    deployment = rig.publish(rig.path_of("edge-1"), CONF)
    assert deployment["status"] == "failed"
    assert deployment["details"]["failure"][0]["failMessage"] == "edge-1: nginx -t failed"
    assert isinstance(deployment["details"]["error"], str)
