"""`penstock history diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from penstock.cli.exit_codes import CHANGES, DONE
from penstock.cli.options import config_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command("diff")
@click.argument("old", default="HEAD~1")
@click.argument("new", default="HEAD")
@click.option("--instance", default="", help="Only what changed on this instance.")
@click.option("--exit-code", "tell_by_exit", is_flag=True, help="Exit with 3 when they differ.")
@config_option
def command(old: str, new: str, instance: str, config: Path | None, *, tell_by_exit: bool) -> int:
    """Show what changed between two publishes."""
    from penstock.cli.history import reading
    from penstock.cli.terminal import colored_diff, print_text, tell

    with reading(config) as journal:
        diff = journal.diff(old, new, instance=instance)
    print_text(colored_diff(diff))
    if not diff:
        tell(f"No difference between {old} and {new}.")
    return CHANGES if diff and tell_by_exit else DONE
