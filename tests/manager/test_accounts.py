"""Users: argon2 with the stated cost, remembered for a minute, forgotten at once when the password changes."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from penstock.errors import Unreachable, UsageError
from penstock.manager.accounts import Accounts
from penstock.manager.store import tables
from penstock.manager.store.database import Database
from tests.manager.clocks import Clock

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path) -> Database:
    opened = Database(f"sqlite:///{tmp_path / 'manager.db'}")
    opened.migrate()
    return opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(database: Database, clock: Clock) -> Accounts:
    made = Accounts(database, clock=clock)
    made.add("ada", "correct horse")
    return made


@pytest.mark.parametrize(
    ("name", "password", "known"),
    [
        ("ada", "correct horse", True),
        ("ada", "wrong horse", False),
        ("ada", "", False),
        ("bob", "correct horse", False),
        ("", "", False),
        ("ada\0", "correct horse", False),
        ("ad\u00e4", "correct horse", False),
    ],
)
def test_only_the_right_password_of_a_user_is_known(accounts: Accounts, name: str, password: str, known: bool) -> None:
    """The second time, too, when it is remembered."""
    assert [accounts.is_known(name, password) for _ in range(2)] == [known, known]


def test_the_database_holds_no_password(accounts: Accounts, database: Database) -> None:
    """An argon2id hash of OWASP's cost stands there."""
    with database.read() as connection:
        hashed = connection.execute(sa.select(tables.users.c.password_hash)).scalar_one()
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert b"correct horse" not in database.path.read_bytes()


def test_a_verified_password_is_remembered_for_a_minute(accounts: Accounts, clock: Clock) -> None:
    """A hundred requests cost one hash; a minute later it is paid again."""

    def cost_of(count: int) -> float:
        began = time.thread_time()
        assert all(accounts.is_known("ada", "correct horse") for _ in range(count))
        return time.thread_time() - began

    first = cost_of(1)
    assert cost_of(100) / 100 < first / 3
    clock.pass_time(61)
    assert first / 4 < cost_of(1)


def test_a_changed_password_is_forgotten_at_once_also_by_other_processes(
    accounts: Accounts, database: Database, clock: Clock
) -> None:
    """What is remembered is bound to the stored hash."""
    assert accounts.is_known("ada", "correct horse")
    other_process = Accounts(database, clock=clock)
    other_process.add("ada", "battery staple")
    assert not accounts.is_known("ada", "correct horse")
    assert accounts.is_known("ada", "battery staple")


def test_a_removed_user_is_forgotten_at_once(accounts: Accounts, database: Database) -> None:
    """There is no hash to be bound to any more."""
    assert accounts.is_known("ada", "correct horse")
    with database.write() as connection:
        connection.execute(tables.users.delete())
    assert not accounts.is_known("ada", "correct horse")


def test_the_session_user_is_of_this_process_alone(accounts: Accounts, database: Database, clock: Clock) -> None:
    """Another process has another one, and the database has neither."""
    name, password = accounts.session
    assert accounts.is_known(name, password)
    assert not accounts.is_known(name, password + "x")
    assert not Accounts(database, clock=clock).is_known(name, password)


def test_a_flood_of_guesses_is_turned_away_instead_of_queued(accounts: Accounts) -> None:
    """Two at a time are verified and a few wait; the rest are asked to come back, and memory stays bounded."""

    def guess(number: int) -> str:
        try:
            return str(accounts.is_known("ada", f"guess {number}"))
        except Unreachable as error:
            return f"come back in {error.retry_after_s} s"

    with ThreadPoolExecutor(150) as pool:
        assert set(pool.map(guess, range(150))) == {"False", "come back in 1 s"}
    assert accounts.is_known("ada", "correct horse")


@pytest.mark.parametrize(
    ("name", "password"),
    [("", "long enough"), ("a:b", "long enough"), ("-x", "long enough"), ("a" * 65, "long enough"), ("ada", "short")],
)
def test_names_and_passwords_that_will_not_do_are_refused(accounts: Accounts, name: str, password: str) -> None:
    """Basic authentication cannot carry a colon in a name."""
    with pytest.raises(UsageError):
        accounts.add(name, password)
