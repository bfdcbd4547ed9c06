"""Hosts and the nginx instances on them."""

from __future__ import annotations

import posixpath

import msgspec

from penstock.api.deployments import Deployment
from penstock.api.times import NEVER
from penstock.model import Instance

ONLINE = "online"
OFFLINE = "offline"


class Build(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which nginx it is."""

    nginx_plus: bool = False
    release: str = ""
    version: str = ""


class Status(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """When it was last seen, and whether it is reachable: `online` or `offline`."""

    last_status_report: str = NEVER
    state: str = ""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A path with a name. On instances and groups `links` is an array of these."""

    rel: str
    name: str


class Version(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One version of a configuration; version_hash: 64 hex digits."""

    create_time: str = NEVER
    external_id: str = ""
    external_id_type: str = "other"
    uid: str = ""
    version_hash: str = ""


class GroupVersion(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The group version that an instance has, or zeroes."""

    create_time: str = NEVER
    uid: str = ""
    version_hash: str = ""


class ConfigVersion(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The newest version of an instance's configuration first."""

    instance_group: GroupVersion = GroupVersion()
    versions: tuple[Version, ...] = ()


class Ssl(msgspec.Struct, frozen=True, kw_only=True):
    """The TLS libraries, where known."""

    built: str | None = None
    runtime: str | None = None


class ListedInstance(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An instance in the flat list."""

    display_name: str
    system_uid: str
    uid: str


class InstanceList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All instances; `count` is of all that match, not of the page."""

    count: int
    items: tuple[ListedInstance, ...] = ()
    nginx_app_protect_waf_count: int = msgspec.field(default=0, name="nginxAppProtectWAFCount")
    nginx_plus_count: int = 0


class NginxInstance(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An instance in a system's list."""

    uid: str
    display_name: str = ""
    build: Build = Build()
    start_time: str = NEVER
    status: Status = Status()


class System(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A host. os_release, processor and network_interfaces come with `?showDetails=true` alone."""

    uid: str
    hostname: str = ""
    display_name: str = ""
    tags: tuple[str, ...] = ()
    nginx_instances: tuple[NginxInstance, ...] = ()
    os_release: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    processor: tuple[dict[str, str], ...] | msgspec.UnsetType = msgspec.UNSET
    network_interfaces: tuple[dict[str, str], ...] | msgspec.UnsetType = msgspec.UNSET


class SystemList(msgspec.Struct, frozen=True, kw_only=True):
    """Hosts; `count` is of all that match."""

    count: int
    items: tuple[System, ...] = ()


class SystemEdit(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What may be changed of a host. `hostname` is sent by clients that name the host they mean; it changes nothing."""

    display_name: str | msgspec.UnsetType = msgspec.UNSET
    tags: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    hostname: str | msgspec.UnsetType = msgspec.UNSET


class TagList(msgspec.Struct, frozen=True, kw_only=True):
    """The tags in use on hosts, sorted."""

    count: int
    items: tuple[str, ...] = ()


class InstanceDetail(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One instance, whole. process_id: a decimal number in a string."""

    uid: str
    display_name: str = ""
    build: Build = Build()
    config_path: str = ""
    config_version: ConfigVersion = ConfigVersion()
    links: tuple[Link, ...] = ()
    process_path: str = ""
    registration_time: str = NEVER
    start_time: str = NEVER
    status: Status = Status()
    version: str = ""
    configure_args: tuple[str, ...] = ()
    last_deployment_details: Deployment | msgspec.UnsetType = msgspec.UNSET
    loadable_modules: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    process_id: str = ""
    ssl: Ssl = Ssl()


class SystemInstanceList(msgspec.Struct, frozen=True, kw_only=True):
    """The instances of one host."""

    count: int
    items: tuple[InstanceDetail, ...] = ()


def to_instance(detail: InstanceDetail, *, system_uid: str) -> Instance:
    """The instance as the model has it; its root is the directory of its main file."""
    return Instance(
        uid=detail.uid,
        system_uid=system_uid,
        name=detail.display_name,
        entry=detail.config_path,
        root=posixpath.dirname(detail.config_path),
        nginx_version=detail.version or detail.build.version,
        online=detail.status.state == ONLINE,
    )
