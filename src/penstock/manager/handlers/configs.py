"""Staged configs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.api import configs as wire
from penstock.api import endpoints
from penstock.api.codec import ABSENT
from penstock.api.files import NO_FILES, File, Files, encode_contents, read_files
from penstock.api.times import format_time
from penstock.errors import NotFound
from penstock.manager.store import deployments, staged
from penstock.manager.store.staged import Draft, Folder, Staged
from penstock.manager.web import Answer, Binding, Call, bind

if TYPE_CHECKING:
    from penstock.manager.services import Services


def bindings(services: Services) -> list[Binding]:
    """The handlers of staged configs."""
    return [
        bind(endpoints.LIST_CONFIGS, lambda _: _list(services)),
        bind(endpoints.CREATE_CONFIG, lambda call: _create(services, call)),
        bind(endpoints.GET_CONFIG, lambda call: _get(services, call)),
        bind(endpoints.REPLACE_CONFIG, lambda call: _replace(services, call)),
        bind(endpoints.DELETE_CONFIG, lambda call: _delete(services, call)),
    ]


def _list(services: Services) -> Answer[wire.StagedConfigList]:
    with services.database.read() as connection:
        found = staged.list_staged(connection)
    return Answer(wire.StagedConfigList(items=tuple(_item(one) for one in found)))


def _get(services: Services, call: Call[None]) -> Answer[wire.StagedConfig]:
    with services.database.read() as connection:
        found = staged.get_staged(connection, call.parts["config"])
        config, aux = staged.folders(connection, found.uid)
    external_id = call.text("externalId")
    if external_id not in {"", found.external_id}:
        raise NotFound(f"the staged config {found.uid} has not the external id {external_id!r}")
    item = {name: getattr(_item(found), name) for name in wire.StagedConfigItem.__struct_fields__}
    return Answer(wire.StagedConfig(**item, config_files=_files(config), aux_files=_files(aux)))


def _create(services: Services, call: Call[wire.StagedConfigWrite]) -> Answer[wire.StagedConfigWritten]:
    draft = _draft(call)
    with services.database.write() as connection:
        found = staged.create(connection, draft, now=services.clock())
        deployments.note(connection, call.user, "stage", f"config {found.uid}", now=services.clock())
    return Answer(_written(found, draft))


def _replace(services: Services, call: Call[wire.StagedConfigWrite]) -> Answer[wire.StagedConfigWritten]:
    draft = _draft(call)
    with services.database.write() as connection:
        found = staged.replace(connection, call.parts["config"], draft, now=services.clock())
        deployments.note(connection, call.user, "stage", f"config {found.uid}", now=services.clock())
    return Answer(_written(found, draft))


def _delete(services: Services, call: Call[None]) -> Answer[None]:
    with services.database.write() as connection:
        staged.delete(connection, call.parts["config"])
        deployments.note(connection, call.user, "delete", f"config {call.parts['config']}", now=services.clock())
    return Answer(None)


def _draft(call: Call[wire.StagedConfigWrite]) -> Draft:
    body = call.body
    read_files(body.config_files, body.aux_files)  # together: one name may not stand in both with unequal contents
    external_id, external_id_type = wire.read_external_id(body.external_id, body.external_id_type)
    return Draft(
        name=body.config_name,
        config_files=Folder(body.config_files.root_dir, read_files(body.config_files)),
        aux_files=Folder(body.aux_files.root_dir, read_files(NO_FILES, body.aux_files)),
        nginx_uid=body.nginx_uid,
        group_uid=body.inst_group_uid,
        external_id=external_id,
        external_id_type=external_id_type,
        author=call.user,
    )


def _item(found: Staged) -> wire.StagedConfigItem:
    return wire.StagedConfigItem(
        config_name=found.name,
        create_time=format_time(found.created_at),
        uid=found.uid,
        update_time=format_time(found.updated_at),
        nginx_uid=found.nginx_uid or ABSENT,
        inst_group_uid=found.group_uid or ABSENT,
        external_id=found.external_id,
        external_id_type=found.external_id_type,
    )


def _written(found: Staged, draft: Draft) -> wire.StagedConfigWritten:
    summary = _item(found)
    top = {name: getattr(summary, name) for name in wire.StagedConfigItem.__struct_fields__}
    results = wire.StoredFiles(config_files=_stored(draft.config_files), aux_files=_stored(draft.aux_files))
    return wire.StagedConfigWritten(**top, results=results, summary=summary)


def _stored(folder: Folder) -> tuple[wire.StoredFile, ...]:
    return tuple(
        wire.StoredFile(file_name=name, result="success", size=len(data)) for name, data in folder.files.items()
    )


def _files(folder: Folder) -> Files:
    listed = tuple(File(name=name, contents=encode_contents(data)) for name, data in folder.files.items())
    return Files(files=listed, root_dir=folder.root_dir)
