"""Files on the wire: base64 in its three dialects, safe names, and the way to a FileSet and back."""

from __future__ import annotations

import base64
import binascii
import itertools
import posixpath
import re
from typing import TYPE_CHECKING

import msgspec

from penstock.api.codec import Malformed
from penstock.errors import Refused
from penstock.model import FileSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CONTENTS_LIMIT = 3_145_728  # characters of base64 in one file, as NIM's schema has it
_TO_STANDARD = str.maketrans("-_", "+/")
_SPACE = re.compile(r"\s+", re.ASCII)


class File(msgspec.Struct, frozen=True, kw_only=True):
    """One file: its absolute name and its bytes in base64."""

    name: str
    contents: str = ""


class Files(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Files below a directory; their names are absolute all the same."""

    files: tuple[File, ...] = ()
    root_dir: str = "/"


NO_FILES = Files()


class ListedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A name in a directory listing; size in bytes."""

    name: str
    size: int = 0


class Directory(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One directory of a `directoryMap`."""

    name: str
    files: tuple[ListedFile, ...] = ()
    permissions: str = "0755"
    size: int = 4096
    update_time: str = ""


def encode_contents(data: bytes) -> str:
    """Standard base64 on one line."""
    return base64.b64encode(data).decode("ascii")


def decode_contents(text: str) -> bytes:
    """The bytes behind standard or URL-safe base64, with or without line breaks and padding. Raises ValueError."""
    bare = _SPACE.sub("", text).translate(_TO_STANDARD).rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"not base64: {error}") from error


def name_fault(name: str) -> str:
    """Why a file name cannot be taken from the network, in words; empty for a good one."""
    if "\0" in name:
        return "the name holds a NUL byte"
    if any(0xD800 <= ord(char) <= 0xDFFF for char in name):
        return "the name is not Unicode text"
    if not name.startswith("/"):
        return f"the name {name!r} is not absolute"
    if ".." in name.split("/"):
        return f"the name {name!r} climbs with .."
    # normpath keeps two slashes at the beginning: POSIX lets a system give them a meaning
    if posixpath.normpath(name) != name or name == "/" or name.startswith("//"):
        return f"the name {name!r} is not a normalised file name"
    return ""


def _read(files: Files, member: str) -> Iterator[tuple[str, bytes]]:
    for index, file in enumerate(files.files):
        pointer = f"/{member}/files/{index}"
        if fault := name_fault(file.name):
            raise Malformed(fault, pointer=f"{pointer}/name")
        if CONTENTS_LIMIT < len(file.contents):
            raise Malformed(f"maximum string length is {CONTENTS_LIMIT}", pointer=f"{pointer}/contents")
        try:
            yield file.name, decode_contents(file.contents)
        except ValueError as error:
            raise Malformed(str(error), pointer=f"{pointer}/contents") from error


def read_files(config_files: Files, aux_files: Files = NO_FILES) -> dict[str, bytes]:
    """Absolute name -> bytes of both groups.

    Raises Malformed, with the place, for an unsafe or repeated name, for bad base64, for a file over CONTENTS_LIMIT,
    and where one name would be both a file and a directory.
    """
    found: dict[str, bytes] = {}
    for member, files in (("configFiles", config_files), ("auxFiles", aux_files)):
        for index, (name, data) in enumerate(_read(files, member)):
            if found.setdefault(name, data) != data:
                raise Malformed(
                    f"the file {name} is given twice with unequal contents", pointer=f"/{member}/files/{index}/name"
                )
    _refuse_file_as_directory(found)
    return found


def _refuse_file_as_directory(names: Iterable[str]) -> None:
    ordered = sorted(names, key=lambda name: name.split("/"))
    for above, below in itertools.pairwise(ordered):
        if below.startswith(f"{above}/"):
            raise Malformed(f"{above} is a file and cannot hold {below}", pointer="/configFiles/files")


def to_file_set(files: Files, *, entry: str, aux_files: Files = NO_FILES, root: str = "") -> FileSet:
    """What the wire says as a FileSet; root: the directory that a publish replaces, by default the entry's.

    Raises as `read_files` does.
    """
    return FileSet(root or posixpath.dirname(entry), entry, read_files(files, aux_files))


def from_file_set(files: FileSet) -> Files:
    """Every file of the set by its absolute name, those outside root too, sorted by name.

    Raises Refused, naming it, for a file name that is not Unicode text: JSON cannot carry it.
    """
    for name in files.files:
        if fault := name_fault(name):
            raise Refused(f"the file {name!r} cannot be sent: {fault}")
    return Files(
        files=tuple(File(name=name, contents=encode_contents(files.files[name])) for name in sorted(files.files)),
        root_dir=files.root,
    )


def directory_map(files: FileSet, *, update_time: str) -> dict[str, Directory]:
    """The directories that hold these files, by their names, as NIM lists them."""
    listed: dict[str, list[ListedFile]] = {}
    for name in sorted(files.files):
        listed.setdefault(posixpath.dirname(name), []).append(
            ListedFile(name=posixpath.basename(name), size=len(files.files[name]))
        )
    return {name: Directory(name=name, files=tuple(inside), update_time=update_time) for name, inside in listed.items()}
