"""`penstock diff`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli.exit_codes import CHANGES, DONE
from penstock.cli.options import cacert_option, config_option, project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.settings import Settings, TargetSettings


@click.command("diff")
@click.argument("old", metavar="A")
@click.argument("new", metavar="B", default="")
@click.option("--exit-code", "tell_by_exit", is_flag=True, help="Exit with 3 when they differ.")
@cacert_option
@config_option
def command(old: str, new: str, cacert: Path | None, config: Path | None, *, tell_by_exit: bool) -> int:
    """Show what is different from A to B, as a unified diff.

    \b
    A and B are each one of
      PATH                         a file, a folder, or a plan file
      rev:REVISION:INSTANCE        what the history has: rev:HEAD~1:edge-1
      live:INSTANCE                what its manager reads from the node now
      desired:TARGET/INSTANCE      what this folder would publish

    B may be left out for live:INSTANCE: it is what this folder would publish there.
    """
    from penstock.cli.differing import unified
    from penstock.cli.terminal import colored_diff, print_text, tell

    settings = project(config)
    before = _files(settings, old, cacert)
    after = _files(settings, new or _counterpart(settings, old), cacert)
    diff = unified(before, after)
    print_text(colored_diff(diff))
    if not diff:
        tell("No difference.")
    return CHANGES if diff and tell_by_exit else DONE


def _counterpart(settings: Settings, old: str) -> str:
    kind, _, instance = old.partition(":")
    if kind != "live":
        raise click.UsageError(f"{old} is compared with what? Name B.")
    return f"desired:{_target_of(settings, instance).name}/{instance}"


def _target_of(settings: Settings, instance: str) -> TargetSettings:
    """The target that an instance belongs to, as far as the project says. Raises NotFound."""
    from penstock.cli.instances import places
    from penstock.errors import NotFound

    for target in settings.targets.values():
        if any(place.instance == instance for place in places(settings, target)):
            return target
    raise NotFound(
        f"no target of {settings.file or 'this folder'} has an instance {instance!r}",
        way_out="A target names its instance, and [manager.groups] the members of its group.",
    )


def _files(settings: Settings, word: str, cacert: Path | None) -> Mapping[str, bytes]:
    from penstock.cli import differing

    kind, colon, rest = word.partition(":")
    if not colon or kind not in ("rev", "live", "desired"):
        path = Path(word)
        return differing.files_of_plan(path) if path.name.endswith(".plan.json") else differing.files_on_disk(path)
    if not rest or (kind == "rev" and ":" not in rest):
        raise click.BadParameter(f"{word!r} is not complete; see penstock diff --help", param_hint="A or B")
    if kind == "rev":
        revision, _, instance = rest.partition(":")
        return differing.files_of_revision(settings, revision, instance)
    if kind == "desired":
        target, _, instance = rest.partition("/")
        return differing.files_desired(settings, target, instance)
    return asyncio.run(_live(settings, rest, cacert))


async def _live(settings: Settings, instance: str, cacert: Path | None) -> Mapping[str, bytes]:
    from penstock.cli.session import find_instance, open_session

    target = _target_of(settings, instance)
    async with open_session(settings, target, cacert=cacert) as manager:
        live = await manager.live(await find_instance(manager, instance))
    return {live.files.relative(path): data for path, data in live.files.inside.items()}
