"""From a target to a plan: what each instance should run, judged here, over what it runs now."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from penstock.analysis import accept
from penstock.cli.embedded import now
from penstock.cli.judging import Judge, judge_of
from penstock.cli.source import author, revision
from penstock.config import parse
from penstock.publish import approve, make_plan, resolve_target
from penstock.render import desired, render_probes, target_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from penstock.client import Manager
    from penstock.model import Accepted, FileSet, Instance, Report
    from penstock.ports import Probe
    from penstock.publish import Plan
    from penstock.settings import Settings, TargetSettings


class Gate:
    """The project's own judgement of files that are to be published, and everything that it said so far."""

    def __init__(self, settings: Settings) -> None:
        self.judge: Judge = judge_of(settings.check)
        self.reports: list[tuple[FileSet, Report]] = []

    def report(self, files: FileSet) -> Report:
        """What the rules find in the files; kept, to be shown."""
        report = self.judge.report(parse(files))
        self.reports.append((files, report))
        return report

    def approve(self, plan: Plan) -> Mapping[str, Accepted]:
        """The plan's files, accepted by a check made now. Raises Refused."""
        return approve(plan, self.report)

    def show(self) -> None:
        """Print what blocks: findings on stdout, their number on stderr. An open gate says nothing."""
        from penstock.cli.reporting import show

        if any(report.blocking for _, report in self.reports):
            show(self.reports, self.judge, "text")


async def plan_target(
    manager: Manager, settings: Settings, target: TargetSettings, *, gate: Gate, message: str
) -> Plan:
    """The plan that brings the project's files to every instance of the target, accepted by the gate.

    Raises Refused where the gate stays shut; `gate.reports` says why.
    """
    instances = await resolve_target(manager, target)
    wanted = {instance.uid: _desired(settings, target, instance) for instance in instances}
    reports = {uid: gate.report(files) for uid, files in wanted.items()}
    plan = await make_plan(
        manager,
        target,
        {uid: accept(files, reports[uid]) for uid, files in wanted.items()},
        instances,
        probes=probes_of(settings, target, instances),
        now=now(),
        author=author(settings.folder, os.environ),
        source_revision=revision(settings.folder),
        message=message,
    )
    # Once more with the files outside the root that only the node has.
    gate.reports.clear()
    gate.approve(plan)
    return plan


def probes_of(
    settings: Settings, target: TargetSettings, instances: Sequence[Instance]
) -> Mapping[str, tuple[Probe, ...]]:
    """Instance uid -> the target's probes with that instance's values in them. Raises Refused for what is missing."""
    return {
        instance.uid: render_probes(
            target,
            target_values(settings, target, instance=instance.name),
            instance=instance.name,
            root=_root(target, instance),
        )
        for instance in instances
    }


def _desired(settings: Settings, target: TargetSettings, instance: Instance) -> FileSet:
    return desired(settings, target, instance=instance.name, root=_root(target, instance))


def _root(target: TargetSettings, instance: Instance) -> str:
    return target.root or instance.root
