"""Opening a journal: making it where there is none, finishing what was cut short, refusing what is not ours."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from penstock.errors import SettingsError
from penstock.history.entries import parse_commit
from penstock.history.lock import held
from penstock.history.repository import GitFailed, Repository

if TYPE_CHECKING:
    from pathlib import Path

LOCK = "penstock.flock"
_MARK = "penstock-history"  # written last: it says that the repository is whole, and which format it has
_FORMAT = "1\n"


def open_repository(path: Path, *, lock_timeout_s: float) -> Repository:
    """The repository of a journal at path.

    A bare repository whose newest commit is an entry of ours (a clone brought back from a backup) is taken over.
    Raises SettingsError where something else is there, or where it cannot be made.
    """
    repository = Repository(path)
    if (path / _MARK).is_file():
        return repository
    try:
        # The lock file is the first that we make: what holds other files and no lock is not of our making.
        if path.exists() and (not path.is_dir() or any(path.iterdir())) and not (path / LOCK).exists():
            _check_ours(repository)
        path.mkdir(parents=True, exist_ok=True)
        with held(path / LOCK, timeout_s=lock_timeout_s):
            if not (path / _MARK).is_file():
                repository.create()
                _write_mark(path / _MARK)
    except OSError as problem:
        raise SettingsError(
            f"the history {path} cannot be made: {problem.strerror}",
            way_out="Name a folder that can be written as `history` in penstock.toml.",
        ) from problem
    return repository


def _check_ours(repository: Repository) -> None:
    path = repository.path
    stranger = SettingsError(
        f"{path} is there and is no history of Penstock's",
        way_out="Name a folder of its own as `history` in penstock.toml; it is made where it is missing.",
    )
    if not (path / "objects").is_dir() or not (path / "HEAD").is_file():
        raise stranger
    try:
        head = repository.head()
        if head is None:
            raise stranger
        parse_commit(head.data)
    except (ValueError, GitFailed) as problem:
        raise stranger from problem
    finally:
        repository.close()


def _write_mark(mark: Path) -> None:
    fresh = mark.with_suffix(".new")
    with fresh.open("w", encoding="ascii") as file:
        file.write(_FORMAT)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(mark)
    folder = os.open(mark.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
