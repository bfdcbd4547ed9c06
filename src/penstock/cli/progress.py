"""Progress on stderr: a bar on a terminal, a line for each step elsewhere."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from penstock.cli.terminal import tell
from penstock.model import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from penstock.publish import Progress


@contextmanager
def showing_progress(total: int) -> Iterator[Callable[[Progress], None]]:
    """A function that shows each step. total: how many targets there are to end."""
    if not total or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda step: tell(f"{step.instance}: {_words(step)}")
        return
    # On a pipe nobody sees a bar, and nobody waits for rich.
    from rich import progress as rich_progress
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn

    columns = (BarColumn(bar_width=24), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with rich_progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        ended: set[str] = set()

        def show(step: Progress) -> None:
            line = escape(f"{step.instance}: {_words(step)}")
            if step.state is State.PENDING:
                bar.update(task, description=line)
                return
            bar.console.print(line, highlight=False)
            ended.add(step.instance)
            bar.update(task, completed=min(len(ended), total))

        yield show


def _words(step: Progress) -> str:
    return step.message if step.state is State.PENDING else f"{step.state.value}, {step.message}"
