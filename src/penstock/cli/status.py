"""`penstock status`."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from penstock.cli.exit_codes import CHANGES, DONE, UNREACHABLE
from penstock.cli.options import cacert_option, complete_target, config_option, find_target, format_option, project

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from penstock.publish import InstanceStatus
    from penstock.settings import Settings

_SYNC = {True: ("as recorded", "green"), False: ("DRIFTED", "red"), None: ("not recorded", "yellow")}


@click.command("status")
@click.argument("target", shell_complete=complete_target)
@click.option("--exit-code", "tell_by_exit", is_flag=True, help="Exit with 3 when an instance is not as recorded.")
@cacert_option
@format_option
@config_option
def command(target: str, cacert: Path | None, form: str, config: Path | None, *, tell_by_exit: bool) -> int:
    """Show what TARGET's instances run now, and whether that is what was last published there."""
    from penstock.cli.terminal import print_json, print_text

    rows = asyncio.run(_ask(project(config), target, cacert))
    if form == "json":
        print_json({"target": target, "instances": [_document(row) for row in rows]})
    else:
        print_text("".join(_line(row) for row in rows))
    if any(row.live is None for row in rows):
        return UNREACHABLE
    return CHANGES if tell_by_exit and any(row.in_sync is False for row in rows) else DONE


async def _ask(settings: Settings, name: str, cacert: Path | None) -> Sequence[InstanceStatus]:
    from penstock.cli.session import open_session
    from penstock.history import Journal
    from penstock.publish import fleet_status

    target = find_target(settings, name)
    with ExitStack() as stack:
        journal = stack.enter_context(Journal(settings.history)) if settings.history.exists() else None
        async with open_session(settings, target, cacert=cacert) as manager:
            return await fleet_status(manager, target, journal=journal)


def _line(row: InstanceStatus) -> str:
    from penstock.cli.terminal import style

    instance = row.instance
    if row.live is None:
        return f"{style(instance.name, bold=True)}  {style('cannot be asked', fg='red')}: {row.problem}\n"
    word, color = _SYNC[row.in_sync]
    lines = [
        (
            f"{style(instance.name, bold=True)}  {style(word, fg=color)}  {row.live.digest[:12]} since "
            f"{row.live.updated_at:%Y-%m-%d %H:%M:%SZ}  nginx {instance.nginx_version or '?'}"
            f"{'' if instance.online else '  offline'}"
        )
    ]
    if row.external_id:
        lines.append(f"    published as {row.external_id[:12]}")
    if row.last is not None:
        result = row.last.of(instance)
        how = f"{result.state}, {result.message}" if result else row.last.message
        lines.append(f"    last publish {row.last.updated_at:%Y-%m-%d %H:%M:%SZ}: {how}")
    return "\n".join(lines) + "\n"


def _document(row: InstanceStatus) -> dict[str, object]:
    return {
        "instance": row.instance.name,
        "uid": row.instance.uid,
        "online": row.instance.online,
        "nginx_version": row.instance.nginx_version,
        "digest": row.live.digest if row.live else None,
        "updated_at": row.live.updated_at.isoformat() if row.live else None,
        "external_id": row.external_id,
        "in_sync": row.in_sync,
        "last_deployment": row.last.uid if row.last else None,
        "problem": row.problem,
    }
