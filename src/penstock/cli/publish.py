"""`penstock publish`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli.options import (
    cacert_option,
    complete_target,
    config_option,
    find_target,
    format_option,
    message_option,
    project,
    yes_option,
)

if TYPE_CHECKING:
    from penstock.cli.planning import Gate
    from penstock.settings import Settings


@click.command("publish")
@click.argument("plan", metavar="PLAN|TARGET", shell_complete=complete_target)
@yes_option
@message_option
@cacert_option
@format_option
@config_option
def command(plan: str, message: str, cacert: Path | None, form: str, config: Path | None, *, yes: bool) -> int:
    """Do what PLAN says, prove that it is live, and record it; or plan for TARGET, ask, and do that.

    A plan is refused where an instance has moved since it was made. When one target fails, those that went active are
    put back. Ctrl-C stops after the current target.
    """
    from penstock.cli.planning import Gate
    from penstock.errors import Refused

    settings = project(config)
    gate = Gate(settings)
    is_target = plan in settings.targets or not (Path(plan).exists() or plan.endswith(".json"))
    if message and not is_target:
        raise click.UsageError("A plan has its message already; --message belongs to a TARGET.")
    try:
        if is_target:
            work = _publish_target(settings, plan, gate, message=message, cacert=cacert, form=form, yes=yes)
        else:
            work = _publish_plan(settings, Path(plan), gate, cacert, form)
        return asyncio.run(work)
    except Refused:
        gate.show()
        raise


async def _publish_plan(settings: Settings, path: Path, gate: Gate, cacert: Path | None, form: str) -> int:
    from penstock.cli.carrying_out import carry_out
    from penstock.cli.session import open_session
    from penstock.publish import read_plan

    plan = read_plan(path)
    accepted = gate.approve(plan)
    async with open_session(settings, find_target(settings, plan.target), cacert=cacert) as manager:
        return await carry_out(manager, settings, plan, accepted, form=form)


async def _publish_target(
    settings: Settings, name: str, gate: Gate, *, message: str, cacert: Path | None, form: str, yes: bool
) -> int:
    from penstock.cli.carrying_out import agree, carry_out
    from penstock.cli.planning import plan_target
    from penstock.cli.session import open_session

    target = find_target(settings, name)
    async with open_session(settings, target, cacert=cacert) as manager:
        plan = await plan_target(manager, settings, target, gate=gate, message=message)
        agree(plan, form=form, yes=yes)
        return await carry_out(manager, settings, plan, gate.approve(plan), form=form)
