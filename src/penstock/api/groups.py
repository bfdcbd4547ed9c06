"""Instance groups: instances that are published to together."""

from __future__ import annotations

import msgspec

from penstock.api.deployments import Deployment
from penstock.api.inventory import Version
from penstock.model import Group


class GroupConfigVersion(msgspec.Struct, frozen=True, kw_only=True):
    """The newest version published to the group first."""

    instances: tuple[str, ...] = ()
    versions: tuple[Version, ...] = ()


class GroupLink(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A member: its path and its name."""

    rel: str
    name: str
    display_name: str = ""


class InstanceGroup(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One group; instances: the uids of its members."""

    uid: str
    name: str
    display_name: str = ""
    description: str = ""
    base_config_name: str = ""
    instances: tuple[str, ...] = ()
    config_version: GroupConfigVersion = GroupConfigVersion()
    last_deployment_details: Deployment | msgspec.UnsetType = msgspec.UNSET
    links: tuple[GroupLink, ...] = ()


class InstanceGroupList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Groups; `count` is of all, start_index counts from 0."""

    count: int
    items: tuple[InstanceGroup, ...] = ()
    items_per_page: int = 25
    start_index: int = 0


class GroupSummary(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A group in a few words."""

    uid: str
    name: str
    display_name: str = ""
    description: str = ""
    external_id: str = ""
    external_id_type: str = "other"


class GroupSummaryList(msgspec.Struct, frozen=True, kw_only=True):
    """All groups in a few words."""

    count: int
    items: tuple[GroupSummary, ...] = ()


class GroupCreate(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The body that makes a group. Ours: instances, the uids of its first members."""

    name: str
    display_name: str = ""
    description: str = ""
    instances: tuple[str, ...] = ()


class GroupEdit(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What may be changed of a group; what is absent stays. `name` may be repeated and cannot change.

    Ours: instances, the uids of all its members from now on.
    """

    name: str | msgspec.UnsetType = msgspec.UNSET
    display_name: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET
    instances: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET


def to_group(group: InstanceGroup) -> Group:
    """The group as the model has it."""
    return Group(group.uid, group.name, group.instances)
