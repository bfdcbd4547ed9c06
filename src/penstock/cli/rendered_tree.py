"""Rendered files in a folder: written whole or not at all, and never over what somebody else put there.

`.penstock-render.json` in the folder remembers the digest of every file that was written: a file that is there and is
not in it, or is not as it was written, is somebody's work.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.errors import Refused, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

RECORD = ".penstock-render.json"


def differences(folder: Path, wanted: Mapping[str, bytes]) -> tuple[str, ...]:
    """What `write_tree` would do, a line each: `new NAME`, `changed NAME` or `gone NAME`; sorted by name."""
    record = _read_record(folder)
    lines = [(name, "gone") for name in record if name not in wanted and (folder / name).exists()]
    for name, data in wanted.items():
        present = _bytes(folder / name)
        if present is None:
            lines.append((name, "new"))
        elif present != data:
            lines.append((name, "changed"))
    return tuple(f"{kind} {name}" for name, kind in sorted(lines))


def write_tree(folder: Path, wanted: Mapping[str, bytes]) -> tuple[str, ...]:
    """Make the folder hold these files; gives what changed, as `differences` says it.

    Files of an earlier write that are not wanted any more are removed. Raises Refused, before anything is written,
    where a file stands in the way that is not as an earlier write left it.
    """
    record = _read_record(folder)
    for name in {*wanted, *record}:
        present = _bytes(folder / name)
        if present is None or present == wanted.get(name) or record.get(name) == _digest(present):
            continue
        raise Refused(
            f"{folder / name} is in the way: it is not as `penstock render` left it",
            way_out="Move it away, or name another folder with --output.",
        )
    changed = differences(folder, wanted)
    for name, data in wanted.items():
        if _bytes(folder / name) != data:
            _replace(folder / name, data)
    _replace(
        folder / RECORD,
        json.dumps({name: _digest(data) for name, data in sorted(wanted.items())}, indent=1).encode() + b"\n",
    )
    for name in record:
        if name not in wanted:
            (folder / name).unlink(missing_ok=True)
    return changed


def _read_record(folder: Path) -> Mapping[str, str]:
    data = _bytes(folder / RECORD)
    if data is None:
        return {}
    try:
        record = json.loads(data)
    except ValueError as exc:
        raise UsageError(
            f"{folder / RECORD} cannot be read: {exc}", way_out="Remove it and the files beside it."
        ) from exc
    if not isinstance(record, dict) or not all(map(_stays_inside, record)):
        raise UsageError(f"{folder / RECORD} is not a record of a render", way_out="Remove it and the files beside it.")
    return {name: str(digest) for name, digest in record.items()}


def _stays_inside(name: str) -> bool:
    """A record that was tampered with must not lead a removal out of the folder."""
    return not name.startswith("/") and ".." not in name.split("/")


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise UsageError(f"{path} cannot be read: {exc.strerror}") from exc


def _replace(path: Path, data: bytes) -> None:
    """Put the file there in one step: a reader sees the old or the new one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".penstock-")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError as exc:
        raise UsageError(f"{path} cannot be written: {exc.strerror}") from exc


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
