"""find_entries: from changed files to the entry points that include them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from penstock.config.load import load_path
from penstock.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_NO_MAPPING: Mapping[str, str] = MappingProxyType({})
_MAIN_BLOCK = re.compile(rb"^[ \t]*(?:events|http|stream|mail)[ \t\r\n]*\{", re.MULTILINE)
_SKIPPED = frozenset({"node_modules", "__pycache__", "venv"})


def find_entries(
    paths: Sequence[Path], *, search_root: Path, known: Sequence[Path] = (), mapping: Mapping[str, str] = _NO_MAPPING
) -> tuple[Path, ...]:
    """The entry points that include any of these files, or are among them; sorted.

    known: entry points that the project names; where they account for every path, nothing else is looked for.
    Otherwise each `*.conf` below search_root that has an `events`, `http`, `stream` or `mail` block is one, too.
    Entry points that cannot be read are passed over. A path that belongs to none is in no answer.
    """
    wanted = {os.path.realpath(path) for path in paths}
    entries: dict[str, Path] = {}
    seen: set[str] = set()

    def weigh(entry: Path) -> None:
        real = os.path.realpath(entry)
        if real in seen:
            return
        seen.add(real)
        reached = _reached(entry, mapping) & wanted
        if reached:
            entries[real] = entry
            wanted_left.difference_update(reached)

    wanted_left = set(wanted)
    for entry in known:
        weigh(entry)
    if wanted_left:
        for entry in (*(path for path in paths if _looks_like_entry(path)), *_candidates(search_root)):
            weigh(entry)
    return tuple(sorted(entries.values()))


def _reached(entry: Path, mapping: Mapping[str, str]) -> set[str]:
    """The real paths of an entry point and of all that it includes."""
    try:
        files = load_path(entry, mapping=mapping)
    except UsageError:
        return set()
    return {os.path.realpath(files.label(path)) for path in (*files.files, *files.unreadable)}


def _candidates(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _SKIPPED)
        for name in sorted(names):
            path = Path(folder) / name
            if name.endswith(".conf") and _looks_like_entry(path):
                yield path


def _looks_like_entry(path: Path) -> bool:
    try:
        return _MAIN_BLOCK.search(path.read_bytes()) is not None
    except OSError:
        return False
