"""Finding nginx masters on this host, from /proc alone.

Facts: a master's title is `nginx: master process ` and its argv joined by blanks (nginx's ngx_setproctitle); workers
are its children, titled `nginx: worker process`, and `... is shutting down` once they were told to leave.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import signal
import socket
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.agent.arguments import Arguments, read_arguments
from penstock.agent.nginx import Build, read_build
from penstock.config import parse
from penstock.errors import StateUnknown
from penstock.model import FileSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from penstock.model import Config

_TITLE = "nginx: master process "
_WORKER = "nginx: worker process"
_LEAVING = "is shutting down"
_STAT_PPID, _STAT_START = 1, 19  # of the fields after the command's name, from 0 (proc(5): fields 4 and 22)
_HANGUP_BIT = 1 << (signal.SIGHUP - 1)  # in the masks of proc(5), status
_NAMESPACE = uuid.UUID("7b0f2f0e-6b0c-5d3e-9c57-2f6c1e6f3a11")


@dataclass(frozen=True, slots=True)
class Worker:
    """A child of a master that serves. leaving: it ends after its last request."""

    pid: int
    start_ticks: int
    leaving: bool


@dataclass(frozen=True, slots=True)
class Master:
    """A running master. pid and start_ticks (clock ticks since boot) together name one process for ever."""

    pid: int
    start_ticks: int
    started_at: datetime
    arguments: Arguments
    binary: str
    build: Build
    prefix: str
    conf_path: str
    uid: str

    @property
    def root(self) -> str:
        """The directory that a publish replaces."""
        return posixpath.dirname(self.conf_path)

    @property
    def executable(self) -> str:
        """What to run for this very version, also after the file on disk was replaced by an upgrade."""
        return f"/proc/{self.pid}/exe"

    @property
    def alive(self) -> bool:
        """Whether this very process still runs."""
        return _start_ticks(self.pid) == self.start_ticks

    @property
    def resting(self) -> bool:
        """Whether it waits in its main loop: every signal to reload that it was sent has been dealt with.

        A master blocks its signals but while it waits in sigsuspend (ngx_master_process_cycle), so that it reads the
        configuration, resolves names and tries to bind with SIGHUP blocked. False, too, where /proc does not say.
        """
        try:
            text = Path(f"/proc/{self.pid}/status").read_text(errors="replace")
        except OSError:
            return False
        masks = [int(mask, 16) for mask in re.findall(r"^(?:SigPnd|ShdPnd|SigBlk):\s*([0-9a-f]+)$", text, re.MULTILINE)]
        return bool(masks) and not any(mask & _HANGUP_BIT for mask in masks)

    @property
    def extra_arguments(self) -> tuple[str, ...]:
        """The `-g` and `-e` that it was started with, to be given to `nginx -t` too."""
        given = (("-g", self.arguments.directives), ("-e", self.arguments.error_log))
        return tuple(word for option, value in given if value for word in (option, value))

    @property
    def first_error_log(self) -> str:
        """The log that it opens before it has read anything, as given or compiled in."""
        return self.arguments.error_log or self.build.option("error-log-path") or "logs/error.log"

    def main_values(self, config: Config, name: str) -> tuple[str, ...]:
        """The first argument of each directive of that name outside all blocks, in `-g` or in the files."""
        text = self.arguments.directives.encode("utf-8", "surrogateescape")
        given = parse(FileSet("/", "/-g", {"/-g": text}))
        found = (*given.directives, *config.directives)
        return tuple(each.args[0] for each in found if each.name == name and each.args)

    def workers(self) -> tuple[Worker, ...]:
        """Its workers now, by pid."""
        found = []
        for pid in _children(self.pid):
            title, ticks = _title(pid), _start_ticks(pid)
            if ticks is not None and title.startswith(_WORKER):
                found.append(Worker(pid, ticks, leaving=_LEAVING in title))
        return tuple(sorted(found, key=lambda worker: worker.pid))


def find_masters(allowed: Sequence[str]) -> tuple[Master, ...]:
    """The masters of this host whose main file lies below one of the allowed directories, by uid.

    Masters in other mount or pid namespaces (containers) are left out: their paths are not ours. So are those whose
    arguments hold a path with a blank: /proc does not tell where it ends, and another file must not be taken for it.
    """
    ours = _namespaces("self")
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        title = _title(int(entry.name))
        if not title.startswith(_TITLE) or _namespaces(entry.name) != ours:
            continue
        master = _master(int(entry.name), title.removeprefix(_TITLE))
        if master and any(_inside(master.conf_path, folder) for folder in allowed):
            found.append(master)
    return tuple(sorted(found, key=lambda master: (master.uid, master.start_ticks)))


def system_uid() -> str:
    """The same for this host every time; from the machine id, else from the host's name."""
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        try:
            known = Path(path).read_text().strip()
        except OSError:
            continue
        if known:
            # The id itself is confidential (machine-id(5)): only a hash of it leaves the host.
            return str(uuid.uuid3(_NAMESPACE, hashlib.sha256(known.encode()).hexdigest()))
    return str(uuid.uuid3(_NAMESPACE, socket.gethostname()))


