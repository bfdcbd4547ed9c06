"""Whether a set of files can be published to an instance at all: decided before anything is written."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.config import parse

if TYPE_CHECKING:
    from penstock.agent.masters import Master
    from penstock.model import Config, FileSet

# Directives whose first argument is a file or folder that the *running* nginx writes or listens on.
_WRITTEN = frozenset(
    {
        "access_log", "client_body_temp_path", "error_log", "fastcgi_cache_path", "fastcgi_temp_path", "listen",
        "lock_file", "pid", "proxy_cache_path", "proxy_temp_path", "scgi_cache_path", "scgi_temp_path",
        "uwsgi_cache_path", "uwsgi_temp_path",
    }
)  # fmt: skip


def objection(master: Master, live: FileSet, wanted: FileSet, configs: tuple[Config, ...]) -> str:
    """Why these files cannot go to this instance, as a sentence; empty when they can."""
    if wanted.entry != master.conf_path:
        return f"the main file of these files is {wanted.entry}, and this nginx reads {master.conf_path}"
    if wanted.entry not in wanted.files:
        return f"the main file {wanted.entry} is not among the files"
    for path, data in wanted.files.items():
        if not wanted.holds(path) and live.files.get(path, _read(path)) != data:
            return f"{path} differs from what is there, and a publish changes nothing outside {wanted.root}"
    for config in configs:
        for directive in config.walk():
            if directive.name in _WRITTEN and directive.args:
                path = posixpath.normpath(posixpath.join(master.prefix, directive.args[0].removeprefix("unix:")))
                if wanted.holds(path):
                    return (
                        f"{directive.name} names {path}, inside {wanted.root}: nginx writes there while it runs, and a "
                        "publish replaces that folder as a whole; move it out"
                    )
    return _compiled_in(master, wanted, configs[-1])


def _compiled_in(master: Master, wanted: FileSet, config: Config) -> str:
    """Whether nginx writes inside root by its own defaults or arguments."""
    written = [("its first error log", master.first_error_log)]
    pid = master.main_values(config, "pid") or (master.build.option("pid-path") or "logs/nginx.pid",)
    written += [("its pid file", path) for path in pid]
    names = {directive.name for directive in config.walk()}
    if "http" in names and "access_log" not in names:
        written.append(("its access log", master.build.option("http-log-path") or "logs/access.log"))
    for what, name in written:
        path = posixpath.normpath(posixpath.join(master.prefix, name))
        if wanted.holds(path):
            return (
                f"nginx writes {what} to {path}, inside {wanted.root}, as it was built or started, and a publish "
                "replaces that folder as a whole; name another place in the configuration, or with -e"
            )
    return ""


def unread(files: FileSet) -> str:
    """Why files that nginx would take cannot be published all the same: one of them is included by nothing."""
    stray = min(files.inside.keys() - parse(files).sources.keys(), default="")
    return stray and f"{stray} is included by nothing, so nginx would not read it; include it, or leave it out"


def _read(path: str) -> bytes | None:
    try:
        return Path(path).read_bytes()
    except OSError:
        return None
