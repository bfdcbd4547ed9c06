"""What changes, for people: a unified diff in which no key, no token and no binary file shows."""

from __future__ import annotations

import difflib
import hashlib
from typing import TYPE_CHECKING

from penstock.history import secrets_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.model import FileSet


def diff_of(before: FileSet, after: FileSet) -> str:
    """The unified diff of the files inside root, by the names they have in `after`; empty where nothing changes."""
    old = {before.relative(path): data for path, data in before.inside.items()}
    new = {after.relative(path): data for path, data in after.inside.items()}
    root = after.root.rstrip("/")
    parts: list[str] = []
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            parts.extend(_file(f"{root}/{name}", old.get(name), new.get(name)))
    return "".join(parts)


def _file(path: str, old: bytes | None, new: bytes | None) -> Iterator[str]:
    path = path.encode("utf-8", "backslashreplace").decode()  # a name need not be UTF-8; a diff is text
    if not (_may_show(path, old) and _may_show(path, new)):
        yield f"{path}: changed (sha256 {_short(old)} \N{RIGHTWARDS ARROW} {_short(new)})\n"
        return
    yield f"--- {path if old is not None else '/dev/null'}\n+++ {path if new is not None else '/dev/null'}\n"
    for line in list(difflib.unified_diff(_lines(old), _lines(new)))[2:]:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _may_show(path: str, data: bytes | None) -> bool:
    if data is None:
        return True
    if b"\0" in data or secrets_in(path, data):
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _lines(data: bytes | None) -> list[str]:
    """Lines as nginx counts them: by LF alone."""
    text = (data or b"").decode("utf-8")
    lines = text.split("\n")
    ended = [f"{line}\n" for line in lines[:-1]]
    return [*ended, lines[-1]] if lines[-1] else ended


def _short(data: bytes | None) -> str:
    return hashlib.sha256(data).hexdigest()[:12] if data is not None else "absent"
