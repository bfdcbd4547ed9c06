"""The door to the nginx binary: what it says of itself, and what it says of a configuration."""

from __future__ import annotations

import functools
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from penstock.errors import StateUnknown

_SECONDS_FOR_VERSION = 10.0
# `nginx: [emerg] text` before a log is open, `time [emerg] pid#tid: text` afterwards.
_COMPLAINT = re.compile(r"\[(?:emerg|alert|crit|error)\] (?:\d+#\d+: )?(.*)")


@dataclass(frozen=True, slots=True)
class Build:
    """What `nginx -V` prints. version: without `nginx/`. error_log: the compiled default, absolute or empty."""

    version: str
    arguments: tuple[str, ...]

    def option(self, name: str) -> str:
        """The value of `--name=value` among the configure arguments, or empty."""
        for argument in self.arguments:
            if argument.startswith(f"--{name}="):
                return argument.split("=", 1)[1]
        return ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How `nginx -t` ended. text: what it complained of, without time stamps and the closing line."""

    passed: bool
    text: str


def read_build(executable: str) -> Build:
    """What this binary was built as. Raises StateUnknown where it cannot be run."""
    status = Path(executable).stat()
    return _read_build(executable, status.st_ino, status.st_mtime_ns)


@functools.lru_cache(maxsize=64)
def _read_build(executable: str, _inode: int, _changed_ns: int) -> Build:
    try:
        end = _run((executable, "-V"), timeout_s=_SECONDS_FOR_VERSION)
    except subprocess.TimeoutExpired:
        raise StateUnknown(f"{executable} -V gave no answer within {_SECONDS_FOR_VERSION:.0f} s") from None
    found = re.search(r"nginx version: [^/\s]+/(\S+)", end.stderr)
    if found is None:
        raise StateUnknown(f"{executable} -V does not say which nginx it is: {end.stderr.strip()[:200]}")
    _, _, arguments = end.stderr.partition("configure arguments:")
    return Build(found[1], tuple(shlex.split(arguments)))


def try_config(executable: str, conf: str, prefix: str, extra: tuple[str, ...], *, timeout_s: float) -> Verdict:
    """What `nginx -t` says of the configuration at conf. It may resolve names by DNS, hence the timeout, in seconds."""
    try:
        end = _run((executable, "-t", "-c", conf, "-p", prefix, *extra), timeout_s=timeout_s)
    except subprocess.TimeoutExpired:
        return Verdict(passed=False, text=f"nginx -t gave no answer within {timeout_s:.0f} s")
    complaints = [found[1] for line in end.stderr.splitlines() if (found := _COMPLAINT.search(line))]
    return Verdict(end.returncode == 0, "; ".join(complaints) or end.stderr.strip())


def _run(words: tuple[str, ...], *, timeout_s: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=timeout_s,
        stdin=subprocess.DEVNULL,
    )
