"""`penstock stage`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli.exit_codes import DONE
from penstock.cli.options import cacert_option, config_option, find_target, format_option, project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.cli.planning import Gate
    from penstock.publish import Plan
    from penstock.settings import Settings


@click.command("stage")
@click.argument("plan", type=click.Path(dir_okay=False, path_type=Path))
@cacert_option
@format_option
@config_option
def command(plan: Path, cacert: Path | None, form: str, config: Path | None) -> int:
    """Put the files of PLAN on the manager, with nothing live by it: for others to look at there."""
    from penstock.cli.planning import Gate
    from penstock.cli.terminal import print_json, print_text, tell
    from penstock.errors import Refused
    from penstock.publish import read_plan

    settings = project(config)
    read = read_plan(plan)
    gate = Gate(settings)
    try:
        staged = asyncio.run(_stage(settings, read, gate, cacert))
    except Refused:
        gate.show()
        raise
    names = {target.instance.uid: target.instance.name for target in read.targets}
    if form == "json":
        print_json({"plan": read.digest, "staged": {names[uid]: config_uid for uid, config_uid in staged.items()}})
    else:
        print_text("".join(f"{names[uid]}  {config_uid}\n" for uid, config_uid in staged.items()))
    tell(f"{len(set(staged.values()))} staged, nothing is live by it." if staged else "Nothing would change.")
    return DONE


async def _stage(settings: Settings, plan: Plan, gate: Gate, cacert: Path | None) -> Mapping[str, str]:
    from penstock.cli.session import open_session
    from penstock.publish import stage_plan

    accepted = gate.approve(plan)
    async with open_session(settings, find_target(settings, plan.target), cacert=cacert) as manager:
        return await stage_plan(manager, plan, accepted)
