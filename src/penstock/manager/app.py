"""The manager as one value: opened over its database and a data plane, an ASGI application, closed."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING
from uuid import uuid4

from penstock.api.deployments import FINALIZED, SUCCESSFUL
from penstock.errors import PenstockError, SettingsError
from penstock.manager.accounts import Accounts
from penstock.manager.carrier import Carrier
from penstock.manager.fleet import Fleet
from penstock.manager.gate import Gate
from penstock.manager.handlers import bindings, documentation
from penstock.manager.owner import Owner
from penstock.manager.publisher import Publisher
from penstock.manager.services import Services
from penstock.manager.store.database import Database
from penstock.manager.web import application

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from starlette.types import ASGIApp

    from penstock.analysis import Profile
    from penstock.ports import DataPlane

DATABASE_FILE = "manager.db"


class ManagerApp:
    """An open manager. app: the ASGI application; it needs no lifespan events, all is open already."""

    def __init__(self, app: ASGIApp, *, database: Database, accounts: Accounts, carrier: Carrier, owner: Owner) -> None:
        self.app = app
        self._database = database
        self._accounts = accounts
        self._carrier = carrier
        self._owner = owner
        self._open = True

    def add_user(self, name: str, password: str) -> None:
        """Make a user, or give one a new password. Raises UsageError for a name or a password that will not do."""
        self._accounts.add(name, password)

    def session_credentials(self) -> tuple[str, str]:
        """(name, password) of a user that this process alone knows and that ends with it."""
        return self._accounts.session

    def close(self) -> None:
        """Wait for the deployments that run, end those that have not begun as refused, and let go. Safe to repeat."""
        if not self._open:
            return
        self._open = False
        try:
            self._carrier.close()
        finally:
            self._owner.close()
            self._database.close()


def open_database(data: Path, database_url: str) -> Database:
    """The database in `data`, or at the URL, at its newest schema. Raises SettingsError."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = data / DATABASE_FILE
        path.touch(mode=0o600)
    except OSError as error:
        raise SettingsError(f"the manager's data cannot be kept in {data}: {error.strerror}") from error
    database = Database(database_url or f"sqlite:///{path.resolve()}")
    database.migrate()
    return database


def open_manager(
    data: Path,
    data_plane: DataPlane,
    *,
    database_url: str = "",
    profile: Profile,
    groups: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    clock: Callable[[], datetime],
    legacy_status: bool = False,
) -> ManagerApp:
    """The manager over this data plane, its database brought up to date and what a dead process left behind ended.

    data: the folder of its database. groups: group -> names of instances; made where they are absent.
    clock: gives times with a zone. legacy_status: say `finalized` for `successful`, as NIM did before 2023.
    Raises SettingsError for a database that is not usable, or an instance in two groups.
    """
    _refuse_shared_members(groups)
    database = open_database(data, database_url)
    owner = Owner(data / "owners", str(uuid4()))
    try:
        accounts = Accounts(database, clock=clock)
        fleet = Fleet(database, data_plane, wanted_groups=groups, clock=clock)
        carrier = Carrier(database, data_plane, owner=owner, clock=clock)
        recovered = dict(data_plane.recover())
        fleet.refresh()
        carrier.end_what_others_left(recovered)
    except PenstockError:
        owner.close()
        database.close()
        raise
    gate = Gate(profile)
    services = Services(
        database=database,
        fleet=fleet,
        publisher=Publisher(database, fleet, carrier, gate=gate, clock=clock),
        gate=gate,
        clock=clock,
        end_word=FINALIZED if legacy_status else SUCCESSFUL,
    )
    app = application([*bindings(services), *documentation.bindings()], accounts)
    return ManagerApp(app, database=database, accounts=accounts, carrier=carrier, owner=owner)


def _refuse_shared_members(groups: Mapping[str, tuple[str, ...]]) -> None:
    seen: dict[str, str] = {}
    for group, names in groups.items():
        for name in names:
            if seen.setdefault(name, group) != group:
                raise SettingsError(
                    f"the instance {name} is in two groups, {seen[name]} and {group}",
                    way_out="An instance belongs to one group at most.",
                )
