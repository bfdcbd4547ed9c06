"""`penstock rules`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from penstock.cli.options import config_option, format_option

if TYPE_CHECKING:
    from pathlib import Path


@click.group("rules")
def command() -> None:
    """What Penstock checks."""


@command.command("list")
@format_option
@config_option
def list_rules(form: str, config: Path | None) -> None:
    """List every rule and policy, the project's own included."""
    from penstock.cli.options import project
    from penstock.cli.terminal import print_json, print_text, style
    from penstock.rules.registry import load_rules

    settings = project(config)
    rules = load_rules(settings.check.policies)
    if form == "json":
        print_json(
            {
                "rules": [
                    {
                        "id": rule.id,
                        "title": rule.title,
                        "severity": rule.severity.word,
                        "profiles": sorted(rule.profiles),
                        "pack": rule.pack,
                        "sources": list(rule.sources),
                    }
                    for rule in rules
                ]
            }
        )
        return
    wide = max((len(rule.id) for rule in rules), default=0)
    for rule in rules:
        where = "" if "default" in rule.profiles else style(f" ({', '.join(sorted(rule.profiles)) or 'all'})", dim=True)
        print_text(f"{style(f'{rule.id:<{wide}}', bold=True)}  {rule.severity.word:<7}  {rule.title}{where}\n")
