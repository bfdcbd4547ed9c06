"""The database: SQLite with durable commits, one writer at a time, and migrations applied when it is opened."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, OperationalError

from penstock.errors import Conflict, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.config import Config

HEAD = "0001"  # the newest migration; a test holds it
MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
BUSY_TIMEOUT_S = 15.0


class Database:
    """Transactions on one SQLite file. A write waits busy_timeout_s for other writers, also of other processes.

    url: an SQLAlchemy URL of the SQLite dialect with a file. Raises SettingsError for anything else.
    """

    def __init__(self, url: str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        try:
            parsed = sa.engine.make_url(url)
        except sa.exc.ArgumentError as error:
            raise SettingsError(
                "the database URL is not one, such as sqlite:////var/lib/penstock/manager.db"
            ) from error
        if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
            raise SettingsError(
                f"the manager keeps its data in an SQLite file, not in {parsed.render_as_string(hide_password=True)}",
                way_out="Give a URL such as sqlite:////var/lib/penstock/manager.db.",
            )
        self.path = Path(parsed.database)
        self._engine = sa.create_engine(parsed, pool_size=16, max_overflow=48, connect_args={"timeout": busy_timeout_s})
        sa.event.listen(self._engine, "connect", _prepare)
        sa.event.listen(self._engine, "begin", _begin)
        self._writing = self._engine.execution_options(penstock_begin="BEGIN IMMEDIATE")

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the database and changes nothing."""
        with self._engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that holds the write lock from its first moment, and is durable once it is left.

        Raises Conflict where another process holds the lock for too long.
        """
        try:
            with self._writing.begin() as connection:
                yield connection
        except OperationalError as error:
            if "locked" in str(error.orig):
                raise Conflict(
                    f"the database {self.path} is held by another process", way_out="Try again when that has ended."
                ) from error
            raise

    def migrate(self) -> None:
        """Bring the schema to HEAD, in one transaction. Raises SettingsError for a schema newer than this program."""
        try:
            with self.read() as connection:
                found = _revision(connection)
        except DatabaseError as error:
            raise SettingsError(f"{self.path} is no database of ours: {error.orig}") from error
        if found == HEAD:  # the usual case, and importing alembic takes longer than the rest of opening
            return
        from alembic import command, script  # noqa: PLC0415

        with self.write() as connection:
            config = alembic_config(connection)
            known = {entry.revision for entry in script.ScriptDirectory.from_config(config).walk_revisions()}
            current = _revision(connection)
            if current and current not in known:
                raise SettingsError(
                    f"the database {self.path} was written by a newer Penstock (its schema is {current})",
                    way_out="Install that release, or restore the database from before.",
                )
            command.upgrade(config, "head")

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def alembic_config(connection: sa.Connection) -> Config:
    """Alembic's settings for our migrations, to be run on this connection, inside its transaction."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _revision(connection: sa.Connection) -> str:
    if not sa.inspect(connection).has_table("alembic_version"):
        return ""
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() or ""


def _prepare(connection: Any, _record: object) -> None:
    """FULL: a commit that was answered is on the disk. WAL: readers do not wait for the writer."""
    connection.isolation_level = None  # the driver leaves BEGIN to us
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("penstock_begin", "BEGIN"))
