"""Plan files: JSON that a person can read and that nobody can change unnoticed."""

from __future__ import annotations

import base64
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from penstock.errors import NotFound, Refused, UsageError
from penstock.model import Base, FileSet, Group, Instance
from penstock.ports import Probe
from penstock.publish.blast import BlastRadius, Touched
from penstock.publish.plan import Plan, TargetPlan, plan_document, refuse_secrets

FORMAT = "penstock-plan/1"
_AGAIN = "Make the plan again."


def write_plan(plan: Plan, path: Path) -> None:
    """Write the plan whole or not at all, readable by its owner alone; what stood at path is replaced.

    Raises Refused for a plan that holds a secret, UsageError where it cannot be written.
    """
    refuse_secrets(plan)
    document = {"format": FORMAT, "digest": plan.digest, **plan_document(plan)}
    text = json.dumps(document, indent=2, sort_keys=True) + "\n"
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise UsageError(f"the plan cannot be written to {path}: {error.strerror}") from error


def read_plan(path: Path) -> Plan:
    """The plan in a file. Raises NotFound, Refused for a file that is not the plan its digest names, UsageError."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFound(f"there is no plan at {path}", way_out="`penstock plan` makes one.") from error
    except OSError as error:
        raise UsageError(f"the plan {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Refused(f"{path} is no plan: it is not UTF-8", way_out=_AGAIN) from error
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused(f"{path} is no plan: {error}", way_out=_AGAIN) from error
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise Refused(f"{path} is no plan of the form {FORMAT}", way_out=_AGAIN)
    try:
        plan = _plan(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Refused(f"{path} is no whole plan ({type(error).__name__}: {error})", way_out=_AGAIN) from error
    written = {key: value for key, value in document.items() if key not in {"format", "digest"}}
    if plan.digest != document.get("digest") or json.loads(json.dumps(plan_document(plan))) != written:
        raise Refused(f"the plan {path} was changed after it was made: its digest does not fit", way_out=_AGAIN)
    return plan


def _plan(document: Mapping[str, Any]) -> Plan:
    blast = document["blast"]
    group = document["group"]
    return Plan(
        target=document["target"],
        created_at=_time(document["created_at"]),
        author=document["author"],
        message=document["message"],
        source_revision=document["source_revision"],
        deadline_s=float(document["deadline_s"]),
        group=Group(**{**group, "instance_uids": tuple(group["instance_uids"])}) if group else None,
        blast=BlastRadius(
            instances=tuple(blast["instances"]),
            **{key: _touched(blast[key]) for key in ("server_names", "sockets", "certificates")},
        ),
        targets=tuple(_target(target) for target in document["targets"]),
    )


def _touched(document: Mapping[str, list[str]]) -> Touched:
    return Touched(**{key: tuple(names) for key, names in document.items()})


def _target(document: Mapping[str, Any]) -> TargetPlan:
    base = document["base"]
    files = FileSet(
        document["root"],
        document["entry"],
        {name: _bytes(contents) for name, contents in document["files"].items()},
    )
    if files.digest != document["digest"]:
        raise ValueError(f"the files of {document['instance']['name']} are not those of their digest")
    return TargetPlan(
        instance=Instance(**document["instance"]),
        base=Base(base["digest"], base["tag"], _time(base["updated_at"])),
        files=files,
        diff=document["diff"],
        probes=tuple(Probe(**probe) for probe in document["probes"]),
    )


def _bytes(contents: Mapping[str, str]) -> bytes:
    if "text" in contents:
        return contents["text"].encode("utf-8")
    return base64.b64decode(contents["base64"], validate=True)


def _time(text: str) -> datetime:
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise ValueError(f"the time {text} has no zone")
    return when
