"""`penstock history verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from penstock.cli.exit_codes import DONE, FINDINGS
from penstock.cli.options import config_option, format_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command("verify")
@format_option
@config_option
def command(form: str, config: Path | None) -> int:
    """Prove the history: git's own fsck, an unbroken line of commits, digests that match, and no secret in it."""
    from penstock.cli.history import reading
    from penstock.cli.terminal import print_json, print_text, tell

    with reading(config) as journal:
        problems = journal.verify()
        path = journal.path
    if form == "json":
        print_json({"problems": list(problems)})
    else:
        print_text("".join(f"{problem}\n" for problem in problems))
    count = len(problems)
    tell(f"{path}: {count} problem{'' if count == 1 else 's'}" if problems else f"{path} is sound.")
    return FINDINGS if problems else DONE