def instance_uid(system: str, conf_path: str, prefix: str) -> str:
    """The same for one host, main file and prefix every time, also after an upgrade put the binary elsewhere."""
    return str(uuid.uuid5(_NAMESPACE, f"{system}\n{conf_path}\n{prefix}"))


def display_name(master: Master, names: Mapping[str, str]) -> str:
    """What to call this instance: as configured, else the host's name, with the path where it is not the usual one."""
    if master.conf_path in names:
        return names[master.conf_path]
    host = socket.gethostname()
    return host if master.conf_path == "/etc/nginx/nginx.conf" else f"{host}:{master.conf_path}"


def _master(pid: int, command_line: str) -> Master | None:
    ticks = _start_ticks(pid)
    arguments = read_arguments(command_line)
    try:
        binary = str(Path(f"/proc/{pid}/exe").readlink()).removesuffix(" (deleted)")
        build = read_build(f"/proc/{pid}/exe")
        folder = str(Path(f"/proc/{pid}/cwd").readlink())
    except (OSError, StateUnknown):
        return None  # it ended meanwhile, or is not ours to look at
    if ticks is None or arguments is None:
        return None
    prefix = arguments.prefix or build.option("prefix") or "/usr/local/nginx"
    prefix = posixpath.normpath(posixpath.join(folder, prefix))
    conf = arguments.conf or build.option("conf-path") or "conf/nginx.conf"
    conf = posixpath.normpath(posixpath.join(prefix, conf))
    uid = instance_uid(system_uid(), conf, prefix)
    return Master(pid, ticks, started_at(ticks), arguments, binary, build, prefix, conf, uid)


def _inside(path: str, folder: str) -> bool:
    return path.startswith(posixpath.normpath(folder).rstrip("/") + "/")


def _namespaces(pid: str) -> tuple[str, str] | None:
    try:
        return str(Path(f"/proc/{pid}/ns/mnt").readlink()), str(Path(f"/proc/{pid}/ns/pid").readlink())
    except OSError:
        return None


def _title(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="surrogateescape").strip()
    except OSError:
        return ""


def _fields(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the command's name; None when the process is gone or only a zombie is left."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    fields = text[text.rfind(")") + 2 :].split()
    return None if fields[0] in {"Z", "X"} else fields


def _start_ticks(pid: int) -> int | None:
    fields = _fields(pid)
    return int(fields[_STAT_START]) if fields else None


def _children(pid: int) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = _fields(int(entry.name))
            if fields and int(fields[_STAT_PPID]) == pid:
                yield int(entry.name)


def started_at(ticks: int) -> datetime:
    """When a process began, from its start in clock ticks since boot; exact to one tick (10 ms)."""
    age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return datetime.fromtimestamp(time.time() - age_s, UTC)
