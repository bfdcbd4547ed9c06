"""The report of a bug in Penstock: enough to find it, and nothing that may not leave the machine."""

from __future__ import annotations

import platform
import re
import tempfile
import traceback
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import penstock

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECRET_NAMES = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|_KEY|AUTH", re.IGNORECASE)
_SECRETS = (
    (re.compile(r"-----BEGIN [^-]*-----.*?(-----END [^-]*-----|\Z)", re.DOTALL), "[pem]"),
    (re.compile(r"(?i)\b(basic|bearer)\s+[\w.~+/=-]+"), r"\1 [secret]"),
    (re.compile(r"(://)[^/\s@]*@"), r"\1[secret]@"),
)
_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
_MESSAGE_LENGTH = 300


def write_report(error: BaseException, arguments: list[str], environment: Mapping[str, str]) -> Path:
    """The path of a new report, readable by its owner alone.

    It holds versions, which command ran, and the traceback. What an exception says may quote a configuration, so
    everything in quotes is left out of it; local variables are never printed.
    """
    handle, name = tempfile.mkstemp(prefix="penstock-report-", suffix=".txt")
    with open(handle, "w", encoding="utf-8", errors="backslashreplace") as file:  # noqa: PTH123 - a descriptor
        file.write(_redact(report_text(error, arguments), environment))
    return Path(name)


def report_text(error: BaseException, arguments: list[str]) -> str:
    """The report before the environment's secrets are taken out."""
    command = next((argument for argument in arguments if not argument.startswith("-")), "")
    lines = [
        f"penstock {penstock.__version__}, python {platform.python_version()}, {platform.platform()}",
        f"command: penstock {command}",
        *(f"{name} {_version(name)}" for name in ("click", "crossplane", "jinja2", "gitpython", "httpx2")),
        "",
        *_frames(error),
    ]
    return "\n".join(lines) + "\n"


def _frames(error: BaseException) -> list[str]:
    chain: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in chain:
        chain.append(at)
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    lines: list[str] = []
    for exception in reversed(chain):
        lines.append("Traceback (most recent call last):")
        lines.extend(line.rstrip() for line in traceback.format_tb(exception.__traceback__))
        lines.append(f"{type(exception).__name__}: {_QUOTED.sub('[quoted]', str(exception))[:_MESSAGE_LENGTH]}")
        lines.append("")
    return lines


def _version(name: str) -> str:
    # A broken install must not hide the bug.
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _redact(text: str, environment: Mapping[str, str]) -> str:
    for name, value in environment.items():
        if _SECRET_NAMES.search(name) and 4 <= len(value):
            text = text.replace(value, "[secret]")
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text
