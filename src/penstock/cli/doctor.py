"""`penstock doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from penstock.cli.exit_codes import DONE, FINDINGS
from penstock.cli.options import config_option, format_option

if TYPE_CHECKING:
    from pathlib import Path

_COLORS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command("doctor")
@format_option
@config_option
def command(form: str, config: Path | None) -> int:
    """Look at this machine and this project, and say what stands in the way. Changes nothing.

    Exits with 1 when something fails; a warning is what some commands need and others do not.
    """
    from penstock.cli.diagnosis import examine
    from penstock.cli.terminal import print_json, print_text, style

    lines = []
    for line in examine(config):
        lines.append(line)
        if form == "text":
            print_text(f"{style(f'{line.state:<4}', fg=_COLORS[line.state])}  {line.subject}: {line.fact}\n")
            if line.way_out:
                print_text(f"      {line.way_out}\n")
    if form == "json":
        print_json(
            {
                "lines": [
                    {"state": line.state, "subject": line.subject, "fact": line.fact, "way_out": line.way_out}
                    for line in lines
                ]
            }
        )
    return FINDINGS if any(line.state == "fail" for line in lines) else DONE
