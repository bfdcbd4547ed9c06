"""`penstock history show`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from penstock.cli.options import config_option, format_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command("show")
@click.argument("revision", default="HEAD")
@click.option("--instance", default="", help="Print the files of this instance at that revision instead.")
@format_option
@config_option
def command(revision: str, instance: str, form: str, config: Path | None) -> None:
    """Show one publish: a commit, its first digits, or HEAD~N."""
    from penstock.cli.history import document, paragraph, reading
    from penstock.cli.terminal import plain, print_json, print_text

    with reading(config) as journal:
        version = journal.show(revision)
        files = journal.files(revision, instance) if instance else {}
    if form == "json":
        texts = {path: data.decode("utf-8", "replace") for path, data in files.items()}
        print_json(document(version) | ({"instance": instance, "files": texts} if instance else {}))
    elif instance:
        for path, data in sorted(files.items()):
            text = plain(data.decode("utf-8", "replace"))
            print_text(f"==> {instance}/{path} <==\n{text}{'' if text.endswith(chr(10)) else chr(10)}")
    else:
        print_text(paragraph(version))
