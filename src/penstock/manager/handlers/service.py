"""The manager itself: health, who one is, and the analysis of files that are not published."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import sqlalchemy as sa

from penstock.api import endpoints
from penstock.api import service as wire
from penstock.api.faults import HttpFault
from penstock.api.times import format_time
from penstock.errors import NotFound, PenstockError
from penstock.manager.handlers.publishing import posted_files
from penstock.manager.store.tables import users
from penstock.manager.web import Answer, Binding, Call, bind
from penstock.model import FileSet

if TYPE_CHECKING:
    from penstock.api.configs import Publish
    from penstock.manager.services import Services

_LOG = logging.getLogger(__name__)
_SERVICES = ("core", "dpm", "ingestion", "integrations", "secmon")  # NIM's; all of them are this one process here


def bindings(services: Services) -> list[Binding]:
    """The handlers of the manager itself."""
    return [
        bind(endpoints.GET_HEALTH, lambda _: _health(services)),
        bind(endpoints.GET_READINESS, lambda _: _health(services)),
        bind(endpoints.GET_LIVENESS, _liveness),
        bind(endpoints.GET_USERINFO, lambda call: Answer(wire.UserInfo(metadata=wire.UserMetadata(name=call.user)))),
        bind(endpoints.ANALYSE_CONFIG, lambda call: _analyse(services, call)),
    ]


def _health(services: Services) -> Answer[wire.Health]:
    try:
        with services.database.read() as connection:
            connection.execute(sa.select(sa.func.count()).select_from(users))
    except (sa.exc.SQLAlchemyError, PenstockError) as error:
        _LOG.warning("not ready: %s", error)
        raise HttpFault(
            503, "unhealthy: the database does not answer", way_out="The manager's log says why."
        ) from error
    word = "healthy"
    return Answer(
        wire.Health(services=dict.fromkeys(_SERVICES, word), status=word, timestamp=format_time(services.clock()))
    )


def _liveness(call: Call[None]) -> Answer[wire.Liveness]:
    if call.parts["service"] not in _SERVICES:
        raise NotFound(f"there is no service {call.parts['service']}")
    return Answer(wire.Liveness())


def _analyse(services: Services, call: Call[Publish]) -> Answer[wire.Analysis]:
    files = posted_files(services, call.body)
    entries = [name for name in files if name.endswith("/nginx.conf")]
    if not entries:
        raise HttpFault(400, "no file is named nginx.conf, so it cannot be said where the configuration begins")
    entry = min(entries, key=lambda name: (name.count("/"), name))
    file_set = FileSet(entry.rpartition("/")[0] or "/", entry, files)
    return Answer(wire.from_report(file_set, services.gate.report(file_set)))
