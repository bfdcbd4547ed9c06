"""Examples for the specification: what NIM's public documents print, cut to the fields served here.

Each is decoded into its wire type by a test, so that none can go stale unseen.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOST = "74d52621-eb60-35ea-84f2-8f754974d560"
_INSTANCE = "754ddc18-898a-59ee-b5a3-fe22cf6b3da6"
_COMMIT = "521747298a3790fde1710f3aa2d03b55020575aa"
_NO_FILES = {"files": [], "rootDir": "/"}
_FILES = {"rootDir": "/etc/nginx", "files": [{"contents": "ZXZlbnRzIHt9Cg==", "name": "/etc/nginx/nginx.conf"}]}
_PUBLISH = {
    "auxFiles": _NO_FILES,
    "configFiles": {
        "rootDir": "/etc/nginx",
        "files": [
            {"contents": "dXNlciBuZ2lueDsK", "name": "/etc/nginx/nginx.conf"},
            {"contents": "dHlwZXMgeyB9Cg==", "name": "/etc/nginx/mime.types"},
        ],
    },
    "updateTime": "2023-02-22T17:10:02.677Z",
    "externalId": _COMMIT,
    "externalIdType": "git",
    "ignoreConflict": False,
    "validateConfig": True,
}
_SYSTEM = {
    "uid": _HOST,
    "hostname": "edge-1",
    "displayName": "edge-1",
    "tags": ["env:prod", "dc:azure"],
    "nginxInstances": [
        {
            "uid": _INSTANCE,
            "displayName": "edge-1",
            "build": {"nginxPlus": True, "release": "nginx-plus-r28", "version": "1.23.2"},
            "startTime": "2023-01-14T10:09:43Z",
            "status": {"lastStatusReport": "2023-01-14T11:11:49.323Z", "state": "online"},
        }
    ],
}
_GROUP = {
    "uid": "0ba1d2c3-ce36-44da-a786-94fb65425a30",
    "name": "production",
    "displayName": "AzureProd",
    "description": "Production Instances",
    "instances": [_INSTANCE],
}
_DEPLOYMENT = {
    "createTime": "2023-01-14T04:35:47.566Z",
    "details": {
        "failure": [{"failMessage": "Config apply failed (write): ...", "failType": "", "name": "ip-192-0-2-243"}],
        "pending": [],
        "success": [],
    },
    "id": "d38a8e5d-2312-4046-a60f-a30a4aea1fbb",
    "message": "Instance config failed to publish to",
    "status": "failed",
    "updateTime": "2023-01-14T04:35:47.566Z",
}
_TOO_LONG = 'Error at "/auxFiles/files/3/contents": maximum string length is 3145728'
_SERVICES = ("core", "dpm", "ingestion", "integrations", "secmon")

# Wire type -> an example of it.
EXAMPLES: Mapping[str, Any] = MappingProxyType(
    {
        "InstanceList": {
            "count": 2,
            "items": [
                {
                    "displayName": "ip-10-1-1-6",
                    "systemUid": "c233d837-fdfc-3ca5-be2b-23a39c9b4873",
                    "uid": "79453f64-4453-5eea-a9f6-a3c369e295d2",
                },
                {"displayName": "ip-10-1-1-7", "systemUid": _HOST, "uid": _INSTANCE},
            ],
            "nginxAppProtectWAFCount": 0,
            "nginxPlusCount": 2,
        },
        "System": _SYSTEM,
        "SystemList": {"count": 1, "items": [_SYSTEM]},
        "SystemEdit": {"hostname": "edge-1", "tags": ["env:prod", "dc:azure"]},
        "InstanceGroup": _GROUP,
        "InstanceGroupList": {"count": 1, "items": [_GROUP], "itemsPerPage": 25, "startIndex": 0},
        "GroupCreate": {"name": "production", "displayName": "AzureProd", "description": "Production Instances"},
        "GroupEdit": {"displayName": "AzureProd", "instances": [_INSTANCE]},
        "Publish": _PUBLISH,
        "PublishAccepted": {
            "deploymentUID": "617db954-f888-46ae-80db-fc907d393ebc",
            "links": {"rel": "/api/platform/v1/systems/instances/deployments/617db954-f888-46ae-80db-fc907d393ebc"},
            "result": "Publish configuration request Accepted",
        },
        "Deployment": _DEPLOYMENT,
        "ConfigReply": {
            "auxFiles": _NO_FILES,
            "configFiles": _FILES,
            "createTime": "2023-03-08T08:46:28.826Z",
            "updateTime": "2023-03-08T08:46:28.826Z",
            "directoryMap": {
                "/etc/nginx": {
                    "files": [{"name": "nginx.conf", "size": 10}],
                    "name": "/etc/nginx",
                    "permissions": "0755",
                    "size": 4096,
                    "updateTime": "2023-03-08T08:46:28.826Z",
                }
            },
            "externalId": _COMMIT,
            "externalIdType": "git",
            "instances": [],
        },
        "StagedConfigWrite": {
            "configName": "test-staged",
            "configFiles": _FILES,
            "auxFiles": {"files": [], "rootDir": "/etc/nginx/aux"},
            "externalId": "8acf5aed9d2872b266d2f880cab23a4aa5791d1b",
            "externalIdType": "git",
        },
        "Health": {
            "services": dict.fromkeys(_SERVICES, "healthy"),
            "status": "healthy",
            "timestamp": "2026-01-29T10:49:07Z",
        },
        "ErrorBody": {
            "code": 400,
            "message": f"Request body has an error: doesn't match the schema: {_TOO_LONG}",
            "details": [],
        },
    }
)
