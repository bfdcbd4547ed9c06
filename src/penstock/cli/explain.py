"""`penstock explain`."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import click

from penstock.cli.options import config_option, format_option

if TYPE_CHECKING:
    from pathlib import Path


def complete_rule(_ctx: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """The ids of shipped rules that begin so, for the shell's completion."""
    from penstock.rules.registry import load_rules

    return [rule.id for rule in load_rules() if rule.id.startswith(begun)]


@click.command("explain")
@click.argument("rule", shell_complete=complete_rule)
@format_option
@config_option
def command(rule: str, form: str, config: Path | None) -> None:
    """Show a rule's manual: what it finds, why, with examples that Penstock's own tests run."""
    from penstock.cli.options import project
    from penstock.cli.terminal import print_json, print_text, style
    from penstock.config import PROBLEM_KINDS
    from penstock.errors import NotFound
    from penstock.rules.registry import load_rules
    from penstock.settings.table import nearest

    rules = {found.id: found for found in load_rules(project(config).check.policies)}
    found = rules.get(rule)
    if found is None and rule in PROBLEM_KINDS:
        return _explain_problem(rule, form)
    if found is None:
        guess = nearest(rule, (*rules, *PROBLEM_KINDS))
        raise NotFound(
            f"there is no rule {rule!r}",
            way_out=f"Did you mean {guess!r}?" if guess else "`penstock rules list` shows them all.",
        )
    options = {field.name: getattr(found.options, field.name) for field in fields(found.options)}
    if form == "json":
        print_json(
            {
                "id": found.id,
                "title": found.title,
                "severity": found.severity.word,
                "profiles": sorted(found.profiles),
                "pack": found.pack,
                "doc": found.doc.strip(),
                "options": {
                    name: value if isinstance(value, (bool, int, float, str)) else str(value)
                    for name, value in options.items()
                },
                "sources": list(found.sources),
            }
        )
        return None
    print_text(f"{style(found.id, bold=True)}  {found.severity.word}\n\n{found.doc.strip()}\n")
    if options:
        print_text(f'\nOptions, under [check.rules."{found.id}"]:\n')
        print_text("".join(f"  {name} = {value!r}\n" for name, value in options.items()))
    print_text("\nSources:\n" + "".join(f"  {source}\n" for source in found.sources))
    return None


def _explain_problem(kind: str, form: str) -> None:
    """What stops nginx itself from reading a file: no profile switches it off, so it has no options."""
    from penstock.cli.terminal import print_json, print_text, style
    from penstock.config import PROBLEM_KINDS

    if form == "json":
        print_json({"id": kind, "title": PROBLEM_KINDS[kind], "severity": "error"})
        return
    print_text(f"{style(kind, bold=True)}\n\n{PROBLEM_KINDS[kind]}.\n\n")
    print_text("The parser says so itself, whatever the profile: nginx could not read this as it is meant.\n")
