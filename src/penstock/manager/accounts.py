"""Users and their passwords: argon2, and a short memory of what was just verified.

One verification takes about 25 ms and 19 MiB on purpose, so that a stolen database is of little use. Paying that on
each request would make a flood of requests a denial of service; hence the memory, and two verifications at a time.
Parameters: OWASP Password Storage Cheat Sheet (argon2id, m=19 MiB, t=2, p=1).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from penstock.errors import Unreachable, UsageError
from penstock.manager.store.deployments import note
from penstock.manager.store.tables import users

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock.manager.store.database import Database

PASSWORD_LENGTH = 8  # characters at least
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}", re.ASCII)
_REMEMBERED = timedelta(seconds=60)
_MEMORY_LIMIT = 1000  # entries
_AT_ONCE = 2
_WAITING = 32


class Accounts:
    """Who may ask. Every process has one user of its own besides those in the database; it dies with the process."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._slots = threading.BoundedSemaphore(_AT_ONCE)
        self._queue = threading.BoundedSemaphore(_AT_ONCE + _WAITING)
        self._key = secrets.token_bytes(32)
        self._verified: dict[bytes, datetime] = {}
        self._remembering = threading.Lock()
        self.session = (f"session-{secrets.token_hex(4)}", secrets.token_urlsafe(32))
        self._nobody = ""  # a hash that no password has, verified for names that do not exist

    def add(self, name: str, password: str) -> None:
        """Make a user, or give one a new password. Raises UsageError for a name or a password that will not do."""
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} is no user name", way_out="Use up to 64 letters, digits and _ . @ -, not starting with . @ -"
            )
        if len(password) < PASSWORD_LENGTH:
            raise UsageError(
                f"the password of {name} is too short", way_out=f"Use {PASSWORD_LENGTH} characters or more."
            )
        hashed = self._hasher.hash(password)
        now = self._clock()
        with self._database.write() as connection:
            changed = connection.execute(users.update().where(users.c.name == name).values(password_hash=hashed))
            if changed.rowcount == 0:
                connection.execute(users.insert().values(name=name, password_hash=hashed, created_at=now))
            note(connection, name, "set password", f"user {name}", now=now)

    def is_known(self, name: str, password: str) -> bool:
        """Whether there is such a user with this password. Raises Unreachable where too many wait to be verified."""
        if hmac.compare_digest(name.encode(), self.session[0].encode()):
            return hmac.compare_digest(password.encode(), self.session[1].encode())
        with self._database.read() as connection:
            hashed = connection.execute(sa.select(users.c.password_hash).where(users.c.name == name)).scalar()
        # The stored hash is part of the entry: a changed password makes the old entry unreachable at once.
        entry = hmac.digest(self._key, "\0".join((name, hashed or "", password)).encode(), hashlib.sha256)
        if hashed and self._remembers(entry):
            return True
        if not self._verifies(hashed, password):
            return False
        self._remember(entry)
        return True

    def _verifies(self, hashed: str | None, password: str) -> bool:
        if not self._queue.acquire(blocking=False):
            raise Unreachable("too many are waiting to be verified", retry_after_s=1)
        try:
            with self._slots:
                self._nobody = self._nobody or self._hasher.hash(secrets.token_hex(16))
                return self._hasher.verify(hashed or self._nobody, password) and hashed is not None
        except (VerificationError, InvalidHashError):
            return False
        finally:
            self._queue.release()

    def _remembers(self, entry: bytes) -> bool:
        with self._remembering:
            until = self._verified.get(entry)
        return until is not None and self._clock() < until

    def _remember(self, entry: bytes) -> None:
        now = self._clock()
        with self._remembering:
            if _MEMORY_LIMIT <= len(self._verified):
                self._verified = {known: until for known, until in self._verified.items() if now < until}
            if len(self._verified) < _MEMORY_LIMIT:
                self._verified[entry] = now + _REMEMBERED
