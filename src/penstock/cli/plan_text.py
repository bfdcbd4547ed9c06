"""A plan as a person reads it, and as a program does."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from penstock.cli.terminal import colored_diff, style

if TYPE_CHECKING:
    from penstock.publish import Plan, TargetPlan, Touched

_SHOWN = 12


def plan_text(plan: Plan) -> str:
    """Which instances change and how, and whom it touches. Instances that change alike are shown once."""
    changed = [target for target in plan.targets if target.changed]
    lines = [
        (
            f"{style(f'Plan {plan.digest[:12]}', bold=True)} for {plan.target}: "
            f"{len(changed)} of {_count(len(plan.targets), 'instance')} to change"
        )
    ]
    if plan.message:
        lines.append(f"  {plan.message}")
    alike: dict[str, list[TargetPlan]] = {}
    for target in changed:
        alike.setdefault(target.diff, []).append(target)
    for diff, targets in alike.items():
        lines.append("")
        lines.extend(
            style(f"{one.instance.name}  {one.base.digest[:12]} -> {one.files.digest[:12]}", bold=True)
            for one in targets
        )
        lines.append(colored_diff(diff).rstrip("\n"))
    same = [target.instance.name for target in plan.targets if not target.changed]
    if same:
        lines += ["", f"Unchanged: {', '.join(same)}"]
    if changed:
        lines += ["", *_blast(plan)]
    return "\n".join(lines) + "\n"


def _blast(plan: Plan) -> list[str]:
    blast = plan.blast
    return [
        "Touches",
        f"  instances     {_listed(blast.instances)}",
        f"  server names  {_touched(blast.server_names)}",
        f"  sockets       {_touched(blast.sockets)}",
        f"  certificates  {_touched(blast.certificates)}",
    ]


def _touched(touched: Touched) -> str:
    parts = [
        style(f"+ {_listed(touched.added)}", fg="green") if touched.added else "",
        style(f"- {_listed(touched.removed)}", fg="red") if touched.removed else "",
        f"= {_listed(touched.kept)}" if touched.kept else "",
    ]
    return "  ".join(filter(None, parts)) or "none"


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if _SHOWN < len(names) else shown


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def plan_document(plan: Plan) -> dict[str, object]:
    """What `--format json` shows: all but the files themselves, which the plan file has."""
    return {
        "digest": plan.digest,
        "target": plan.target,
        "author": plan.author,
        "message": plan.message,
        "created_at": plan.created_at.isoformat(),
        "source_revision": plan.source_revision,
        "blast": asdict(plan.blast),
        "targets": [
            {
                "instance": target.instance.name,
                "uid": target.instance.uid,
                "base": target.base.digest,
                "digest": target.files.digest,
                "changed": target.changed,
                "diff": target.diff,
            }
            for target in plan.targets
        ],
    }
