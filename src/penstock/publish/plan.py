"""Plan: everything that a publish will do, as one frozen value that its digest names."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from penstock.errors import Refused
from penstock.history import secrets_in
from penstock.model import Accepted, Base, FileSet, Group, Instance, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from penstock.ports import Probe
    from penstock.publish.blast import BlastRadius


@dataclass(frozen=True)
class TargetPlan:
    """One instance of a plan: what it is to run, and the version that it ran when the plan was made.

    files: inside root what is published; outside root what is on the node, for the rules to see.
    """

    instance: Instance
    base: Base
    files: FileSet
    diff: str
    probes: tuple[Probe, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether the plan changes its bytes."""
        return self.base.digest != self.files.digest


@dataclass(frozen=True)
class Plan:
    """A publish, ready to be carried out.

    target: its name in the settings. group: the group that is published to as one, or None for one publish for
    each instance, in the order of targets. deadline_s: of each publish on its node.
    """

    target: str
    created_at: datetime
    author: str
    message: str
    source_revision: str
    targets: tuple[TargetPlan, ...]
    blast: BlastRadius
    deadline_s: float
    group: Group | None = None

    @cached_property
    def digest(self) -> str:
        """64 hex digits of SHA-256 over everything that the plan says."""
        text = json.dumps(plan_document(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def external_id(self) -> str:
        """What the manager keeps beside the published version: the source's revision, else the plan's digest."""
        return self.source_revision or self.digest


def approve(plan: Plan, check: Callable[[FileSet], Report]) -> Mapping[str, Accepted]:
    """Instance uid -> its files, accepted by a check made now; the only thing that can be staged and published.

    Raises Refused, naming the instance, where the check blocks or the files hold a key or a token.
    """
    refuse_secrets(plan)
    reports: dict[str, Report] = {}
    accepted = {}
    for target in plan.targets:
        files = target.files
        seen = hashlib.sha256(repr((files.root, sorted(files.files.items()))).encode()).hexdigest()
        if seen not in reports:
            reports[seen] = check(files)
        try:
            accepted[target.instance.uid] = Accepted(files, reports[seen])
        except Refused as error:
            raise Refused(f"{target.instance.name}: {error.message}", way_out=error.way_out) from error
    return accepted


def refuse_secrets(plan: Plan) -> None:
    """Raises Refused, with place and kind, for a key or a token among the files of a plan."""
    for target in plan.targets:
        for path, data in target.files.inside.items():
            for found in secrets_in(path, data):
                raise Refused(
                    f"{target.instance.name}: {found.path}:{found.line} holds a {found.kind}, and no secret may enter "
                    "a plan or the history",
                    way_out="Keep it on the node outside the published directory, and include or name it there.",
                )


# ------------------------------------------------------------------------------------------------ as a document


def plan_document(plan: Plan) -> dict[str, Any]:
    """The plan as JSON has it: what the digest is over, and what stands in the file besides the digest."""
    return {
        "target": plan.target,
        "created_at": plan.created_at.isoformat(),
        "author": plan.author,
        "message": plan.message,
        "source_revision": plan.source_revision,
        "deadline_s": plan.deadline_s,
        "group": plan.group._asdict() if plan.group else None,
        "blast": asdict(plan.blast),
        "targets": [_target_document(target) for target in plan.targets],
    }


def _target_document(target: TargetPlan) -> dict[str, Any]:
    base, files = target.base, target.files
    return {
        "instance": target.instance._asdict(),
        "base": {"digest": base.digest, "tag": base.tag, "updated_at": base.updated_at.isoformat()},
        "digest": files.digest,
        "root": files.root,
        "entry": files.entry,
        "files": {_name(path): _contents(data) for path, data in sorted(files.files.items())},
        "diff": target.diff,
        "probes": [probe._asdict() for probe in target.probes],
    }


def _name(path: str) -> str:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Refused(f"the file {path!r} has a name that is not UTF-8, and cannot be published") from error
    return path


def _contents(data: bytes) -> dict[str, str]:
    """Text where it is UTF-8, so that a plan can be read; base64 elsewhere."""
    try:
        return {"text": data.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode("ascii")}
