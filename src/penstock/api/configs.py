"""What is published, what is read back, and what is staged: the bodies around configurations."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from penstock.api.codec import Malformed
from penstock.api.files import NO_FILES, Directory, Files, to_file_set
from penstock.api.times import parse_time
from penstock.model import Base, LiveConfig
from penstock.ports import Probe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

EXTERNAL_ID_LIMIT = 150
DEADLINE_LIMIT_S = 600.0  # NIM's own deployments end after ten minutes
DEFAULT_DEADLINE_S = 60.0
_EXTERNAL_ID_TYPES = ("git", "other")
_TAG = re.compile(r'^(?:W/)?"(?P<serial>\d{1,18})-(?P<digest>[0-9a-f]{12})"$')


class WireProbe(msgspec.Struct, frozen=True, kw_only=True):
    """Ours: a request that must answer after the publish."""

    url: str
    status: int = 200
    host: str = ""
    contains: str = ""


class Publish(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The body of a publish, to an instance or to a group: files, or the uid of a staged config.

    config_uid, config_uid_too: one thing, which clients spell in two ways. Ours: probes, deadline_seconds.
    """

    config_files: Files | msgspec.UnsetType = msgspec.UNSET
    aux_files: Files | msgspec.UnsetType = msgspec.UNSET
    update_time: str = ""
    config_uid: str = msgspec.field(default="", name="configUID")
    config_uid_too: str = msgspec.field(default="", name="configUid")
    external_id: str = ""
    external_id_type: str = ""
    ignore_conflict: bool = False
    validate_config: bool = False
    probes: tuple[WireProbe, ...] = ()
    deadline_seconds: float = DEFAULT_DEADLINE_S

    @property
    def staged(self) -> str:
        """The uid of the staged config to publish, in either spelling, or empty."""
        return self.config_uid or self.config_uid_too

    @property
    def updated_at(self) -> datetime | None:
        """The time of the version that the sender saw, or None. Raises Malformed."""
        return read_time(self.update_time, pointer="/updateTime")


class RelLink(msgspec.Struct, frozen=True, kw_only=True):
    """The path to poll."""

    rel: str


