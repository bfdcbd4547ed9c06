"""A whole configuration as files, named as nginx on the target names them: absolute, POSIX, normalised."""

from __future__ import annotations

import hashlib
import posixpath
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


def _check_path(path: str) -> None:
    if path[:1] != "/" or path[:2] == "//" or posixpath.normpath(path) != path or "\0" in path:
        raise ValueError(f"a FileSet names files by absolute, normalised paths, not {path!r}")


class Origin(NamedTuple):
    """Where a file's text came from, for messages: a path to show, and for rendered text the way back.

    label: the file to name to the user (as on disk, or the template). lines: for rendered text, the
    (label, line, note) of every output line, from the first; empty where text and label have the same lines.
    note: which value stands there and where it was set, e.g. `listen_port = 8080 from values/base.yaml:3`.
    """

    label: str
    lines: tuple[tuple[str, int, str], ...] = ()


@dataclass(frozen=True)
class FileSet:
    """A whole configuration: every file that nginx would read, by the name it has on the target.

    root: the absolute directory that a publish replaces (the directory of `entry` unless told otherwise).
    entry: the absolute path of the main file. Relative includes resolve against the entry's directory, as in
    nginx (ngx_conf_full_name with conf_prefix). Files outside root are read-only context.
    unreadable: path -> why, for files that an include named and that could not be read.
    """

    root: str
    entry: str
    files: Mapping[str, bytes]
    origins: Mapping[str, Origin] = field(default_factory=dict, compare=False)
    unreadable: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path in (self.root, self.entry, *self.files):
            _check_path(path)
        for name in ("files", "origins", "unreadable"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __hash__(self) -> int:
        return hash(self.digest)

    def relative(self, path: str) -> str:
        """The path below root, or the absolute path where it lies outside."""
        return posixpath.relpath(path, self.root) if self.holds(path) else path

    def holds(self, path: str) -> bool:
        """Whether the path lies inside root."""
        return path.startswith(self.root.rstrip("/") + "/")

    @cached_property
    def inside(self) -> Mapping[str, bytes]:
        """The files inside root: those that a publish writes."""
        return MappingProxyType({path: data for path, data in self.files.items() if self.holds(path)})

    @cached_property
    def digest(self) -> str:
        """64 hex digits of SHA-256 over the names below root and the bytes of the files inside it, order ignored.

        Two instances whose roots differ and whose files do not have the same digest.
        """
        total = hashlib.sha256()
        for path in sorted(self.inside):
            name = self.relative(path).encode("utf-8", "surrogateescape")
            total.update(b"%d:%b%d:" % (len(name), name, len(self.files[path])))
            total.update(self.files[path])
        return total.hexdigest()

    def label(self, path: str) -> str:
        """What to call this file to the user."""
        origin = self.origins.get(path)
        return origin.label if origin else path
