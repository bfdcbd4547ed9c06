"""`penstock history`: what was published, by whom, when, why and how it ended."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from penstock.cli import HISTORY_COMMANDS, LazyGroup

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from penstock.history import Journal, Version

command = LazyGroup(
    "history",
    package="penstock.cli.history",
    modules=HISTORY_COMMANDS,
    help="Look into the record of every publish.",
)


@contextmanager
def reading(config: Path | None) -> Iterator[Journal]:
    """The project's journal, open for reading. Raises NotFound where nothing was ever recorded: reading makes none."""
    from penstock.cli.options import project
    from penstock.errors import NotFound
    from penstock.history import Journal

    path = project(config).history
    if not path.exists():
        raise NotFound(
            f"there is no history at {path}", way_out="The first `penstock publish` of this project begins it."
        )
    with Journal(path) as journal:
        yield journal


def document(version: Version) -> dict[str, object]:
    """A version as `--format json` shows it."""
    entry = version.entry
    return {
        "commit": version.commit,
        "when": entry.when.isoformat(),
        "author": entry.author,
        "message": entry.message,
        "target": entry.target,
        "plan": entry.plan,
        "outcome": entry.outcome.value,
        "results": {name: state.value for name, state in entry.results.items()},
        "source_revision": entry.source_revision,
        "instances": list(version.instances),
    }


def paragraph(version: Version) -> str:
    """A version as a person reads it: three or four lines."""
    from penstock.cli.terminal import style

    entry = version.entry
    colors = {"active": "green", "unchanged": "green", "mixed": "red", "unknown": "red"}
    lines = [
        (
            f"{style(version.commit[:12], fg='yellow')}  {entry.when:%Y-%m-%d %H:%M:%SZ}  {entry.target}  "
            f"{style(entry.outcome.value, fg=colors.get(entry.outcome.value, 'yellow'))}  {entry.author}"
        ),
        *(f"    {line}" for line in entry.message.splitlines()),
        f"    {', '.join(f'{name} {state.value}' for name, state in entry.results.items()) or 'no instance'}",
        f"    plan {entry.plan[:12]}" + (f", from {entry.source_revision}" if entry.source_revision else ""),
    ]
    return "\n".join(lines) + "\n"
