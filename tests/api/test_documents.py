"""Documents in the form that F5's pages print are read, and ours have the same members."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.api import configs, groups, inventory, service
from penstock.api.codec import decode, encode
from penstock.model import FileSet, Finding, Group, Instance, Report, Severity, Span, Verdict

DOCUMENTS: list[tuple[type[Any], dict[str, Any]]] = [
    (
        inventory.InstanceList,
        {
            "count": 2,
            "items": [{"displayName": "ip-10-1-1-6", "systemUid": "c233d837", "uid": "79453f64"}],
            "nginxAppProtectWAFCount": 0,
            "nginxPlusCount": 2,
        },
    ),
    (
        configs.PublishAccepted,
        {
            "deploymentUID": "617db954",
            "links": {"rel": "/api/platform/v1/systems/instances/deployments/617db954"},
            "result": "Publish configuration request Accepted",
        },
    ),
    (
        configs.StagedConfigList,
        {
            "items": [
                {
                    "configName": "ip-10-1-1-6-nim-test",
                    "createTime": "2023-03-08T08:46:28.826Z",
                    "nginxUid": "79453f64",
                    "uid": "d679d216",
                    "updateTime": "2023-03-08T08:46:28.826Z",
                }
            ]
        },
    ),
    (
        inventory.InstanceDetail,
        {
            "build": {"nginxPlus": True, "release": "nginx-plus-r28", "version": "1.23.2"},
            "configPath": "/etc/nginx/nginx.conf",
            "configVersion": {
                "instanceGroup": {"createTime": "0001-01-01T00:00:00Z", "uid": "", "versionHash": ""},
                "versions": [
                    {
                        "createTime": "2023-02-28T19:54:58.735Z",
                        "externalId": "521747298a37",
                        "externalIdType": "git",
                        "uid": "92a9dbfa",
                        "versionHash": "c0f7abbd",
                    }
                ],
            },
            "configureArgs": ["--prefix=/etc/nginx"],
            "displayName": "ip-192-0-2-27",
            "lastDeploymentDetails": {
                "createTime": "2023-01-14T11:10:25.096812852Z",
                "details": {"failure": [], "pending": [], "success": [{"name": "ip-192-0-2-27"}]},
                "id": "b31c6ab1",
                "message": "Instance config successfully published to",
                "status": "successful",
                "updateTime": "2023-01-14T11:10:27.175145693Z",
            },
            "links": [{"name": "system", "rel": "/api/platform/v1/systems/b9df6377"}],
            "loadableModules": [],
            "packages": [],
            "processId": "10345",
            "processPath": "/usr/sbin/nginx",
            "registrationTime": "2023-01-14T10:12:31.000Z",
            "ssl": {"built": None, "runtime": None},
            "startTime": "2023-01-14T10:09:43Z",
            "status": {"lastStatusReport": "2023-01-14T11:11:49.323495017Z", "state": "online"},
            "uid": "5663cf4e",
            "version": "1.23.2",
        },
    ),
    (
        groups.InstanceGroupList,
        {
            "count": 1,
            "items": [
                {
                    "baseConfigName": "",
                    "configVersion": {"instances": [], "versions": []},
                    "description": "Production Instances",
                    "displayName": "AzureProd",
                    "instances": ["754ddc18"],
                    "links": [{"displayName": "edge-1", "name": "edge-1", "rel": "/api/platform/v1/systems/a"}],
                    "name": "production",
                    "uid": "0ba1d2c3",
                }
            ],
            "itemsPerPage": 25,
            "startIndex": 0,
        },
    ),
    (
        service.Health,
        {"services": {"core": "healthy"}, "status": "healthy", "timestamp": "2026-01-29T10:49:07Z"},
    ),
]


def _holds(whole: Any, part: Any) -> bool:
    """Whether every member of `part` is in `whole` with the same value; `whole` may have more of its own."""
    if isinstance(part, dict):
        return all(key in whole and _holds(whole[key], value) for key, value in part.items())
    if isinstance(part, list):
        return len(whole) == len(part) and all(_holds(left, right) for left, right in zip(whole, part, strict=True))
    return bool(whole == part)


@pytest.mark.parametrize(("kind", "document"), DOCUMENTS, ids=lambda one: getattr(one, "__name__", ""))
def test_a_document_of_nim_is_read_and_written_with_all_its_members(kind: type[Any], document: dict[str, Any]) -> None:
    """Nothing that a client of NIM reads gets lost or renamed."""
    assert _holds(json.loads(encode(decode(json.dumps(document).encode(), kind))), document)


def test_an_instance_arrives_as_the_model_has_it() -> None:
    """Its root is the directory of its main file."""
    detail = inventory.InstanceDetail(
        uid="u",
        display_name="edge-1",
        config_path="/etc/nginx/nginx.conf",
        version="1.22.1",
        status=inventory.Status(state="online"),
    )
    assert inventory.to_instance(detail, system_uid="s") == Instance(
        "u", "s", "edge-1", entry="/etc/nginx/nginx.conf", root="/etc/nginx", nginx_version="1.22.1", online=True
    )


def test_a_group_arrives_as_the_model_has_it() -> None:
    """With the uids of its members."""
    assert groups.to_group(groups.InstanceGroup(uid="g", name="n", instances=("a", "b"))) == Group("g", "n", ("a", "b"))


def test_a_report_is_sorted_into_severities_without_what_is_suppressed() -> None:
    """Each item names the directive on its line."""
    files = FileSet("/e", "/e/n", {"/e/n": b"events {}\nhttp { autoindex on; }\n"})

    def verdict(severity: Severity, line: int, suppressed: str | None = None) -> Verdict:
        finding = Finding(Span("/e/n", line), f"message {line}", hint="do this")
        return Verdict("security/thing", severity, finding, suppressed)

    report = Report(
        files.digest,
        (
            verdict(Severity.ERROR, 2),
            verdict(Severity.WARNING, 1),
            verdict(Severity.INFO, 9),
            verdict(Severity.ERROR, 1, "x"),
        ),
    )
    found = service.from_report(files, report)
    assert [(item.directive, item.line, item.level) for item in found.errors] == [("http", 2, "error")]
    assert [(item.directive, item.category) for item in found.warnings] == [("events", "security")]
    assert [(item.directive, item.description) for item in found.recommendations] == [("", "do this")]
    assert not found.passed
    assert service.from_report(files, Report(files.digest, ())).passed
