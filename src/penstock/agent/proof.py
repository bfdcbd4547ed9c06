"""Proof that a reload took effect: new workers live, the error log is quiet, probes are answered.

`nginx -s reload` and a HUP say nothing about the result: on failure nginx logs and keeps the old workers
(src/os/unix/ngx_process_cycle.c). At the default log level no line says "ok", so new workers are the main evidence.
"""

from __future__ import annotations

import os
import posixpath
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.agent import probe as probing
from penstock.agent.decide import Watch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from penstock.agent.masters import Master, Worker
    from penstock.model import Config
    from penstock.ports import Probe

_SECONDS_PER_LOOK = 0.05
_SECONDS_PER_PROBE = 5.0
# A line of ngx_log_error_core: time [level] pid#tid: (*connection)? message. With a connection it is about a request.
_LINE = re.compile(r"\[(emerg|alert|crit)\] (\d+)#\d+: (?!\*)(.*)")
# bind() is tried 5 times, 500 ms apart (ngx_open_listening_sockets); only the last word counts.
_TRANSIENT = re.compile(r"bind\(\) to .* failed")
_GIVEN_UP = "still could not bind()"


@dataclass(frozen=True, slots=True)
class Before:
    """What stood before the signal: the workers, and how long each error log was. logs: path -> (inode, bytes)."""

    worker_pids: frozenset[int]
    logs: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether it holds, why not, and the evidence."""

    holds: bool
    message: str
    evidence: tuple[str, ...] = ()


def error_logs(master: Master, *configs: Config) -> tuple[str, ...]:
    """The error log files that the master itself writes to under any of these configs, absolute."""
    found: list[str] = []
    for config in configs:
        found += master.main_values(config, "error_log") or (master.first_error_log,)
    files = [
        posixpath.normpath(posixpath.join(master.prefix, path))
        for path in found
        if not path.startswith(("syslog:", "memory:"))
    ]
    return tuple(dict.fromkeys(path for path in files if not path.endswith("/stderr")))


def look(master: Master, logs: Sequence[str]) -> Before:
    """What to compare with afterwards."""
    marks = {}
    for path in logs:
        try:
            status = Path(path).stat()
        except OSError:
            marks[path] = (0, 0)
            continue
        marks[path] = (status.st_ino, status.st_size)
    return Before(frozenset(worker.pid for worker in master.workers()), marks)


def settle(master: Master, *, deadline_s: float) -> None:
    """Wait until the master has dealt with earlier signals: a second one at once would blur what the first brought."""
    end = time.monotonic() + deadline_s
    while not master.resting and master.alive and time.monotonic() < end:
        time.sleep(_SECONDS_PER_LOOK)


def wanted_workers(master: Master, config: Config) -> int:
    """How many workers this configuration starts: worker_processes, `auto` being the processors online."""
    word = next(iter(master.main_values(config, "worker_processes")), "1")
    return (os.cpu_count() or 1) if word == "auto" else int(word) if word.isdecimal() else 1


def prove(master: Master, before: Before, *, workers: int, probes: Sequence[Probe], deadline_s: float) -> Proof:
    """Wait until the reload is proven or disproven, deadline_s seconds at most, and half a second a probe."""
    end = time.monotonic() + deadline_s
    watch = Watch(before.worker_pids, workers, time.monotonic(), deadline_s)
    while True:
        if not master.alive:
            return Proof(holds=False, message=f"the nginx master (pid {master.pid}) died during the reload")
        resting = master.resting  # asked before the workers are listed, which a resting master has started
        now_workers = master.workers()
        complaint = _complaint(master, before, now_workers)
        if complaint:
            return Proof(holds=False, message=f"nginx logged: {complaint}")
        failure = watch.judge(time.monotonic(), now_workers, resting=resting)
        if failure:
            return Proof(holds=False, message=failure + _where_it_says_why(before))
        if failure is not None:
            break
        time.sleep(_SECONDS_PER_LOOK)
    for probe in probes:
        failure = probing.ask(probe, timeout_s=min(_SECONDS_PER_PROBE, max(0.5, end - time.monotonic())))
        if failure:
            return Proof(holds=False, message=failure)
    evidence = [f"{len(watch.fresh)} new worker{'s' if 1 < len(watch.fresh) else ''} of master {master.pid} serve"]
    if before.logs:
        evidence.append("the error log holds nothing against it")
    evidence += [f"GET {probe.url} answered {probe.status}" for probe in probes]
    return Proof(holds=True, message="nginx serves it", evidence=tuple(evidence))


def _where_it_says_why(before: Before) -> str:
    if before.logs:
        return f"; see {', '.join(before.logs)}"
    return "; it logs to no file, so look where its stderr or syslog goes for the reason"


def _is_new(worker: Worker, before: Before) -> bool:
    return worker.pid not in before.worker_pids and not worker.leaving


def _complaint(master: Master, before: Before, workers: Sequence[Worker]) -> str:
    """The first line since the signal in which the master, or a worker that it started since, gives up."""
    fresh = {worker.pid for worker in workers if _is_new(worker, before)}
    for path, mark in before.logs.items():
        for line in _since(path, mark):
            found = _LINE.search(line)
            if not found or int(found[2]) in before.worker_pids:
                continue
            message = found[3]
            by_us = int(found[2]) == master.pid or int(found[2]) in fresh or _GIVEN_UP in message
            if by_us and not _TRANSIENT.search(message):
                return _with_bind(path, mark, message)
    return ""


def _with_bind(path: str, mark: tuple[int, int], message: str) -> str:
    """For `still could not bind()`, the line that says to what and why."""
    if _GIVEN_UP not in message:
        return message
    for line in _since(path, mark):
        found = _LINE.search(line)
        if found and _TRANSIENT.search(found[3]):
            return found[3]
    return message


def _since(path: str, mark: tuple[int, int]) -> list[str]:
    inode, size = mark
    try:
        with open(path, "rb") as log:  # noqa: PTH123 - one call, and the inode is asked of the open file
            log.seek(size if os.fstat(log.fileno()).st_ino == inode else 0)
            return log.read(4_000_000).decode(errors="replace").splitlines()
    except OSError:
        return []
