"""The table of endpoints. The server routes from it and the client calls through it, so they cannot disagree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from penstock.api import configs, deployments, groups, inventory, service

Body = TypeVar("Body")
Reply = TypeVar("Reply")

BASE = "/api/platform/v1"
ALIAS = "/api/nim/v1"  # which newer pages of F5's print, for the same thing

BODY_LIMIT = 50 * 1000 * 1000  # bytes of a request; NIM's gateway takes 50 MB
PAGE_SIZE = 25  # of inventory lists, where a page is asked for without a size

# Headers. If-Match, ETag and Idempotency-Key are ours.
AUTH_HEADER = "nginx-management-suite-auth"
REQUEST_ID_HEADER = "x-request-id"
IF_MATCH = "If-Match"
ETAG = "ETag"
IDEMPOTENCY_KEY = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"  # true in an answer: the deployment is one that an earlier request began


@dataclass(frozen=True, slots=True)
class Query:
    """A parameter of the query; kind: str, int or bool."""

    name: str
    kind: type[str] | type[int] | type[bool]
    doc: str


@dataclass(frozen=True, slots=True)
class Endpoint(Generic[Body, Reply]):
    """One request: what is sent, and what a success answers.

    path: below `base`, with {names} for its variable parts. body, reply: wire types, NoneType for nothing.
    status: of a success. errors: the statuses of its own failures, besides 400, 401, 403, 413, 429 and 500.
    headers: request headers that it understands. open: whether it answers without credentials.
    """

    name: str
    method: str
    path: str
    body: type[Body]
    reply: type[Reply]
    doc: str
    status: int = 200
    errors: tuple[int, ...] = ()
    query: tuple[Query, ...] = ()
    headers: tuple[str, ...] = ()
    base: str = BASE
    open: bool = False

    def url(self, **parts: str) -> str:
        """The path to call, every part quoted. Raises KeyError for a part that is missing."""
        return self.base + self.path.format_map({name: quote(value, safe="") for name, value in parts.items()})


NOTHING = type(None)

_LIMIT = Query("limit", int, "How many to answer; 25 where only offset is given, all where neither is; 0 only counts.")
_OFFSET = Query("offset", int, "How many to leave out first.")
_PAGE = Query("page", int, "The page, from 1, of pageSize each; another way to say limit and offset.")
_PAGE_SIZE = Query("pageSize", int, "How many a page holds; 100 without it, 0 for everything.")
_PAGES = (_LIMIT, _OFFSET, _PAGE, _PAGE_SIZE)
_EXTERNAL_ID = Query("externalId", str, "The version that was published with this id, instead of the newest.")

LIST_SYSTEMS = Endpoint(
    "listSystems", "GET", "/systems", NOTHING, inventory.SystemList, "Hosts with their nginx instances.",
    query=(Query("hostname", str, "Only the host of this name."), *_PAGES),
)  # fmt: skip
LIST_SYSTEM_TAGS = Endpoint(
    "listSystemTags", "GET", "/systems/tags", NOTHING, inventory.TagList, "The tags in use on hosts."
)
GET_SYSTEM = Endpoint(
    "getSystem", "GET", "/systems/{system}", NOTHING, inventory.System, "One host.", errors=(404,),
    query=(Query("showDetails", bool, "With what is known of the system it runs."),),
)  # fmt: skip
EDIT_SYSTEM = Endpoint(
    "editSystem", "PATCH", "/systems/{system}", inventory.SystemEdit, inventory.System,
    "Change a host's display name or tags.", errors=(404,),
)  # fmt: skip
DELETE_SYSTEM = Endpoint(
    "deleteSystem", "DELETE", "/systems/{system}", NOTHING, NOTHING, "Forget a host that is offline.",
    status=204, errors=(404, 409),
)  # fmt: skip
LIST_SYSTEM_INSTANCES = Endpoint(
    "listSystemInstances", "GET", "/systems/{system}/instances", NOTHING, inventory.SystemInstanceList,
    "The instances of a host.", errors=(404,), query=_PAGES,
)  # fmt: skip
GET_INSTANCE = Endpoint(
    "getInstance", "GET", "/systems/{system}/instances/{instance}", NOTHING, inventory.InstanceDetail,
    "One instance, with the version of its configuration and its last deployment.", errors=(404,),
)  # fmt: skip
DELETE_INSTANCE = Endpoint(
    "deleteInstance", "DELETE", "/systems/{system}/instances/{instance}", NOTHING, NOTHING,
    "Forget an instance that is offline.", status=204, errors=(404, 409),
)  # fmt: skip
LIST_INSTANCES = Endpoint(
    "listInstances", "GET", "/instances", NOTHING, inventory.InstanceList, "All instances.",
    query=(
        Query("napOnly", bool, "Only those with App Protect."),
        Query("instGroupName", str, "Only the members of this group."),
        *_PAGES,
    ),
)  # fmt: skip

GET_INSTANCE_CONFIG = Endpoint(
    "getInstanceConfig", "GET", "/systems/{system}/instances/{instance}/config", NOTHING, configs.ConfigReply,
    "The configuration on the instance's disk, read now; or an earlier version.", errors=(404, 503),
    query=(_EXTERNAL_ID,),
)  # fmt: skip
PUBLISH_INSTANCE = Endpoint(
    "publishInstance", "POST", "/systems/{system}/instances/{instance}/config", configs.Publish,
    configs.PublishAccepted,
    "Publish files, or a staged config, to an instance.", status=202, errors=(404, 409, 412, 503),
    headers=(IF_MATCH, IDEMPOTENCY_KEY),
)  # fmt: skip
REPLACE_INSTANCE_CONFIG = Endpoint(
    "replaceInstanceConfig", "PUT", "/systems/{system}/instances/{instance}/config", configs.Publish,
    configs.PublishAccepted, "The same as POST.", status=202, errors=(404, 409, 412, 503),
    headers=(IF_MATCH, IDEMPOTENCY_KEY),
)  # fmt: skip
GET_INSTANCE_DEPLOYMENT = Endpoint(
    "getInstanceDeployment", "GET", "/systems/instances/deployments/{deployment}", NOTHING, deployments.Deployment,
    "How a publish to an instance stands.", errors=(404,),
)  # fmt: skip

LIST_CONFIGS = Endpoint(
    "listConfigs", "GET", "/configs", NOTHING, configs.StagedConfigList, "All staged configs, without their files."
)
CREATE_CONFIG = Endpoint(
    "createConfig", "POST", "/configs", configs.StagedConfigWrite, configs.StagedConfigWritten, "Stage a config.",
    status=201,
)  # fmt: skip
GET_CONFIG = Endpoint(
    "getConfig", "GET", "/configs/{config}", NOTHING, configs.StagedConfig, "A staged config with its files.",
    errors=(404,), query=(_EXTERNAL_ID,),
)  # fmt: skip
REPLACE_CONFIG = Endpoint(
    "replaceConfig", "PUT", "/configs/{config}", configs.StagedConfigWrite, configs.StagedConfigWritten,
    "Replace a staged config.", errors=(404,),
)  # fmt: skip
DELETE_CONFIG = Endpoint(
    "deleteConfig", "DELETE", "/configs/{config}", NOTHING, NOTHING, "Delete a staged config.", status=204,
    errors=(404,),
)  # fmt: skip

LIST_GROUPS = Endpoint(
    "listInstanceGroups", "GET", "/instance-groups", NOTHING, groups.InstanceGroupList, "Instance groups.",
    query=_PAGES,
)  # fmt: skip
LIST_GROUP_SUMMARIES = Endpoint(
    "listInstanceGroupSummaries", "GET", "/instance-groups/summary", NOTHING, groups.GroupSummaryList,
    "Instance groups in a few words.",
)  # fmt: skip
CREATE_GROUP = Endpoint(
    "createInstanceGroup", "POST", "/instance-groups", groups.GroupCreate, groups.InstanceGroup, "Make a group.",
    status=201, errors=(404, 409),
)  # fmt: skip
GET_GROUP = Endpoint(
    "getInstanceGroup", "GET", "/instance-groups/{group}", NOTHING, groups.InstanceGroup, "One group.", errors=(404,)
)
EDIT_GROUP = Endpoint(
    "editInstanceGroup", "PATCH", "/instance-groups/{group}", groups.GroupEdit, groups.InstanceGroup,
    "Change a group's names or members.", errors=(404, 409),
)  # fmt: skip
DELETE_GROUP = Endpoint(
    "deleteInstanceGroup", "DELETE", "/instance-groups/{group}", NOTHING, NOTHING,
    "Delete a group; its members stay as they are.", status=204, errors=(404, 409),
)  # fmt: skip
GET_GROUP_CONFIG = Endpoint(
    "getInstanceGroupConfig", "GET", "/instance-groups/{group}/config", NOTHING, configs.ConfigReply,
    "The configuration last published to the group; before the first publish its first member's, else an empty one.",
    errors=(404,), query=(_EXTERNAL_ID,),
)  # fmt: skip
PUBLISH_GROUP = Endpoint(
    "publishInstanceGroup", "POST", "/instance-groups/{group}/config", configs.Publish, configs.PublishAccepted,
    "Publish files, or a staged config, to every online member.", status=202, errors=(404, 409, 412, 503),
    headers=(IF_MATCH, IDEMPOTENCY_KEY),
)  # fmt: skip
REPLACE_GROUP_CONFIG = Endpoint(
    "replaceInstanceGroupConfig", "PUT", "/instance-groups/{group}/config", configs.Publish, configs.PublishAccepted,
    "The same as POST.", status=202, errors=(404, 409, 412, 503), headers=(IF_MATCH, IDEMPOTENCY_KEY),
)  # fmt: skip
GET_GROUP_DEPLOYMENT = Endpoint(
    "getInstanceGroupDeployment", "GET", "/instance-groups/deployments/{deployment}", NOTHING, deployments.Deployment,
    "How a publish to a group stands.", errors=(404,),
)  # fmt: skip

ANALYSE_CONFIG = Endpoint(
    "analyseConfig", "POST", "/analysis/config", configs.Publish, service.Analysis,
    "Ours: what the analysis says of these files; nothing is published.", errors=(404,),
)  # fmt: skip
GET_HEALTH = Endpoint("getHealth", "GET", "/health", NOTHING, service.Health, "Whether the manager's services run.")
GET_READINESS = Endpoint(
    "getReadiness", "GET", "/health", NOTHING, service.Health,
    "Ours: whether the manager is ready for requests, told without credentials.", errors=(503,), base="", open=True,
)  # fmt: skip
GET_USERINFO = Endpoint("getUserinfo", "GET", "/userinfo", NOTHING, service.UserInfo, "Who the credentials belong to.")
GET_LIVENESS = Endpoint(
    "getLiveness", "GET", "/api/liveness/{service}", NOTHING, service.Liveness, "Whether a service answers.",
    errors=(404,), base="", open=True,
)  # fmt: skip

# The order is the order of matching: fixed words before variable parts.
ENDPOINTS: tuple[Endpoint[Any, Any], ...] = (
    LIST_SYSTEMS,
    LIST_SYSTEM_TAGS,
    GET_INSTANCE_DEPLOYMENT,
    GET_SYSTEM,
    EDIT_SYSTEM,
    DELETE_SYSTEM,
    LIST_SYSTEM_INSTANCES,
    GET_INSTANCE,
    DELETE_INSTANCE,
    GET_INSTANCE_CONFIG,
    PUBLISH_INSTANCE,
    REPLACE_INSTANCE_CONFIG,
    LIST_INSTANCES,
    LIST_CONFIGS,
    CREATE_CONFIG,
    GET_CONFIG,
    REPLACE_CONFIG,
    DELETE_CONFIG,
    LIST_GROUP_SUMMARIES,
    GET_GROUP_DEPLOYMENT,
    LIST_GROUPS,
    CREATE_GROUP,
    GET_GROUP,
    EDIT_GROUP,
    DELETE_GROUP,
    GET_GROUP_CONFIG,
    PUBLISH_GROUP,
    REPLACE_GROUP_CONFIG,
    ANALYSE_CONFIG,
    GET_HEALTH,
    GET_READINESS,
    GET_USERINFO,
    GET_LIVENESS,
)
