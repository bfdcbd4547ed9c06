"""Recording a publication in the journal, and before it what was found there and never recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.history import Entry, secrets_in
from penstock.model import Outcome, State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.history import Journal
    from penstock.model import FileSet
    from penstock.publish.plan import Plan
    from penstock.publish.publish import Publication

OBSERVED = "observed"  # stands as the plan of an entry that no plan made


def record(journal: Journal, plan: Plan, publication: Publication, bases: Mapping[str, FileSet] | None = None) -> str:
    """The commit that says how the plan ended; the files of the targets that are active by it stand in it.

    bases: instance uid -> what it ran before (by default those of the publication). One that the journal's newest
    files are not is recorded first, as observed, so that a rollback can reach it; unless it holds a secret.
    Said twice, it is recorded once. Raises what `Journal.record` raises.
    """
    bases = publication.bases if bases is None else bases
    for instance, _ in publication.results:
        if instance.uid in bases:
            _record_observed(journal, plan, publication, instance.name, _relative(bases[instance.uid]))
    files = {target.instance.uid: target.files for target in plan.targets}
    return journal.record(
        Entry(
            author=plan.author,
            when=publication.ended,
            message=plan.message,
            plan=plan.digest,
            target=plan.target,
            outcome=publication.outcome,
            results={instance.name: result.state for instance, result in publication.results},
            source_revision=plan.source_revision,
        ),
        {
            instance.name: _relative(files[instance.uid])
            for instance, result in publication.results
            if result.state is State.ACTIVE
        },
    )


def _record_observed(
    journal: Journal, plan: Plan, publication: Publication, name: str, files: Mapping[str, bytes]
) -> None:
    if journal.latest(name) == files or any(secrets_in(path, data) for path, data in files.items()):
        return
    journal.record(
        Entry(
            author=plan.author,
            when=publication.started,
            message=f"{name}: what it ran before this was published, put there by somebody else",
            plan=OBSERVED,
            target=plan.target,
            outcome=Outcome.ACTIVE,
            results={name: State.ACTIVE},
        ),
        {name: files},
    )


def _relative(files: FileSet) -> dict[str, bytes]:
    return {files.relative(path): data for path, data in files.inside.items()}
