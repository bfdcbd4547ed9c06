"""Which process carries out a deployment, and whether that process still lives.

Each open manager holds a lock on a file of its own. The kernel lets go of it when the process ends, however it ends,
so that another process can tell a deployment that still runs from one that was left behind.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Owner:
    """This process, from now until `close`. folder: shared by every process that opens the same database."""

    def __init__(self, folder: Path, uid: str) -> None:
        self.uid = uid
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / f"{uid}.lock"
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def is_alive(self, uid: str) -> bool:
        """Whether the process of that uid still has its manager open. What a dead one left is removed."""
        path = self._folder / f"{uid}.lock"
        try:
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            path.unlink(missing_ok=True)
            return False
        finally:
            os.close(file)

    def close(self) -> None:
        """End it. Safe to call again."""
        if self._file < 0:
            return
        self._path.unlink(missing_ok=True)
        os.close(self._file)
        self._file = -1
