"""Directory trees on one file system: a candidate beside the live one, made durable, and exchanged in one call."""

from __future__ import annotations

import ctypes
import errno
import os
import posixpath
import re
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    Stamps = Mapping[str, tuple[int, int, int]]


_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # renameat2(2), Linux 3.15
_LIBC = ctypes.CDLL(None, use_errno=True)


class CannotExchange(OSError):
    """The kernel or the file system does not exchange these two directories."""


def exchange(one: Path, other: Path) -> None:
    """Swap what two names mean, in one system call: at any instant each is wholly the one or the other.

    Neither is durable before an fsync of the directories that hold the names. Raises CannotExchange with a sentence,
    and then nothing was swapped.
    """
    if _LIBC.renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE):
        code = ctypes.get_errno()
        why = {
            errno.EBUSY: "it is a mount point, and a mount point cannot be renamed",
            errno.EXDEV: "it and its sibling are not on one file system that can be written (an overlay, a mount)",
            errno.EINVAL: "its file system cannot exchange two names",
            errno.ENOSYS: "this kernel has no renameat2",
        }.get(code, os.strerror(code).lower())
        raise CannotExchange(code, f"{one} cannot be swapped for a finished copy: {why}")


def sync(path: Path) -> None:
    """Make a file's bytes, or a directory's names, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(root: Path) -> None:
    """Make a whole tree durable, the names last."""
    for folder, _, names in os.walk(root, topdown=False):
        for name in names:
            path = Path(folder, name)
            if not path.is_symlink():
                sync(path)
        sync(Path(folder))


def stamps(root: Path) -> Stamps:
    """What tells whether anything below root changes: name below root -> (inode, changed ns, bytes)."""
    found = {}
    for folder, folders, names in os.walk(root):
        for name in (*folders, *names):
            path = Path(folder, name)
            status = path.lstat()
            found[str(path.relative_to(root))] = (status.st_ino, status.st_ctime_ns, status.st_size)
    return found


def moved(root: Path, before: Stamps) -> str:
    """Which name below root somebody changed since `before`, as a sentence; empty when nobody did."""
    now = stamps(root)
    name = min((name for name in {*now, *before} if now.get(name) != before.get(name)), default="")
    return name and f"somebody changed {name} while the publish was prepared; make a new plan"


def copy_tree(source: Path, target: Path) -> None:
    """A copy with the same bytes, modes, owners, times and symbolic links. target must not exist.

    Raises OSError naming the place; a socket, pipe or device in the tree is one such place, and so is a mount point:
    the swap would leave what is mounted behind in the old tree, and removing that tree would empty it.
    """
    real = source.resolve()
    for mount in mounts():
        if mount.is_relative_to(real):
            raise OSError(errno.EBUSY, "a mount point cannot be swapped; mount it outside, and link to it", str(mount))
    shutil.copytree(source, target, symlinks=True, copy_function=_copy)
    for folder, folders, names in os.walk(source):
        there = target / Path(folder).relative_to(source)
        _same_owner(Path(folder), there)
        for name in (*folders, *names):
            _same_owner(Path(folder, name), there / name)


def mounts() -> list[Path]:
    """Where something is mounted, bind mounts included, which st_dev would not tell (proc(5), mountinfo, field 5)."""
    lines = Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines()
    places = (line.split(" ")[4] for line in lines)
    return [Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), place)) for place in places]


def redirect_links(copy: Path, root: str) -> None:
    """Make the links of a copy of root lead into the copy where they led into root, and elsewhere where they led.

    A copy stands deeper than root, so that its relative links that leave root would miss, too.
    """
    for folder, folders, names in os.walk(copy):
        for name in (*folders, *names):
            link = Path(folder, name)
            if link.is_symlink():
                live = posixpath.join(root, str(link.relative_to(copy)))
                to = posixpath.normpath(posixpath.join(posixpath.dirname(live), link.readlink()))
                inside = to == root or to.startswith(root + "/")
                link.unlink()
                link.symlink_to(str(copy) + to[len(root) :] if inside else to)


def _copy(source: str, target: str) -> str:
    if not stat.S_ISREG(os.lstat(source).st_mode):
        raise OSError(
            errno.EINVAL, "only files, folders and symbolic links can stand in a folder that is published", source
        )
    return str(shutil.copy2(source, target, follow_symlinks=False))


def _same_owner(source: Path, target: Path) -> None:
    wanted, found = source.lstat(), target.lstat()
    if (wanted.st_uid, wanted.st_gid) != (found.st_uid, found.st_gid):
        os.chown(target, wanted.st_uid, wanted.st_gid, follow_symlinks=False)
        if not stat.S_ISLNK(wanted.st_mode):
            target.chmod(stat.S_IMODE(wanted.st_mode))  # chown clears the set-id bits


def put_files(tree: Path, root: str, *, old: Mapping[str, bytes], new: Mapping[str, bytes]) -> None:
    """Turn the copy of the live tree into the new one: change what differs, remove what is no longer there.

    old, new: absolute names below root -> bytes. A file keeps its mode and owner; a new one is 0644 in 0755.
    A symbolic link that stays inside root is written through, as an editor would; one that leads out is replaced.
    """
    for path in sorted(set(old) - set(new)):
        folder = _behind_links(tree, root, posixpath.dirname(path)) if posixpath.dirname(path) != root else tree
        (folder / posixpath.basename(path)).unlink()
    for path, data in sorted(new.items()):
        if old.get(path) == data:
            continue
        target = _behind_links(tree, root, path)
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        if target.exists() and not target.is_symlink():
            target.write_bytes(data)  # the copy is ours alone until it is finished
            continue
        target.unlink(missing_ok=True)
        target.write_bytes(data)
        target.chmod(0o644)


def _behind_links(tree: Path, root: str, path: str) -> Path:
    """The place in the copy that a name below root will mean after the swap.

    Every link on the way is followed *within the copy*: an absolute one, followed by the kernel, would lead into the
    live tree. A last link that leads out of root is the place itself. Raises OSError where a folder leads out.
    """
    for _ in range(40):  # as many links as Linux follows
        parts = path[len(root) + 1 :].split("/")
        names = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        link = next((name for name in names if (tree / name).is_symlink()), None)
        if link is None:
            return tree / "/".join(parts)
        folder = posixpath.dirname(posixpath.join(root, link))
        to = posixpath.normpath(posixpath.join(folder, (tree / link).readlink()))
        rest = parts[link.count("/") + 1 :]
        if not to.startswith(root + "/"):
            if rest:
                raise OSError(errno.EXDEV, f"it is a link that leads out of {root}", posixpath.join(root, link))
            return tree / link
        path = posixpath.join(to, *rest)
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
