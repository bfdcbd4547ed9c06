"""Penstock: the sluice gate between a git repository of NGINX configuration and the fleet that runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from penstock.model import Report

__all__ = ["__version__", "check"]

__version__ = "0.1.0"


def check(path: str | os.PathLike[str], *, nginx_version: str = "", profile: str = "default") -> Report:
    """What the rules of a profile find in the configuration whose main file `path` is; nothing is executed.

    nginx_version: a release that the catalogue knows; empty for the newest. profile: default, strict or all.
    No penstock.toml is read. `Report.open` are the verdicts that no comment suppresses, `Report.blocking` the errors
    among them. Raises penstock.errors.UsageError for a file that cannot be read, an unknown release or profile.
    """
    # Late, so that `import penstock` costs nothing.
    from pathlib import Path  # noqa: PLC0415

    from penstock.analysis import Profile, analyse  # noqa: PLC0415
    from penstock.config import load_path, parse  # noqa: PLC0415
    from penstock.rules.registry import load_rules  # noqa: PLC0415

    judged_by = Profile(name=profile, nginx_version=nginx_version)
    return analyse(parse(load_path(Path(path))), load_rules(), judged_by)
