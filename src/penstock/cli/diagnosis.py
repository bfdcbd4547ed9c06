"""What `penstock doctor` looks at: one function for each subject, each yielding lines."""

from __future__ import annotations

import asyncio
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import penstock
from penstock.cli.embedded import local_masters, missing_libraries
from penstock.cli.options import project
from penstock.cli.session import open_session
from penstock.errors import PenstockError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.ports import Observed
    from penstock.settings import Settings, TargetSettings

_OLDEST_GIT = (2, 20)
_SBIN = ("/usr/sbin", "/usr/local/sbin", "/usr/local/nginx/sbin", "/opt/nginx/sbin")


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
    try:
        settings = project(config)
    except PenstockError as error:
        yield Line("fail", "project", error.message, error.way_out)
        return
    yield from _project(settings)
    yield from _masters(settings)
    yield from _managers(settings)


def _python() -> Iterator[Line]:
    yield Line("ok", "penstock", f"{penstock.__version__} on python {platform.python_version()} ({sys.executable})")
    missing = missing_libraries()
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


def _project(settings: Settings) -> Iterator[Line]:
    if settings.file is None:
        yield Line(
            "warn",
            "project",
            "no penstock.toml here or above",
            "`penstock check FILE` works without; publishing needs one.",
        )
        return
    configs, targets = len(settings.configs), len(settings.targets)
    yield Line("ok", "project", f"{settings.file}: {configs} config(s), {targets} target(s)")
    yield Line(
        "ok", "history", f"{settings.history}{'' if settings.history.exists() else ', begun by the first publish'}"
    )


def _masters(settings: Settings) -> Iterator[Line]:
    found = local_masters(settings).observe()
    allowed = ", ".join(settings.manager.allow)
    if not found:
        yield Line(
            "warn",
            "nginx master",
            f"none runs from below {allowed}",
            "Start nginx, or set manager.allow to where its files are.",
        )
    for master in found:
        yield from _master(master)


def _master(master: Observed) -> Iterator[Line]:
    subject = f"nginx master {master.name}"
    yield Line("ok", subject, f"pid {master.pid}, nginx {master.version}, {master.conf_path}")
    try:
        os.kill(master.pid, 0)
    except PermissionError:
        yield Line(
            "fail", subject, f"this user may not signal pid {master.pid}", "Run penstock as root or as its owner."
        )
    root = Path(master.root)
    if root.is_mount():
        yield Line(
            "fail", subject, f"{root} is a mount point, and cannot be exchanged", "Mount the directory above it."
        )
    elif not os.access(root.parent, os.W_OK):
        yield Line(
            "fail", subject, f"this user may not write in {root.parent}", "Run penstock as root or as its owner."
        )
    else:
        yield _exchange(subject, root)


def _exchange(subject: str, root: Path) -> Line:
    """Whether two directories beside the root can be exchanged; both are gone again afterwards."""
    from penstock.agent.tree import CannotExchange, exchange

    try:
        with tempfile.TemporaryDirectory(prefix=".penstock-doctor-", dir=root.parent) as folder:
            one, other = Path(folder, "one"), Path(folder, "other")
            one.mkdir()
            other.mkdir()
            exchange(one, other)
    except CannotExchange as error:
        return Line("fail", subject, str(error.strerror), f"Put {root} on ext4, xfs or btrfs, and not on an overlay.")
    except OSError as error:
        return Line("fail", subject, f"{root.parent}: {error.strerror}", f"Make room beside {root}.")
    return Line("ok", subject, f"{root} can be exchanged in one step")


def _managers(settings: Settings) -> Iterator[Line]:
    asked: dict[str, TargetSettings] = {}
    for target in settings.targets.values():
        if target.manager:
            asked.setdefault(target.manager, target)
    for url, target in asked.items():
        try:
            instances = asyncio.run(_count(settings, target))
        except PenstockError as error:
            yield Line("fail", f"manager {url}", error.message, error.way_out)
        else:
            yield Line("ok", f"manager {url}", f"answers, and knows {instances} instance(s)")


async def _count(settings: Settings, target: TargetSettings) -> int:
    async with open_session(settings, target) as manager:
        return len(await manager.names())
