"""Who publishes, and from which revision: what the environment and the project's own git repository say.

The history's library reads the journal; this is the user's own repository and identity, so git itself is asked.
"""

from __future__ import annotations

import getpass
import os
import platform
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_GIT_TIMEOUT_S = 10


def author(folder: Path, environment: Mapping[str, str]) -> str:
    """ "Name <mail>" of whoever publishes: GIT_AUTHOR_*, then git's configuration, then the user and the host."""
    name = environment.get("GIT_AUTHOR_NAME") or _git(folder, "config", "user.name") or _login()
    mail = environment.get("GIT_AUTHOR_EMAIL") or _git(folder, "config", "user.email")
    return f"{name} <{mail or f'{_login()}@{platform.node()}'}>"


def revision(folder: Path) -> str:
    """The commit that the folder's files are of, with `-dirty` where they are not quite; empty outside of git."""
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    if not commit:
        return ""
    return f"{commit}-dirty" if _git(folder, "status", "--porcelain", "--", ".") else commit


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        return f"uid-{os.getuid()}"


def _git(folder: Path, *words: str) -> str:
    """The first line of what git answers; empty where it is not installed, refuses or takes too long."""
    try:
        end = subprocess.run(
            ["git", "-C", str(folder), *words],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_GIT_TIMEOUT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return end.stdout.strip() if end.returncode == 0 else ""
