"""What `penstock doctor` looks at: one function for each subject, each yielding lines."""

from __future__ import annotations

import asyncio
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import penstock
from penstock.errors import PenstockError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.settings import Settings

_OLDEST_GIT = (2, 20)
_SBIN = ("/usr/sbin", "/usr/local/sbin", "/usr/local/nginx/sbin", "/opt/nginx/sbin")
_MANAGER_LIBRARIES = ("alembic", "argon2", "cryptography", "sqlalchemy", "starlette", "uvicorn")


@dataclass(frozen=True, slots=True)
class Line:
    """One fact. way_out: what to do about it, empty where all is well."""

    state: Literal["ok", "warn", "fail"]
    subject: str
    fact: str
    way_out: str = ""


def examine(config: Path | None) -> Iterator[Line]:
    """Every line, in an order in which each rests on those before it."""
    yield from _python()
    yield from _git()
    yield from _nginx()
    settings = yield from _project(config)
    if settings is None:
        return
    yield from _masters(settings)
    yield from _managers(settings)


def _python() -> Iterator[Line]:
    yield Line("ok", "penstock", f"{penstock.__version__} on python {platform.python_version()} ({sys.executable})")
    missing = [library for library in _MANAGER_LIBRARIES if find_spec(library) is None]
    if missing:
        yield Line(
            "warn",
            "manager extra",
            f"not installed ({', '.join(missing)}): this Penstock cannot publish to nginx on this machine",
            "Where it should: pip install 'penstock[manager]'",
        )
    else:
        yield Line("ok", "manager extra", "installed")


def _git() -> Iterator[Line]:
    path = shutil.which("git")
    if path is None:
        yield Line("fail", "git", "not found on PATH, and the history needs it", "Install it: apt-get install git")
        return
    found = re.search(r"(\d+)\.(\d+)[.\d]*", _output(path, "--version"))
    if found is None:
        yield Line("fail", "git", f"{path} does not say its version", "Check the installation of git.")
    elif (int(found[1]), int(found[2])) < _OLDEST_GIT:
        yield Line("fail", "git", f"{found[0]} is too old for the history", "Install git 2.20 or newer.")
    else:
        yield Line("ok", "git", f"{found[0]} ({path})")


def _nginx() -> Iterator[Line]:
    folders = dict.fromkeys([*os.environ.get("PATH", os.defpath).split(os.pathsep), *_SBIN])
    found = dict.fromkeys(
        os.path.realpath(path)
        for folder in folders
        for name in ("nginx", "nginx-debug", "openresty")
        if (path := shutil.which(name, path=folder))
    )
    for path in found:
        version = re.search(r"(nginx|openresty)/[\w.]+.*", _output(path, "-v"))
        if version:
            yield Line("ok", "nginx", f"{version[0]} ({path})")
        else:
            yield Line("warn", "nginx", f"{path} does not say its version", f"Run {path} -v.")
    if not found:
        yield Line(
            "warn",
            "nginx",
            "no binary on this machine",
            "Only publishing to this machine needs one: apt-get install nginx",
        )


def _output(*command: str) -> str:
    try:
        end = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return end.stdout + end.stderr
