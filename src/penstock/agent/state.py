"""What a publish leaves beside the root while it is under way, so that whoever comes after a crash can end it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import stat
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.agent.tree import mounts, sync
from penstock.errors import Conflict, Refused, StateUnknown

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS_TO_WAIT = 2.0  # for another publish to the same root to end


@dataclass(frozen=True, slots=True)
class Journal:
    """One publish under way. candidate_inode tells on which side of the swap the root is.

    uid: of the instance. pid, start_ticks: of the master that the publish was for.
    signalled: the master was told, or was about to be told, to read the new tree. settled: the new tree is proven.
    """

    uid: str
    root: str
    conf_path: str
    candidate_inode: int
    old_digest: str
    new_digest: str
    pid: int
    start_ticks: int
    signalled: bool = False
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Workplace:
    """The folder beside a root: same file system, nobody else's business."""

    root: Path

    @property
    def folder(self) -> Path:
        """`<root>.penstock`."""
        return self.root.with_name(self.root.name + ".penstock")

    @property
    def candidate(self) -> Path:
        """The tree to be: the new one before the swap, the old one after it."""
        return self.folder / "candidate"

    @property
    def trial(self) -> Path:
        """The copy that `nginx -t` reads."""
        return self.folder / "trial"

    @property
    def previous(self) -> Path:
        """The tree before the last publish that succeeded."""
        return self.folder / "previous"

    @property
    def _state(self) -> Path:
        return self.folder / "state.json"

    @property
    def _draft(self) -> Path:
        return self.folder / "state.draft"

    @property
    def under_way(self) -> bool:
        """Whether a publish was begun here and not ended."""
        return self._state.exists()

    def read(self) -> Journal | None:
        """The publish under way, or None. Raises StateUnknown for a journal that nobody can follow."""
        try:
            journal = Journal(**json.loads(self._state.read_text()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise self._unreadable(str(error)) from None
        if Path(journal.root) != self.root or Path(journal.conf_path).parent != self.root:
            raise self._unreadable(f"it is about {journal.conf_path}")
        return journal

    def _unreadable(self, why: str) -> StateUnknown:
        return StateUnknown(
            f"the journal {self._state} of an unfinished publish cannot be followed: {why}",
            way_out=f"Compare {self.root} with {self.candidate}, keep the right one as {self.root}, "
            f"reload nginx, and remove {self.folder}.",
        )

    def write(self, journal: Journal) -> None:
        """Make this the durable truth, in one rename."""
        with self._draft.open("w") as out:
            json.dump(asdict(journal), out)
            out.flush()
            os.fsync(out.fileno())
        self._draft.rename(self._state)
        sync(self.folder)

    def end(self) -> None:
        """No publish is under way any more; leftovers go. The names are durable before the journal goes."""
        if not self.folder.exists():
            return
        sync(self.root.parent)
        self._state.unlink(missing_ok=True)
        sync(self.folder)
        self.clear()

    def clear(self) -> None:
        """Remove unfinished trees. Call it only while no publish is under way."""
        self._draft.unlink(missing_ok=True)
        for leftover in (self.candidate, self.trial):
            if leftover.exists():
                shutil.rmtree(leftover)

    def keep_previous(self) -> None:
        """After a publish that succeeded, the tree that was swapped out becomes `previous`."""
        if not self.candidate.exists():
            return  # it was kept before the process that did so died
        if self.previous.exists():
            shutil.rmtree(self.previous)
        self.candidate.rename(self.previous)

    @contextlib.contextmanager
    def locked(self, *, wait_s: float) -> Iterator[None]:
        """Alone at this root, across processes; the lock ends with the process.

        Raises Conflict naming the holder when it is still held after wait_s seconds, and Refused for a root that
        cannot be swapped, or a folder beside it that somebody else could have filled. Nothing is left then.
        """
        self._refuse_root()
        with contextlib.suppress(FileExistsError):
            self.folder.mkdir(mode=0o700)
        self._refuse_strangers_folder()
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            self._wait_for(lock, wait_s)
            os.ftruncate(lock, 0)
            os.pwrite(lock, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(lock)

    def _refuse_root(self) -> None:
        if self.root.is_symlink():
            real = self.root.resolve()
            raise Refused(
                f"{self.root} is a symbolic link to {real}, and a publish replaces the folder itself",
                way_out=f"Start nginx with a main file in {real}.",
            )
        if self.root.resolve() in mounts():
            raise Refused(
                f"{self.root} is a mount point, and a mount point cannot be swapped",
                way_out="Mount the directory above it.",
            )

    def _refuse_strangers_folder(self) -> None:
        """What stands in the folder gets swapped in, so nobody else may have been able to put it there."""
        status = self.folder.lstat()
        why = ""
        if not stat.S_ISDIR(status.st_mode):
            why = "is not a folder"
        elif status.st_uid != os.geteuid():
            why = f"belongs to the user {status.st_uid}"
        elif status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            why = f"can be written to by others (mode {stat.S_IMODE(status.st_mode):04o})"
        if why:
            raise Refused(
                f"{self.folder} {why}, and a publish to {self.root} trusts what stands there",
                way_out="Find out who made it, and remove it.",
            )

    def _wait_for(self, lock: int, wait_s: float) -> None:
        end = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if end <= time.monotonic():
                    holder = os.pread(lock, 20, 0).decode(errors="replace") or "unknown"
                    raise Conflict(
                        f"another publish to {self.root} is under way (process {holder})",
                        way_out="Wait for it to end, and try again.",
                    ) from None
                time.sleep(0.05)
            else:
                return
