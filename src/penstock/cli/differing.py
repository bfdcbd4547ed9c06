"""What `penstock diff` compares: words of the command line become files by name, and two of those a unified diff."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from penstock.errors import NotFound, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from penstock.settings import Settings


def unified(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> str:
    """The unified diff from old to new, files by name; empty where nothing differs."""
    return "".join(
        piece
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
        for piece in _file_diff(name, old.get(name), new.get(name))
    )


def _file_diff(name: str, old: bytes | None, new: bytes | None) -> Iterator[str]:
    before, after = ("/dev/null" if old is None else f"a/{name}"), ("/dev/null" if new is None else f"b/{name}")
    if b"\0" in (old or b"") or b"\0" in (new or b""):
        yield f"Binary files {before} and {after} differ\n"
        return
    if not old and not new:
        yield f"--- {before}\n+++ {after}\n"  # an empty file comes or goes: there is no line to show
        return
    for line in difflib.unified_diff(_lines(old), _lines(new), before, after):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(data: bytes | None) -> list[str]:
    text = (data or b"").decode("utf-8", "surrogateescape")
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def files_on_disk(path: Path) -> Mapping[str, bytes]:
    """A folder's files by their names below it, hidden ones left out; or one file, by its own name.

    Raises NotFound, UsageError for what cannot be read.
    """
    if not path.exists():
        raise NotFound(
            f"there is nothing to compare at {path!s}",
            way_out="Name a file, a folder, a plan, rev:REVISION:INSTANCE, live:INSTANCE or desired:TARGET/INSTANCE.",
        )
    found = sorted(path.rglob("*")) if path.is_dir() else [path]
    try:
        return {
            str(file.relative_to(path)) if path.is_dir() else file.name: file.read_bytes()
            for file in found
            if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts)
        }
    except OSError as exc:
        raise UsageError(f"{exc.filename} cannot be read: {exc.strerror}") from exc


def files_of_revision(settings: Settings, revision: str, instance: str) -> Mapping[str, bytes]:
    """What an instance ran after a publish, out of the history. Raises NotFound where the history has it not."""
    from penstock.history import Journal

    if not settings.history.exists():
        raise NotFound(f"there is no history at {settings.history}")
    with Journal(settings.history) as journal:
        return journal.files(revision, instance)


def files_desired(settings: Settings, target: str, instance: str) -> Mapping[str, bytes]:
    """What an instance of a target should run, as far as this folder says."""
    from penstock.cli.instances import DEFAULT_ROOT
    from penstock.cli.options import find_target
    from penstock.render import desired

    found = find_target(settings, target)
    files = desired(settings, found, instance=instance or found.instance, root=found.root or DEFAULT_ROOT)
    return {files.relative(path): data for path, data in files.inside.items()}


def files_of_plan(path: Path) -> Mapping[str, bytes]:
    """What a plan would publish, each file as instance/name. Raises what reading a plan raises."""
    from penstock.publish import read_plan

    return {
        f"{target.instance.name}/{target.files.relative(name)}": data
        for target in read_plan(path).targets
        for name, data in target.files.inside.items()
    }
