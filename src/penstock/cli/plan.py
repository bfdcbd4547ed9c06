"""`penstock plan`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli.exit_codes import CHANGES, DONE
from penstock.cli.options import (
    cacert_option,
    complete_target,
    config_option,
    find_target,
    format_option,
    message_option,
    project,
)

if TYPE_CHECKING:
    from penstock.cli.planning import Gate
    from penstock.publish import Plan
    from penstock.settings import Settings, TargetSettings


@click.command("plan")
@click.argument("target", shell_complete=complete_target)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to write the plan. Default: TARGET.plan.json.",
)
@click.option("--exit-code", "tell_by_exit", is_flag=True, help="Exit with 3 when there is something to change.")
@message_option
@cacert_option
@format_option
@config_option
def command(  # noqa: PLR0917 - Click calls it by name
    target: str,
    output: Path | None,
    message: str,
    cacert: Path | None,
    form: str,
    config: Path | None,
    *,
    tell_by_exit: bool,
) -> int:
    """Write down everything that a publish to TARGET would do, and show it.

    The plan holds the files, the version that each instance had, the diff, and whom it touches.
    `penstock publish PLAN` does exactly that, or nothing where an instance has moved since.
    """
    from penstock.cli.plan_text import plan_document, plan_text
    from penstock.cli.planning import Gate
    from penstock.cli.terminal import print_json, print_text, tell
    from penstock.errors import Refused
    from penstock.publish import write_plan

    settings = project(config)
    gate = Gate(settings)
    try:
        plan = asyncio.run(_plan(settings, find_target(settings, target), gate, message, cacert))
    except Refused:
        gate.show()
        raise
    path = output or Path(f"{target}.plan.json")
    write_plan(plan, path)
    if form == "json":
        print_json({"file": str(path), **plan_document(plan)})
    else:
        print_text(plan_text(plan))
    changes = any(one.changed for one in plan.targets)
    tell(f"Written to {path}." if changes else f"Nothing would change. Written to {path}.")
    return CHANGES if changes and tell_by_exit else DONE


async def _plan(settings: Settings, target: TargetSettings, gate: Gate, message: str, cacert: Path | None) -> Plan:
    from penstock.cli.planning import plan_target
    from penstock.cli.session import open_session

    async with open_session(settings, target, cacert=cacert) as manager:
        return await plan_target(manager, settings, target, gate=gate, message=message)
