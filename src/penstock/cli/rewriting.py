"""Files of the user, written anew: all or none as far as the disk allows, each in one step, and still the user's."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from penstock.errors import Conflict, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable


class Change(NamedTuple):
    """One file's old and new bytes."""

    path: Path
    before: bytes
    after: bytes


def rewrite(changes: Iterable[Change]) -> None:
    """Put the new bytes where the old ones are; a reader sees the old or the new file, never a part of one.

    Owner, mode and extended attributes stay; a symbolic link stays one, and the file that it leads to is written.
    Everything is on the disk beside its file before the first one is exchanged. Raises Conflict where a file is not
    any more as it was read, UsageError where one cannot be written; nothing was changed then.
    """
    staged: list[tuple[Path, Path]] = []
    try:
        for change in changes:
            target = Path(os.path.realpath(change.path))
            try:
                if target.read_bytes() != change.before:
                    raise Conflict(f"{change.path} was changed while it was being read", way_out="Run it again.")
                staged.append((_beside(target, change.after), target))
            except OSError as exc:
                raise UsageError(f"{change.path} cannot be written: {exc.strerror}; nothing was changed") from exc
        while staged:
            new, target = staged[0]
            new.replace(target)
            staged.pop(0)
    finally:
        for new, _ in staged:
            new.unlink(missing_ok=True)


def _beside(target: Path, data: bytes) -> Path:
    """A finished file in the folder of the target, with its owner, mode and attributes. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".penstock-")
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            old = target.stat()
            if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(file.fileno(), old.st_uid, old.st_gid)
            os.fchmod(file.fileno(), old.st_mode & 0o7777)
            for attribute in os.listxattr(target):
                # Attributes that only the system sets (a label of SELinux, for one) come by themselves.
                with contextlib.suppress(OSError):
                    os.setxattr(file.fileno(), attribute, os.getxattr(target, attribute))
            os.fsync(file.fileno())
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    return new
