"""load: a configuration from this disk, or from bytes in hand, as a FileSet."""

from __future__ import annotations

import os
import posixpath
import stat
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from penstock.config.includes import expand, full_name, is_pattern
from penstock.config.seek import included_names
from penstock.errors import NotFound, UsageError
from penstock.model import FileSet, Origin

if TYPE_CHECKING:
    from collections.abc import Mapping

_NO_MAPPING: Mapping[str, str] = MappingProxyType({})
_MOST_LINKS = 40  # as many as Linux follows (path_resolution(7))


def load_bytes(files: Mapping[str, bytes], *, root: str, entry: str) -> FileSet:
    """A FileSet of bytes in hand. Names that are relative are below root; entry may be one, too.

    Raises UsageError for a name that cannot be a path, NotFound where the entry is not among the files.
    """
    root = _absolute(root, "/")
    named = {_absolute(name, root): bytes(data) for name, data in files.items()}
    entry = _absolute(entry, root)
    if entry not in named:
        raise NotFound(
            f"the entry file {entry} is not among the {len(named)} files", way_out="Add it, or name another."
        )
    return FileSet(root=root, entry=entry, files=named)


def load_path(path: Path, *, mapping: Mapping[str, str] = _NO_MAPPING) -> FileSet:
    """The entry file and everything that it includes, read from this disk.

    mapping: folder on the target -> folder here. Files below a mapped folder are named as on the target and read here;
    all others are named and read as they are. What an include names and cannot be read is in `FileSet.unreadable`;
    a file that is not there at all is left for `parse` to report.
    Raises NotFound where there is no entry file, UsageError where it cannot be read.
    """
    disk = _Disk(mapping)
    local = os.path.abspath(path)  # noqa: PTH100 - Path.resolve would follow symbolic links, and nginx names them
    entry = disk.target_of(local)
    try:
        data = _bytes_of(local)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"there is no file {path}", way_out="Name the main file, e.g. /etc/nginx/nginx.conf.") from None
    except IsADirectoryError:
        raise UsageError(
            f"{path} is a directory", way_out=f"Name the main file in it: {path / 'nginx.conf'}?"
        ) from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {_why(error)}") from None
    disk.files[entry] = data
    disk.origins[entry] = Origin(str(path))
    disk.follow(entry)
    root = posixpath.dirname(entry)
    return FileSet(root=root, entry=entry, files=disk.files, origins=disk.origins, unreadable=disk.unreadable)


class _Disk:
    def __init__(self, mapping: Mapping[str, str]) -> None:
        pairs = [(_absolute(target, "/"), os.path.abspath(local)) for target, local in mapping.items()]  # noqa: PTH100
        self.mapping = sorted(pairs, key=lambda pair: -len(pair[0]))  # the longest prefix first
        self.here = str(Path.cwd())
        self.files: dict[str, bytes] = {}
        self.origins: dict[str, Origin] = {}
        self.unreadable: dict[str, str] = {}

    def target_of(self, local: str) -> str:
        """The name on the target of a file here."""
        fitting = [(mine, target) for target, mine in self.mapping if _below(local, mine)]
        if not fitting:
            return _absolute(local, "/")
        mine, target = max(fitting, key=lambda pair: len(pair[0]))
        return _absolute(os.path.relpath(local, mine), target)

    def local_of(self, target: str) -> str:
        """The file here for a name on the target."""
        for prefix, mine in self.mapping:
            if _below(target, prefix):
                return os.path.normpath(os.path.join(mine, os.path.relpath(target, prefix)))  # noqa: PTH118
        return target

    def listing(self, folder: str) -> list[str]:
        """The names in a folder of the target."""
        try:
            return os.listdir(self.local_of(folder))  # noqa: PTH208 - names only, and quickly
        except OSError:
            return []

    def follow(self, entry: str) -> None:
        """Read what the entry includes, and what that includes, each file once."""
        folder = posixpath.dirname(entry)
        waiting = [entry]
        while waiting:
            for name in included_names(self.files[waiting.pop()]):
                pattern = full_name(name, folder)
                for path in expand(pattern, self.listing) if is_pattern(name) else (pattern,):
                    if path not in self.files and path not in self.unreadable and self._read(path):
                        waiting.append(path)

    def _read(self, path: str) -> bool:
        local = self.local_of(path)
        inside = self.here != "/" and _below(local, self.here)
        shown = os.path.relpath(local, self.here) if inside else local
        try:
            self.files[path] = _bytes_of(self._behind_links(local))
        except FileNotFoundError:
            if os.path.lexists(local):
                self.unreadable[path] = "it is a symbolic link to a file that is not there"
                self.origins[path] = Origin(shown)
            return False
        except (OSError, ValueError) as error:
            self.unreadable[path] = _why(error)
            self.origins[path] = Origin(shown)
            return False
        self.origins[path] = Origin(shown)
        return True

    def _behind_links(self, local: str) -> str:
        """Where a file here really is. An absolute link means what it would mean on the target.

        Debian's `sites-enabled/default -> /etc/nginx/sites-available/default`, in a checkout of /etc/nginx, is the
        checkout's file and not that of the machine on which somebody looks at it.
        """
        if not self.mapping:
            return local
        for _ in range(_MOST_LINKS):
            link = next((place for place in _places(local) if os.path.islink(place)), "")  # noqa: PTH114 - a str is at hand
            if not link:
                return local
            to = os.readlink(link)  # noqa: PTH115
            to = self.local_of(to) if to.startswith("/") else os.path.join(os.path.dirname(link), to)  # noqa: PTH118, PTH120
            local = os.path.normpath(to + local[len(link) :])
        return local


def _places(path: str) -> list[str]:
    """Each directory on the way to a path, and the path: /a, /a/b, /a/b/c."""
    ends = [at for at, letter in enumerate(path) if letter == "/" and at]
    return [*(path[:at] for at in ends), path]


def _absolute(name: str, folder: str) -> str:
    if "\0" in name:
        raise UsageError(f"{name!r} cannot be the name of a file", way_out="Remove the NUL from it.")
    return full_name(name, folder)


def _bytes_of(local: str) -> bytes:
    """The bytes of a regular file: a pipe or a device could keep us for ever. Raises OSError or ValueError."""
    kind = os.stat(local).st_mode  # noqa: PTH116 - a str is at hand
    if stat.S_ISDIR(kind):
        raise IsADirectoryError
    if not stat.S_ISREG(kind):
        raise ValueError("it is not a regular file")
    return Path(local).read_bytes()


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _why(error: OSError | ValueError) -> str:
    """What the system says, as a clause: `permission denied`."""
    if isinstance(error, IsADirectoryError):
        return "it is a directory"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text[:1].lower() + text[1:]
