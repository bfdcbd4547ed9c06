"""Carrying a plan out for a person: progress while it runs, a way to stop it, the result, and its record."""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from penstock.cli.exit_codes import Terminated
from penstock.cli.plan_text import plan_text
from penstock.cli.progress import showing_progress
from penstock.cli.terminal import is_interactive, print_json, print_text, style, tell
from penstock.errors import PenstockError, UsageError
from penstock.history import Journal
from penstock.model import EXIT_CODES, Outcome, State
from penstock.publish import publish_plan, record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from penstock.client import Manager
    from penstock.model import Accepted
    from penstock.publish import Plan, Progress, Publication, TargetPlan
    from penstock.settings import Settings

_COLORS = {State.ACTIVE: "green", State.REFUSED: "yellow", State.ROLLED_BACK: "yellow"}
_SENTENCES = {
    Outcome.ACTIVE: "active on every target",
    Outcome.UNCHANGED: "every target ran it already",
    Outcome.REFUSED: "refused; every target is as it was",
    Outcome.ROLLED_BACK: "failed; every target is verified back on its earlier version",
    Outcome.MIXED: "MIXED: some targets are new and some are old",
    Outcome.UNKNOWN: "UNKNOWN: it cannot be said what runs; look at the targets named above",
}


class Stopper:
    """What signals ask for. After the first, no further target is begun; the second ends the waiting, too."""

    def __init__(self) -> None:
        self.asked_by: signal.Signals | None = None

    def is_asked(self) -> bool:
        """Whether somebody asked to stop."""
        return self.asked_by is not None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take SIGINT and SIGTERM while this lasts."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None
        earlier = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

        def ask(number: signal.Signals) -> None:
            if self.asked_by is None:
                self.asked_by = number
                tell("Stopping after the current target. Once more to leave at once.")
            else:
                task.cancel()

        for number in earlier:
            loop.add_signal_handler(number, ask, number)
        try:
            yield
        finally:
            for number, handler in earlier.items():
                loop.remove_signal_handler(number)
                signal.signal(number, handler)


def agree(plan: Plan, *, form: str, yes: bool) -> None:
    """Show the plan and ask for a yes; nothing to change needs none. Raises UsageError where nobody can be asked.

    In JSON the result alone is on stdout, so a person reads the plan on stderr.
    """
    if form == "text":
        print_text(plan_text(plan))
    elif not yes:
        tell(plan_text(plan))
    if yes or not any(target.changed for target in plan.targets):
        return
    if not is_interactive():
        raise UsageError(
            "nobody is there to be asked whether to publish this",
            way_out="Say --yes, or `penstock plan` first and `penstock publish` of what it wrote.",
        )
    click.confirm("Publish?", abort=True, err=True)


async def carry_out(
    manager: Manager, settings: Settings, plan: Plan, accepted: Mapping[str, Accepted], *, form: str
) -> int:
    """Publish the plan, show and record how it ended; gives the exit code.

    Raises what `publish_plan` raises while nothing has moved. A stop by a signal raises KeyboardInterrupt or
    SystemExit whose notes say what state was left.
    """
    stopper = Stopper()
    known: dict[str, Progress] = {}
    with Journal(settings.history) as journal:
        with showing_progress(sum(target.changed for target in plan.targets)) as show:

            def on_progress(progress: Progress) -> None:
                known[progress.instance] = progress
                show(progress)

            try:
                with stopper.listening():
                    publication = await publish_plan(
                        manager, plan, accepted, on_progress=on_progress, stop=stopper.is_asked
                    )
            except asyncio.CancelledError:
                _leave(stopper, [f"{one.instance}: {one.state.value}, {one.message}" for one in known.values()])
                raise
        commit, complaint = _record(journal, plan, publication)
    _show(plan, publication, commit, form)
    if stopper.is_asked() and publication.outcome in (Outcome.MIXED, Outcome.REFUSED):
        _leave(stopper, [f"{one.name}: {end.state.value}, {end.message}" for one, end in publication.results])
    code = EXIT_CODES[publication.outcome]
    if complaint is None:
        return code
    tell(f"error: this is not in the history: {complaint}")
    tell("  Publish the same plan again: it changes nothing, and records it.")
    return code or complaint.exit_code


def _leave(stopper: Stopper, notes: list[str]) -> None:
    """Raise what the signal means, with what is known of the targets."""
    end: BaseException = Terminated() if stopper.asked_by is signal.SIGTERM else KeyboardInterrupt()
    for note in notes or ["no target was begun"]:
        end.add_note(note)
    end.add_note("`penstock status` shows what runs; the same plan can be published again")
    raise end


def _record(journal: Journal, plan: Plan, publication: Publication) -> tuple[str, PenstockError | None]:
    """(the commit, nothing), or (empty, why it could not be recorded): the publish has happened either way."""
    if publication.outcome is Outcome.UNCHANGED and all(_is_recorded(journal, target) for target in plan.targets):
        return "", None
    try:
        return record(journal, plan, publication), None
    except PenstockError as error:
        return "", error


def _is_recorded(journal: Journal, target: TargetPlan) -> bool:
    files = target.files
    return journal.latest(target.instance.name) == {files.relative(path): data for path, data in files.inside.items()}


def _show(plan: Plan, publication: Publication, commit: str, form: str) -> None:
    seconds = (publication.ended - publication.started).total_seconds()
    if form == "json":
        print_json(
            {
                "plan": plan.digest,
                "target": plan.target,
                "outcome": publication.outcome.value,
                "commit": commit,
                "started": publication.started.isoformat(),
                "ended": publication.ended.isoformat(),
                "results": [
                    {
                        "instance": instance.name,
                        "uid": instance.uid,
                        "state": result.state.value,
                        "message": result.message,
                        "evidence": list(result.evidence),
                    }
                    for instance, result in publication.results
                ],
            }
        )
        return
    wide = max((len(instance.name) for instance, _ in publication.results), default=0)
    for instance, result in publication.results:
        state = style(f"{result.state.value:<11}", fg=_COLORS.get(result.state, "red"))
        print_text(f"{instance.name:<{wide}}  {state}  {result.message}\n")
        print_text("".join(f"{'':<{wide}}    {fact}\n" for fact in result.evidence))
    recorded = f", recorded as {commit[:12]}" if commit else ""
    print_text(f"{plan.target}: {_SENTENCES[publication.outcome]} ({seconds:.1f} s{recorded})\n")
