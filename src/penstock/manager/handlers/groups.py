"""Instance groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.api import endpoints
from penstock.api import groups as wire
from penstock.api.codec import ABSENT, Malformed
from penstock.api.endpoints import PAGE_SIZE
from penstock.errors import Conflict
from penstock.manager.handlers.deployments import to_wire
from penstock.manager.handlers.inventory import version_of
from penstock.manager.handlers.pages import page_of
from penstock.manager.store import deployments, groups, versions
from penstock.manager.web import Answer, Binding, Call, bind
from penstock.model import State

if TYPE_CHECKING:
    import sqlalchemy as sa

    from penstock.manager.services import Services
    from penstock.manager.store.groups import Group

_NAME_LIMIT = 255


def bindings(services: Services) -> list[Binding]:
    """The handlers of instance groups."""
    return [
        bind(endpoints.LIST_GROUPS, lambda call: _list(services, call)),
        bind(endpoints.LIST_GROUP_SUMMARIES, lambda _: _list_summaries(services)),
        bind(endpoints.CREATE_GROUP, lambda call: _create(services, call)),
        bind(endpoints.GET_GROUP, lambda call: _get(services, call)),
        bind(endpoints.EDIT_GROUP, lambda call: _edit(services, call)),
        bind(endpoints.DELETE_GROUP, lambda call: _delete(services, call)),
    ]


def _list(services: Services, call: Call[None]) -> Answer[wire.InstanceGroupList]:
    services.fleet.refresh()
    page = page_of(call)
    with services.database.read() as connection:
        found = groups.list_groups(connection)
        items = tuple(_group(connection, group, services.end_word) for group in page.of(found))
    size = page.size if page.size is not None else max(PAGE_SIZE, len(found))
    return Answer(wire.InstanceGroupList(count=len(found), items=items, items_per_page=size, start_index=page.start))


def _list_summaries(services: Services) -> Answer[wire.GroupSummaryList]:
    services.fleet.refresh()
    with services.database.read() as connection:
        items = tuple(_summary(connection, group) for group in groups.list_groups(connection))
    return Answer(wire.GroupSummaryList(count=len(items), items=items))


def _create(services: Services, call: Call[wire.GroupCreate]) -> Answer[wire.InstanceGroup]:
    body = call.body
    if not body.name or _NAME_LIMIT < len(body.name):
        raise Malformed(f"string length must be between 1 and {_NAME_LIMIT}", pointer="/name")
    services.fleet.refresh()
    with services.database.write() as connection:
        group = groups.create_group(
            connection,
            body.name,
            display_name=body.display_name or body.name,
            description=body.description,
            now=services.clock(),
        )
        groups.set_members(connection, group.uid, body.instances)
        deployments.note(connection, call.user, "create", f"group {group.name}", now=services.clock())
        return Answer(_group(connection, group, services.end_word))


def _get(services: Services, call: Call[None]) -> Answer[wire.InstanceGroup]:
    services.fleet.refresh()
    with services.database.read() as connection:
        return Answer(_group(connection, groups.get_group(connection, call.parts["group"]), services.end_word))


def _edit(services: Services, call: Call[wire.GroupEdit]) -> Answer[wire.InstanceGroup]:
    body = call.body
    services.fleet.refresh()
    with services.database.write() as connection:
        group = groups.get_group(connection, call.parts["group"])
        if isinstance(body.name, str) and body.name != group.name:
            raise Conflict(f"the name of the instance group {group.name} cannot change", way_out="Change displayName.")
        wanted = {"display_name": body.display_name, "description": body.description}
        groups.edit_group(connection, group.uid, {key: text for key, text in wanted.items() if isinstance(text, str)})
        if isinstance(body.instances, tuple):
            groups.set_members(connection, group.uid, body.instances)
        deployments.note(connection, call.user, "edit", f"group {group.name}", now=services.clock())
        return Answer(_group(connection, groups.get_group(connection, group.uid), services.end_word))


def _delete(services: Services, call: Call[None]) -> Answer[None]:
    with services.database.write() as connection:
        group = groups.get_group(connection, call.parts["group"])
        last = deployments.last_of_target(connection, group.uid)
        if last and last.state is State.PENDING:
            raise Conflict(f"the deployment {last.uid} to {group.name} has not ended", way_out="Wait for its end.")
        groups.delete_group(connection, group.uid)
        deployments.note(connection, call.user, "delete", f"group {group.name}", now=services.clock())
    return Answer(None)


def _group(connection: sa.Connection, group: Group, end_word: str) -> wire.InstanceGroup:
    members = groups.members(connection, group.uid)
    uids = tuple(node.uid for node in members)
    last = deployments.last_of_target(connection, group.uid)
    return wire.InstanceGroup(
        uid=group.uid,
        name=group.name,
        display_name=group.display_name,
        description=group.description,
        instances=uids,
        config_version=wire.GroupConfigVersion(
            instances=uids, versions=version_of(versions.newest(connection, group.uid))
        ),
        last_deployment_details=to_wire(connection, last, end_word=end_word) if last else ABSENT,
        links=tuple(
            wire.GroupLink(
                rel=endpoints.GET_INSTANCE.url(system=node.system_uid, instance=node.uid),
                name=node.name,
                display_name=node.name,
            )
            for node in members
        ),
    )


def _summary(connection: sa.Connection, group: Group) -> wire.GroupSummary:
    version = versions.newest(connection, group.uid)
    return wire.GroupSummary(
        uid=group.uid,
        name=group.name,
        display_name=group.display_name,
        description=group.description,
        external_id=version.external_id if version else "",
        external_id_type=version.external_id_type if version else "other",
    )
