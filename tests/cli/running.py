"""Running the command line: in this process for what it says, in one of its own for how it ends."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.__main__ import run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PENSTOCK = (sys.executable, "-m", "penstock")


@dataclass(frozen=True, slots=True)
class End:
    """How a command line ended."""

    code: int
    stdout: str
    stderr: str


def penstock(*arguments: str | Path, stdin: bytes = b"") -> End:
    """The command line in this process and this folder."""
    stdout, stderr = io.StringIO(), io.StringIO()
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(stdin))
    try:
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
            code = run([str(argument) for argument in arguments])
    finally:
        sys.stdin = before
    return End(code, stdout.getvalue(), stderr.getvalue())


def process(*arguments: str | Path, stdin: bytes = b"", environment: Sequence[tuple[str, str]] = ()) -> End:
    """The command line in a process of its own."""
    end = subprocess.run(
        [*PENSTOCK, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        check=False,
        timeout=60,
        env={**os.environ, **dict(environment)},
    )
    return End(end.returncode, end.stdout.decode(), end.stderr.decode())
