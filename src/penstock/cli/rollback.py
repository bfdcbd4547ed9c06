"""`penstock rollback`."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from penstock.cli.exit_codes import DONE
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
    from collections.abc import Mapping

    from penstock.cli.planning import Gate
    from penstock.client import Manager
    from penstock.ports import Probe
    from penstock.publish import Plan
    from penstock.settings import Settings, TargetSettings


@click.command("rollback")
@click.argument("target", shell_complete=complete_target)
@click.option(
    "--to", metavar="REV", default="", help="A version of the history. Default: each instance's version before."
)
@click.option("--plan-only", is_flag=True, help="Write TARGET.rollback.plan.json, and do nothing.")
@yes_option
@message_option
@cacert_option
@format_option
@config_option
def command(  # noqa: PLR0917 - Click calls it by name
    target: str,
    to: str,
    message: str,
    cacert: Path | None,
    form: str,
    config: Path | None,
    *,
    plan_only: bool,
    yes: bool,
) -> int:
    """Bring TARGET back to an earlier version of its history: an ordinary publish, its diff shown first."""
    from penstock.cli.planning import Gate
    from penstock.errors import Refused

    settings = project(config)
    gate = Gate(settings)
    try:
        return asyncio.run(
            _roll_back(
                settings,
                find_target(settings, target),
                gate,
                to=to,
                message=message,
                cacert=cacert,
                form=form,
                plan_only=plan_only,
                yes=yes,
            )
        )
    except Refused:
        gate.show()
        raise


async def _roll_back(
    settings: Settings,
    target: TargetSettings,
    gate: Gate,
    *,
    to: str,
    message: str,
    cacert: Path | None,
    form: str,
    plan_only: bool,
    yes: bool,
) -> int:
    from penstock.cli.carrying_out import agree, carry_out
    from penstock.cli.session import open_session

    async with open_session(settings, target, cacert=cacert) as manager:
        plan = await _plan(manager, settings, target, gate, to=to, message=message)
        if plan_only:
            return _write(plan, form)
        agree(plan, form=form, yes=yes)
        return await carry_out(manager, settings, plan, gate.approve(plan), form=form)


async def _plan(
    manager: Manager, settings: Settings, target: TargetSettings, gate: Gate, *, to: str, message: str
) -> Plan:
    from penstock.cli.embedded import now
    from penstock.cli.source import author
    from penstock.errors import NotFound
    from penstock.history import Journal
    from penstock.publish import make_rollback_plan

    if not settings.history.exists():
        raise NotFound(
            f"there is no history at {settings.history}, so there is nothing to go back to",
            way_out="The first `penstock publish` of this project begins it.",
        )
    with Journal(settings.history) as journal:
        return await make_rollback_plan(
            manager,
            target,
            journal,
            to=to,
            check=gate.report,
            now=now(),
            author=author(settings.folder, os.environ),
            message=message,
            probes=await _probes(manager, settings, target),
        )


async def _probes(manager: Manager, settings: Settings, target: TargetSettings) -> Mapping[str, tuple[Probe, ...]]:
    """The target's probes with today's values; none where those are what is broken: going back must not need them."""
    from penstock.cli.planning import probes_of
    from penstock.cli.terminal import tell
    from penstock.errors import PenstockError
    from penstock.publish import resolve_target

    instances = await resolve_target(manager, target)
    try:
        return probes_of(settings, target, instances)
    except PenstockError as error:
        tell(f"warning: going back without probes: {error}")
        return {}


def _write(plan: Plan, form: str) -> int:
    from penstock.cli.plan_text import plan_document, plan_text
    from penstock.cli.terminal import print_json, print_text, tell
    from penstock.publish import write_plan

    path = Path(f"{plan.target}.rollback.plan.json")
    write_plan(plan, path)
    if form == "json":
        print_json({"file": str(path), **plan_document(plan)})
    else:
        print_text(plan_text(plan))
    tell(f"Written to {path}; nothing was changed.")
    return DONE
