"""The manager of this process: over the nginx masters of this machine and the project's own folder."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING

from penstock.cli.judging import profile_of
from penstock.errors import MissingExtra

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.agent.local import LocalNginx
    from penstock.manager import ManagerApp
    from penstock.settings import Settings

LIBRARIES = ("alembic", "argon2", "cryptography", "sqlalchemy", "starlette", "swagger_ui", "uvicorn")
"""What `penstock[manager]` adds."""


def missing_libraries() -> tuple[str, ...]:
    """The libraries of the manager extra that are not installed."""
    return tuple(library for library in LIBRARIES if find_spec(library) is None)


def require_manager() -> None:
    """Raise MissingExtra, with the command that installs it, where the manager extra is not installed."""
    missing = missing_libraries()
    if missing:
        raise MissingExtra(
            f"without a manager URL Penstock is its own manager, and that part is not installed ({', '.join(missing)})",
            way_out="Install it: pip install 'penstock[manager]'. Or set `manager` of the target to a URL.",
        )


def now() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


def local_masters(settings: Settings) -> LocalNginx:
    """The nginx masters of this machine that [manager] allows."""
    from penstock.agent.local import LocalNginx

    return LocalNginx(allowed=settings.manager.allow, names=settings.manager.names)


def open_embedded(settings: Settings, *, data: Path | None = None) -> ManagerApp:
    """The project's manager, open; the caller closes it. data: another folder for its database.

    Raises MissingExtra where that part of Penstock is not installed, SettingsError where it cannot be opened.
    """
    require_manager()
    from penstock.manager import open_manager

    return open_manager(
        data or settings.manager.data,
        local_masters(settings),
        profile=profile_of(settings.check),
        groups=settings.manager.groups,
        clock=now,
    )
