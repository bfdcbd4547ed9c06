"""The database: migrations up and down, durable, one writer at a time, never a stranger's file."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from penstock.errors import Conflict, SettingsError
from penstock.manager.store import tables
from penstock.manager.store.database import HEAD, Database, alembic_config

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path) -> Database:
    opened = Database(f"sqlite:///{tmp_path / 'manager.db'}")
    opened.migrate()
    return opened


def test_the_migrations_make_exactly_the_tables_that_the_code_uses(database: Database) -> None:
    """Nothing is missing and nothing is left over; HEAD is the newest script."""
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
        assert ScriptDirectory.from_config(alembic_config(connection)).get_heads() == [HEAD]


def test_migrations_go_down_and_up_again(database: Database) -> None:
    """Each way leaves nothing of the other."""
    with database.write() as connection:
        command.downgrade(alembic_config(connection), "base")
        assert sa.inspect(connection).get_table_names() == ["alembic_version"]
    database.migrate()
    with database.read() as connection:
        assert set(tables.metadata.tables) < set(sa.inspect(connection).get_table_names())


def test_migrating_twice_changes_nothing(database: Database) -> None:
    """Opening is the usual case."""
    database.migrate()
    with database.read() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM alembic_version")).scalar() == 1


def test_commits_are_durable_and_readers_do_not_wait(database: Database) -> None:
    """synchronous=FULL in WAL, foreign keys on; a reader sees the state before while a writer writes."""
    with database.read() as connection:
        pragmas = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in
                   ("journal_mode", "synchronous", "foreign_keys")}  # fmt: skip
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    with database.write() as writer:
        writer.execute(tables.systems.insert().values(uid="s", hostname="h", display_name="h", tags=[]))
        with database.read() as reader:
            assert reader.execute(sa.select(sa.func.count()).select_from(tables.systems)).scalar() == 0


def test_a_write_that_raises_leaves_nothing(database: Database) -> None:
    """All or nothing."""
    with pytest.raises(ZeroDivisionError):
        _write_and_fail(database)
    with database.read() as connection:
        assert connection.execute(sa.select(tables.systems)).all() == []


def _write_and_fail(database: Database) -> None:
    with database.write() as connection:
        connection.execute(tables.systems.insert().values(uid="s", hostname="h", display_name="h", tags=[]))
        raise ZeroDivisionError


def test_writers_take_turns(database: Database) -> None:
    """Read, then write, in eight threads: no increment is lost, because a write holds the lock from its beginning."""
    with database.write() as connection:
        connection.execute(tables.systems.insert().values(uid="s", hostname="h", display_name="0", tags=[]))

    def increment() -> None:
        for _ in range(10):
            with database.write() as connection:
                count = int(connection.execute(sa.select(tables.systems.c.display_name)).scalar_one())
                connection.execute(tables.systems.update().values(display_name=str(count + 1)))

    threads = [threading.Thread(target=increment) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert connection.execute(sa.select(tables.systems.c.display_name)).scalar() == "80"


def test_a_lock_that_another_holds_for_too_long_is_a_conflict(database: Database) -> None:
    """It is said which file, and nothing is half-written."""
    impatient = Database(f"sqlite:///{database.path}", busy_timeout_s=0.05)
    with (
        database.write(),
        pytest.raises(Conflict, match=r"manager\.db is held by another process"),
        impatient.write() as connection,
    ):
        connection.execute(sa.delete(tables.systems))
    impatient.close()


def test_a_newer_schema_is_refused_and_left_alone(database: Database) -> None:
    """An older release does not touch what it does not know."""
    with database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SettingsError, match="written by a newer Penstock"):
        database.migrate()
    with database.read() as connection:
        assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() == "9999"


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    """Somebody's notes are not overwritten."""
    path = tmp_path / "notes.txt"
    path.write_text("these are my notes, not a database\n" * 100)
    with pytest.raises(SettingsError, match=r"notes\.txt is no database of ours"):
        Database(f"sqlite:///{path}").migrate()
    assert path.read_text().startswith("these are my notes")


@pytest.mark.parametrize("url", ["nonsense", "sqlite://", "sqlite:///:memory:", "postgresql://u:secret@h/d"])
def test_only_files_of_sqlite_are_opened(url: str) -> None:
    """The message names the way out, and no password."""
    with pytest.raises(SettingsError) as caught:
        Database(url)
    assert "sqlite:////var/lib" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_processes_that_open_a_new_database_at_once_migrate_it_once(tmp_path: Path) -> None:
    """Two commands in one CI job: the second waits, and finds it done."""
    code = (
        "import sys; from penstock.manager.store.database import Database;"
        "d = Database(sys.argv[1]); d.migrate(); d.close()"
    )
    url = f"sqlite:///{tmp_path / 'manager.db'}"
    running = [subprocess.Popen([sys.executable, "-c", code, url], stderr=subprocess.PIPE) for _ in range(4)]
    for process in running:
        _, stderr = process.communicate(timeout=60)
        assert (process.returncode, stderr) == (0, b"")
    with sqlite3.connect(tmp_path / "manager.db") as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]
    connection.close()
