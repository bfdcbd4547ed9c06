"""Hosts and instances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.api import endpoints
from penstock.api import inventory as wire
from penstock.api.codec import ABSENT, with_members
from penstock.api.times import format_time
from penstock.errors import Conflict
from penstock.manager.handlers.deployments import path_of, to_wire
from penstock.manager.handlers.pages import page_of
from penstock.manager.store import deployments, groups, inventory, versions
from penstock.manager.web import Answer, Binding, Call, bind

if TYPE_CHECKING:
    import sqlalchemy as sa

    from penstock.manager.services import Services
    from penstock.manager.store.inventory import Node, System
    from penstock.manager.store.versions import Version


def bindings(services: Services) -> list[Binding]:
    """The handlers of hosts and instances."""
    return [
        bind(endpoints.LIST_SYSTEMS, lambda call: _list_systems(services, call)),
        bind(endpoints.LIST_SYSTEM_TAGS, lambda _: _list_tags(services)),
        bind(endpoints.GET_SYSTEM, lambda call: _get_system(services, call)),
        bind(endpoints.EDIT_SYSTEM, lambda call: _edit_system(services, call)),
        bind(endpoints.DELETE_SYSTEM, lambda call: _delete_system(services, call)),
        bind(endpoints.LIST_SYSTEM_INSTANCES, lambda call: _list_system_instances(services, call)),
        bind(endpoints.GET_INSTANCE, lambda call: _get_instance(services, call)),
        bind(endpoints.DELETE_INSTANCE, lambda call: _delete_instance(services, call)),
        bind(endpoints.LIST_INSTANCES, lambda call: _list_instances(services, call)),
    ]


def _list_systems(services: Services, call: Call[None]) -> Answer[wire.SystemList]:
    services.fleet.refresh()
    with services.database.read() as connection:
        found = inventory.list_systems(connection, hostname=call.text("hostname"))
        items = tuple(_system(connection, system) for system in page_of(call).of(found))
    return Answer(wire.SystemList(count=len(found), items=items))


def _list_tags(services: Services) -> Answer[wire.TagList]:
    with services.database.read() as connection:
        tags = sorted({tag for system in inventory.list_systems(connection) for tag in system.tags})
    return Answer(wire.TagList(count=len(tags), items=tuple(tags)))


def _get_system(services: Services, call: Call[None]) -> Answer[wire.System]:
    services.fleet.refresh()
    with services.database.read() as connection:
        system = _system(connection, inventory.get_system(connection, call.parts["system"]))
    if call.flag("showDetails"):  # a data plane tells nothing of its host so far; the fields are there for who asks
        system = with_members(system, os_release={}, processor=(), network_interfaces=())
    return Answer(system)


def _edit_system(services: Services, call: Call[wire.SystemEdit]) -> Answer[wire.System]:
    services.fleet.refresh()
    changes: dict[str, object] = {}
    if isinstance(call.body.display_name, str):
        changes["display_name"] = call.body.display_name
    if isinstance(call.body.tags, tuple):
        changes["tags"] = sorted(set(call.body.tags))
    with services.database.write() as connection:
        system = inventory.get_system(connection, call.parts["system"])
        inventory.edit_system(connection, system.uid, changes)
        deployments.note(connection, call.user, "edit", f"system {system.uid}", now=services.clock())
        return Answer(_system(connection, inventory.get_system(connection, system.uid)))


def _delete_system(services: Services, call: Call[None]) -> Answer[None]:
    services.fleet.look_again()
    with services.database.write() as connection:
        system = inventory.get_system(connection, call.parts["system"])
        for node in inventory.list_nodes(connection, system_uid=system.uid):
            _forget(connection, node)
        inventory.delete_system(connection, system.uid)
        deployments.note(connection, call.user, "delete", f"system {system.uid}", now=services.clock())
    return Answer(None)


def _delete_instance(services: Services, call: Call[None]) -> Answer[None]:
    services.fleet.look_again()
    with services.database.write() as connection:
        node = inventory.get_node(connection, call.parts["instance"], system_uid=call.parts["system"])
        _forget(connection, node)
        deployments.note(connection, call.user, "delete", f"instance {node.uid}", now=services.clock())
    return Answer(None)


def _forget(connection: sa.Connection, node: Node) -> None:
    if node.online:
        raise Conflict(f"{node.name} is online and would be there again at once", way_out="Stop it, then delete it.")
    if other := deployments.pending(connection, node.uid):
        raise Conflict(f"the deployment {other.uid} to {node.name} has not ended", way_out="Wait for its end.")
    inventory.delete_node(connection, node.uid)


def _list_system_instances(services: Services, call: Call[None]) -> Answer[wire.SystemInstanceList]:
    services.fleet.refresh()
    with services.database.read() as connection:
        system = inventory.get_system(connection, call.parts["system"])
        found = inventory.list_nodes(connection, system_uid=system.uid)
        items = tuple(_detail(connection, node, services.end_word) for node in page_of(call).of(found))
    return Answer(wire.SystemInstanceList(count=len(found), items=items))


def _get_instance(services: Services, call: Call[None]) -> Answer[wire.InstanceDetail]:
    services.fleet.refresh()
    with services.database.read() as connection:
        node = inventory.get_node(connection, call.parts["instance"], system_uid=call.parts["system"])
        return Answer(_detail(connection, node, services.end_word))


def _list_instances(services: Services, call: Call[None]) -> Answer[wire.InstanceList]:
    services.fleet.refresh()
    with services.database.read() as connection:
        found = inventory.list_nodes(connection, group_name=call.text("instGroupName"))
    if call.flag("napOnly"):
        found = []
    return Answer(
        wire.InstanceList(
            count=len(found),
            items=tuple(
                wire.ListedInstance(display_name=node.name, system_uid=node.system_uid, uid=node.uid)
                for node in page_of(call).of(found)
            ),
            nginx_plus_count=sum(_is_plus(node) for node in found),
        )
    )


def _is_plus(node: Node) -> bool:
    """NGINX Plus names its release in the version: `1.25.5 (nginx-plus-r32)`."""
    return "nginx-plus" in node.version


def _build(node: Node) -> wire.Build:
    version, _, release = node.version.partition(" ")
    return wire.Build(nginx_plus=_is_plus(node), release=release.strip("()"), version=version)


def _status(node: Node) -> wire.Status:
    return wire.Status(last_status_report=format_time(node.seen_at), state=wire.ONLINE if node.online else wire.OFFLINE)


def _system(connection: sa.Connection, system: System) -> wire.System:
    return wire.System(
        uid=system.uid,
        hostname=system.hostname,
        display_name=system.display_name,
        tags=system.tags,
        nginx_instances=tuple(
            wire.NginxInstance(
                uid=node.uid,
                display_name=node.name,
                build=_build(node),
                start_time=format_time(node.started_at),
                status=_status(node),
            )
            for node in inventory.list_nodes(connection, system_uid=system.uid)
        ),
    )


def version_of(version: Version | None) -> tuple[wire.Version, ...]:
    """The list of versions that instances and groups show: the newest one, or none."""
    if version is None:
        return ()
    return (
        wire.Version(
            create_time=format_time(version.created_at),
            external_id=version.external_id,
            external_id_type=version.external_id_type,
            uid=version.uid,
            version_hash=version.digest,
        ),
    )


def _detail(connection: sa.Connection, node: Node, end_word: str) -> wire.InstanceDetail:
    last = deployments.last_of_instance(connection, node.uid)
    group = groups.group_of(connection, node.uid)
    group_version = versions.newest(connection, group.uid) if group else None
    system_path = endpoints.GET_SYSTEM.url(system=node.system_uid)
    self_path = endpoints.GET_INSTANCE.url(system=node.system_uid, instance=node.uid)
    links = [wire.Link(rel=system_path, name="system"), wire.Link(rel=self_path, name="self")]
    if last:
        links.append(wire.Link(rel=path_of(last), name="deployment"))
    return wire.InstanceDetail(
        uid=node.uid,
        display_name=node.name,
        build=_build(node),
        config_path=node.conf_path,
        config_version=wire.ConfigVersion(
            instance_group=wire.GroupVersion(
                create_time=format_time(group_version.created_at),
                uid=group_version.uid,
                version_hash=group_version.digest,
            )
            if group_version
            else wire.GroupVersion(),
            versions=version_of(versions.newest(connection, node.uid)),
        ),
        links=tuple(links),
        process_path=node.executable,
        registration_time=format_time(node.registered_at),
        start_time=format_time(node.started_at),
        status=_status(node),
        version=_build(node).version,
        configure_args=node.configure_args,
        last_deployment_details=to_wire(connection, last, end_word=end_word) if last else ABSENT,
        process_id=str(node.pid),
    )
