"""`penstock history log`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from penstock.cli.options import config_option, format_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command("log")
@click.argument("instance", default="")
@click.option("--limit", "-n", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many.")
@format_option
@config_option
def command(instance: str, limit: int, form: str, config: Path | None) -> None:
    """Show the newest publishes first; with INSTANCE those that changed it or tried to."""
    from penstock.cli.history import document, paragraph, reading
    from penstock.cli.terminal import print_json, print_text

    with reading(config) as journal:
        versions = journal.log(instance=instance, limit=limit)
    if form == "json":
        print_json({"versions": [document(version) for version in versions]})
        return
    print_text("\n".join(paragraph(version) for version in versions))
