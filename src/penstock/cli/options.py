"""Options that several commands take, and the settings that they lead to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from penstock.settings import Settings, TargetSettings

config_option = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Read this settings file. Default: PENSTOCK_CONFIG, else the nearest penstock.toml.",
)

format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    envvar="PENSTOCK_FORMAT",
    default="text",
    show_default=True,
    help="How results are shown on stdout.",
)

cacert_option = click.option(
    "--cacert",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The only authority to believe for the manager's certificate. Verification has no off switch.",
)

yes_option = click.option("--yes", is_flag=True, help="Do not ask.")

message_option = click.option("--message", "-m", default="", help="Why, for the history.")


def project(config: Path | None) -> Settings:
    """The settings of the project around the working folder."""
    from penstock.errors import UsageError
    from penstock.settings.load import load_settings

    try:
        folder = Path.cwd()
    except FileNotFoundError as exc:
        raise UsageError("the working folder does not exist any more", way_out="Change to one that does.") from exc
    return load_settings(folder, os.environ, config=config)


def find_target(settings: Settings, name: str) -> TargetSettings:
    """The target of that name. Raises NotFound with the nearest name."""
    from penstock.errors import NotFound
    from penstock.settings.table import nearest

    if name in settings.targets:
        return settings.targets[name]
    known = ", ".join(settings.targets)
    guess = nearest(name, tuple(settings.targets))
    where = f"{settings.file} has {known or 'none'}" if settings.file else "no settings file was found"
    raise NotFound(
        f"there is no target {name!r}: {where}",
        way_out=f"Did you mean {guess!r}?" if guess else "A target is a table [targets.NAME] in penstock.toml.",
    )


def complete_target(ctx: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """The names of targets that begin so, for the shell's completion."""
    from penstock.errors import PenstockError

    try:
        settings = project(ctx.params.get("config"))
    except PenstockError:
        return []
    return [name for name in settings.targets if name.startswith(begun)]
