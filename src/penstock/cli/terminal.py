"""What may be shown where: colour, width, and the one way to print a document."""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

_NARROW, _WIDE = 60, 160


def wants_color(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether colours belong on the stream: NO_COLOR, then FORCE_COLOR, then a terminal that is not dumb.

    Source: https://no-color.org and https://force-color.org: each counts when it is there and not empty.
    """
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return environment.get("TERM") != "dumb" and stream.isatty()


def stdout_color() -> bool:
    """Whether results may be coloured."""
    return wants_color(sys.stdout, os.environ)


def is_interactive() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def width() -> int:
    """Columns for a person's report: the terminal's, or COLUMNS, or 120; within reason."""
    return max(_NARROW, min(_WIDE, shutil.get_terminal_size((120, 24)).columns))


def style(text: str, *, fg: str = "", bold: bool = False, dim: bool = False) -> str:
    """The text in colour where stdout may have it."""
    if not stdout_color():
        return text
    return click.style(text, fg=fg or None, bold=bold or None, dim=dim or None)


def print_json(document: Mapping[str, object]) -> None:
    """One JSON object on stdout. Its first key says which version of its shape it is."""
    click.echo(json.dumps({"version": 1, **document}, indent=2))


def print_text(text: str) -> None:
    """A result on stdout, with the colours that it has; bytes that were not UTF-8 are shown as U+FFFD."""
    shown = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    click.echo(shown, nl=False, color=stdout_color())


def plain(text: str) -> str:
    """What a file says, fit for a terminal: there, everything that it would obey is replaced by U+FFFD.

    A pipe gets the text as it is.
    """
    if not sys.stdout.isatty():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)


def colored_diff(diff: str) -> str:
    """A unified diff with added lines green and removed lines red where stdout may have it."""
    diff = plain(diff)
    if not stdout_color():
        return diff
    return "".join(_colored(f"{line}\n") for line in diff.split("\n")[:-1])


def _colored(line: str) -> str:
    if line.startswith(("+++", "---", "diff ")):
        return click.style(line, bold=True)
    for start, color in (("+", "green"), ("-", "red"), ("@@", "cyan")):
        if line.startswith(start):
            return click.style(line, fg=color)
    return line


def tell(sentence: str) -> None:
    """A message for the person, on stderr: never a result.

    A publish must not die because nobody reads what it says, so a reader that went away is no error.
    """
    try:
        click.echo(sentence, err=True)
    except BrokenPipeError:
        return
