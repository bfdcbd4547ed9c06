"""The configuration of instances and groups: reading it, and publishing to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.api import configs as wire
from penstock.api import endpoints
from penstock.api.codec import Absent, Malformed
from penstock.api.endpoints import ETAG, IDEMPOTENCY_KEY, IF_MATCH, REPLAYED
from penstock.api.faults import HttpFault
from penstock.api.files import NO_FILES, Files, directory_map, from_file_set, read_files
from penstock.api.times import format_time
from penstock.manager.preconditions import group_tag
from penstock.manager.publisher import Order
from penstock.manager.store import deployments, groups, inventory, staged, versions
from penstock.manager.web import Answer, Binding, Call, bind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from penstock.api.deployments import Deployment
    from penstock.manager.services import Services
    from penstock.manager.store.versions import Origin
    from penstock.model import FileSet

_KEY_LIMIT = 255  # characters of an Idempotency-Key


def bindings(services: Services) -> list[Binding]:
    """The handlers of configurations."""
    return [
        bind(endpoints.GET_INSTANCE_CONFIG, lambda call: _get_instance_config(services, call)),
        bind(endpoints.PUBLISH_INSTANCE, lambda call: _publish_instance(services, call)),
        bind(endpoints.REPLACE_INSTANCE_CONFIG, lambda call: _publish_instance(services, call)),
        bind(endpoints.GET_GROUP_CONFIG, lambda call: _get_group_config(services, call)),
        bind(endpoints.PUBLISH_GROUP, lambda call: _publish_group(services, call)),
        bind(endpoints.REPLACE_GROUP_CONFIG, lambda call: _publish_group(services, call)),
    ]


# ---------------------------------------------------------------------------------------------- reading


def _get_instance_config(services: Services, call: Call[None]) -> Answer[wire.ConfigReply]:
    services.fleet.refresh()
    with services.database.read() as connection:
        node = inventory.get_node(connection, call.parts["instance"], system_uid=call.parts["system"])
        if external_id := call.text("externalId"):
            version = versions.by_external_id(connection, node.uid, external_id)
            return Answer(_reply(versions.file_set(connection, version), version, version.created_at))
    node, files = services.fleet.read_disk(node.uid)
    with services.database.read() as connection:
        newest = versions.newest(connection, node.uid)
    when = node.updated_at or services.clock()
    return Answer(_reply(files, newest, when), {ETAG: wire.format_tag(node.serial, files.digest)})


def _get_group_config(services: Services, call: Call[None]) -> Answer[wire.ConfigReply]:
    services.fleet.refresh()
    external_id = call.text("externalId")
    with services.database.read() as connection:
        group = groups.get_group(connection, call.parts["group"])
        members = groups.members(connection, group.uid)
        uids = tuple(node.uid for node in members)
        if external_id:
            version = versions.by_external_id(connection, group.uid, external_id)
            return Answer(_reply(versions.file_set(connection, version), version, version.created_at, uids))
    for node in members:  # so that the tag is of what is on the disks
        if node.online:
            services.fleet.read_disk(node.uid)
    with services.database.read() as connection:
        members = groups.members(connection, group.uid)
        tag = {ETAG: group_tag(members)}
        shown = versions.newest(connection, group.uid) or next(
            (found for node in members if (found := versions.newest(connection, node.uid))), None
        )
        if shown is None:
            moment = format_time(group.created_at)
            return Answer(wire.ConfigReply(create_time=moment, update_time=moment, instances=uids), tag)
        latest = max([shown.created_at, *(node.updated_at for node in members if node.updated_at)])
        return Answer(_reply(versions.file_set(connection, shown), shown, latest, uids), tag)


def _reply(
    files: FileSet, version: versions.Version | None, updated_at: datetime, instances: tuple[str, ...] = ()
) -> wire.ConfigReply:
    same = version is not None and version.digest == files.digest
    return wire.ConfigReply(
        config_files=from_file_set(files),
        create_time=format_time(version.created_at if version and same else updated_at),
        update_time=format_time(updated_at),
        directory_map=directory_map(files, update_time=format_time(updated_at)),
        external_id=version.external_id if version and same else "",
        external_id_type=version.external_id_type if version and same else "other",
        instances=instances,
        digest=files.digest,
    )


# ---------------------------------------------------------------------------------------------- publishing


def _publish_instance(services: Services, call: Call[wire.Publish]) -> Answer[wire.PublishAccepted]:
    services.fleet.refresh()
    with services.database.read() as connection:
        node = inventory.get_node(connection, call.parts["instance"], system_uid=call.parts["system"])
    order = _order(services, call, deployments.INSTANCE, node.uid, addresses=(node.hostname,))
    return _accepted(
        services.publisher.publish(order),
        endpoints.GET_INSTANCE_DEPLOYMENT,
        base=call.base,
        result="Publish configuration request Accepted",
    )


def _publish_group(services: Services, call: Call[wire.Publish]) -> Answer[wire.PublishAccepted]:
    services.fleet.refresh()
    with services.database.read() as connection:
        group = groups.get_group(connection, call.parts["group"])
        hosts = {node.hostname for node in groups.members(connection, group.uid)}
    order = _order(services, call, deployments.GROUP, group.uid, addresses=tuple(sorted(hosts)))
    return _accepted(
        services.publisher.publish(order),
        endpoints.GET_GROUP_DEPLOYMENT,
        base=call.base,
        result="Publish group configuration request Accepted",
    )


def _accepted(
    taken: tuple[str, bool], endpoint: endpoints.Endpoint[None, Deployment], *, base: str, result: str
) -> Answer[wire.PublishAccepted]:
    uid, begun = taken
    headers = {} if begun else {REPLAYED: "true"}
    path = base + endpoint.url(deployment=uid).removeprefix(endpoint.base)
    return Answer(wire.PublishAccepted(deployment_uid=uid, links=wire.RelLink(rel=path), result=result), headers)


def _order(
    services: Services, call: Call[wire.Publish], kind: str, target_uid: str, *, addresses: tuple[str, ...]
) -> Order:
    """The request, read. Raises Malformed, and NotFound for a staged config that is not there."""
    body = call.body
    key = call.headers.get(IDEMPOTENCY_KEY, "")
    if _KEY_LIMIT < len(key):
        raise HttpFault(400, f"an Idempotency-Key has {_KEY_LIMIT} characters at most")
    if_match = call.headers.get(IF_MATCH, "")
    external_id, external_id_type = wire.read_external_id(body.external_id, body.external_id_type)
    files, seen_at, origin = _content(services, body, versions.Origin(call.user, external_id, external_id_type))
    if seen_at is None and not (body.staged or if_match or body.ignore_conflict):
        raise Malformed('property "updateTime" is missing', pointer="/updateTime")
    # A staged config has a time that nobody sent with this request: where If-Match says what was seen, that counts.
    compared = seen_at if body.update_time or not if_match else None
    return Order(
        kind=kind,
        target_uid=target_uid,
        author=call.user,
        files=files,
        origin=origin,
        probes=wire.read_probes(body.probes, addresses=addresses),
        deadline_s=wire.read_deadline(body),
        updated_at=None if body.ignore_conflict else compared,
        if_match=if_match,
        idempotency_key=key,
        checked=body.validate_config,
    )


def _content(
    services: Services, body: wire.Publish, origin: Origin
) -> tuple[Mapping[str, bytes], datetime | None, Origin]:
    """(files, the time of the version that the sender saw, who and under which id) of a publish."""
    aux_files = body.aux_files if isinstance(body.aux_files, Files) else NO_FILES
    if body.staged:
        with services.database.read() as connection:
            found = staged.get_staged(connection, body.staged)
            config, aux = staged.folders(connection, found.uid)
        if not origin.external_id:
            origin = versions.Origin(origin.author, found.external_id, found.external_id_type)
        return {**aux.files, **config.files}, body.updated_at or found.updated_at, origin
    if isinstance(body.config_files, Absent):
        raise Malformed('property "configFiles" is missing', pointer="/configFiles")
    return read_files(body.config_files, aux_files), body.updated_at, origin


def posted_files(services: Services, body: wire.Publish) -> Mapping[str, bytes]:
    """The files that a body carries or names by the uid of a staged config. Raises Malformed and NotFound."""
    return _content(services, body, versions.Origin())[0]