class PublishAccepted(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer to a publish: where to ask how it went. `links` is an object here, with a path to poll."""

    deployment_uid: str = msgspec.field(name="deploymentUID")
    links: RelLink
    result: str = ""


class ConfigReply(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The configuration of an instance or a group. Ours: digest."""

    aux_files: Files = NO_FILES
    config_files: Files = NO_FILES
    create_time: str = ""
    update_time: str = ""
    directory_map: dict[str, Directory] = {}
    external_id: str = ""
    external_id_type: str = "other"
    instances: tuple[str, ...] = ()
    digest: str = ""


class StagedConfigItem(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A staged config without its files."""

    config_name: str
    create_time: str
    uid: str
    update_time: str
    nginx_uid: str | msgspec.UnsetType = msgspec.UNSET
    inst_group_uid: str | msgspec.UnsetType = msgspec.UNSET
    external_id: str = ""
    external_id_type: str = "other"


class StagedConfigList(msgspec.Struct, frozen=True, kw_only=True):
    """All staged configs; this list knows no pages and no count."""

    items: tuple[StagedConfigItem, ...] = ()


class StagedConfigWrite(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The body that makes or replaces a staged config. Names are not unique, the server makes the uid."""

    config_name: str
    config_files: Files
    aux_files: Files = NO_FILES
    nginx_uid: str = ""
    inst_group_uid: str = ""
    update_time: str = ""
    external_id: str = ""
    external_id_type: str = ""


class StagedConfig(StagedConfigItem, frozen=True, kw_only=True, rename="camel"):
    """A staged config with its files."""

    aux_files: Files = NO_FILES
    config_files: Files = NO_FILES


class StoredFile(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of one file of a staged config; size in bytes."""

    file_name: str
    result: str
    size: int


class StoredFiles(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of the files of a staged config."""

    config_files: tuple[StoredFile, ...] = ()
    aux_files: tuple[StoredFile, ...] = ()


class StagedConfigWritten(StagedConfigItem, frozen=True, kw_only=True, rename="camel"):
    """The answer to a write: the summary at the top, for clients that read `uid` there, and again under `summary`."""

    results: StoredFiles
    summary: StagedConfigItem


def read_time(text: str, *, pointer: str) -> datetime | None:
    """The time that a body holds there, or None where it is empty. Raises Malformed."""
    if not text:
        return None
    try:
        return parse_time(text)
    except ValueError as error:
        raise Malformed(str(error), pointer=pointer) from error


def read_external_id(external_id: str, external_id_type: str) -> tuple[str, str]:
    """(id, type), the type `other` where none is given. Raises Malformed."""
    if EXTERNAL_ID_LIMIT < len(external_id):
        raise Malformed(f"maximum string length is {EXTERNAL_ID_LIMIT}", pointer="/externalId")
    if external_id_type and external_id_type not in _EXTERNAL_ID_TYPES:
        raise Malformed('value is not one of the allowed values ["git","other"]', pointer="/externalIdType")
    return external_id, external_id_type or "other"


def read_deadline(publish: Publish) -> float:
    """Seconds, above 0 and up to DEADLINE_LIMIT_S. Raises Malformed."""
    if not 0 < publish.deadline_seconds <= DEADLINE_LIMIT_S:
        raise Malformed(f"number must be above 0 and at most {DEADLINE_LIMIT_S:g}", pointer="/deadlineSeconds")
    return publish.deadline_seconds


def read_probes(probes: Sequence[WireProbe], *, addresses: Sequence[str]) -> tuple[Probe, ...]:
    """The probes, each to an address in `addresses` or on loopback.

    The manager would otherwise be a tool to ask any host of its network. Raises Malformed.
    """
    allowed = {address.lower() for address in addresses} | {"localhost"}
    found = []
    for index, probe in enumerate(probes):
        pointer = f"/probes/{index}"
        try:
            url = urlsplit(probe.url)
            host, _ = url.hostname or "", url.port
        except ValueError as error:
            raise Malformed(f"{probe.url!r} is no URL: {error}", pointer=f"{pointer}/url") from error
        if url.scheme not in {"http", "https"} or not host or url.username is not None:
            raise Malformed("a probe is a URL such as http://127.0.0.1:8080/", pointer=f"{pointer}/url")
        if host.lower() not in allowed and not _is_loopback(host):
            raise Malformed(f"{host} is neither loopback nor the instance's own host", pointer=f"{pointer}/url")
        if any(char in probe.url + probe.host for char in "\r\n\0 "):
            raise Malformed("a probe's url and host hold no spaces and no line breaks", pointer=pointer)
        if not 100 <= probe.status <= 599:
            raise Malformed("number must be between 100 and 599", pointer=f"{pointer}/status")
        found.append(Probe(probe.url, probe.status, probe.host, probe.contains))
    return tuple(found)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def from_probe(probe: Probe) -> WireProbe:
    """The probe as it is sent."""
    return WireProbe(url=probe.url, status=probe.status, host=probe.host, contains=probe.contains)


def format_tag(serial: int, digest: str) -> str:
    """Ours: the ETag of an instance's config: `"<serial>-<first 12 digits of the digest>"`, quotes included."""
    return f'"{serial}-{digest[:12]}"'


def parse_tag(tag: str) -> tuple[int, str]:
    """(serial, first 12 digits of the digest) of an ETag of ours. Raises ValueError."""
    match = _TAG.match(tag.strip())
    if not match:
        raise ValueError(f'{tag!r} is not a tag of an instance\'s config, such as "7-0123456789ab"')
    return int(match["serial"]), match["digest"]


def to_live_config(reply: ConfigReply, *, entry: str, root: str = "", tag: str = "") -> LiveConfig:
    """What a manager answered as the model has it; tag: its ETag header, empty from a manager that sends none.

    The digest is computed from the bytes received, not believed. Raises Malformed.
    """
    files = to_file_set(reply.config_files, entry=entry, aux_files=reply.aux_files, root=root)
    updated_at = read_time(reply.update_time, pointer="/updateTime")
    if updated_at is None:
        raise Malformed("the time of the configuration is missing", pointer="/updateTime")
    return LiveConfig(files, Base(files.digest, tag, updated_at), reply.external_id)
