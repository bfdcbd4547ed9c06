"""Entries, and the commit messages that hold them: the reason in prose, every fact as a trailer.

A commit message is the message, an empty line, and one block of trailers that `git interpret-trailers` reads:

    Plan: <digest>                       Result: <quoted instance>=<state>            one per instance
    Target: <name>                       Tree-Digest: <quoted instance>=sha256:<hex>  one per recorded tree
    Outcome: <outcome>                   Sequence: <number of this entry, from 1>
    Source-Revision: <revision>
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from penstock.history.layout import quote, unquote
from penstock.model import Outcome, State

if TYPE_CHECKING:
    from collections.abc import Mapping

_PERSON = re.compile(r"(?P<name>.*) <(?P<mail>.*)> (?P<seconds>-?\d+) [+-]\d{4}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One publish, as it is recorded.

    author: "Name <mail>" or a name. when: aware; kept to the second, in UTC. message: why. plan: the plan's digest.
    results: instance name -> how its publish ended. source_revision: of the repository that the plan was made from.
    """

    author: str
    when: datetime
    message: str
    plan: str
    target: str
    outcome: Outcome
    results: Mapping[str, State]
    source_revision: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """An entry in its place in the history. instances: those whose tree this commit changed, sorted."""

    commit: str
    entry: Entry
    instances: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """All that a commit object says. tree, parents: object names. digests: instance name -> digest of its tree."""

    tree: str
    parents: tuple[str, ...]
    entry: Entry
    sequence: int
    digests: Mapping[str, str]


def normalised(entry: Entry) -> Entry:
    """The entry as git will give it back: UTC to the second, no control characters, one line where there is one.

    Raises ValueError for a time without a zone.
    """
    if entry.when.tzinfo is None:
        raise ValueError("the time of an entry needs a zone")
    target = _line(entry.target)
    return replace(
        entry,
        author=_author(entry.author),
        when=entry.when.astimezone(UTC).replace(microsecond=0),
        message=_text(entry.message) or f"{target}: {entry.outcome.value}",
        plan=_line(entry.plan),
        target=target,
        results=dict(sorted(entry.results.items())),
        source_revision=_line(entry.source_revision),
    )


def _text(text: str) -> str:
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n")).strip()


def _line(text: str) -> str:
    return " ".join(_text(text).split())


def _author(author: str) -> str:
    """ "Name <mail>", or the name alone; git allows neither `<` nor `>` inside them, and no empty name."""
    name, bracket, mail = _line(author).partition("<")
    name, mail = (re.sub("[<>]", "", part).strip() for part in (name, mail))
    name = name or mail or "unknown"
    return f"{name} <{mail}>" if bracket and mail else name


def person_line(entry: Entry) -> str:
    """The author of a normalised entry as git writes it: `Name <mail> seconds +0000`."""
    person = entry.author if entry.author.endswith(">") else f"{entry.author} <>"
    return f"{person} {int(entry.when.timestamp())} +0000"


def format_message(entry: Entry, *, sequence: int, digests: Mapping[str, str]) -> str:
    """The commit message of a normalised entry."""
    trailers = [f"Plan: {entry.plan}", f"Target: {entry.target}", f"Outcome: {entry.outcome.value}"]
    if entry.source_revision:
        trailers.append(f"Source-Revision: {entry.source_revision}")
    trailers.append(f"Sequence: {sequence}")
    trailers += (f"Result: {quote(name)}={state.value}" for name, state in sorted(entry.results.items()))
    trailers += (f"Tree-Digest: {quote(name)}=sha256:{digest}" for name, digest in sorted(digests.items()))
    return f"{entry.message}\n\n" + "\n".join(trailers) + "\n"


def parse_commit(data: bytes) -> Record:
    """What a commit object says. Raises ValueError, in a sentence, where it is not one of ours."""
    head, _, message = data.decode("utf-8", "surrogateescape").partition("\n\n")
    tree, parents, person = "", [], None
    for line in head.split("\n"):
        key, _, value = line.partition(" ")
        if key == "tree":
            tree = value
        elif key == "parent":
            parents.append(value)
        elif key == "author":
            person = _PERSON.fullmatch(value)
    if person is None:
        raise ValueError("its author line cannot be read")
    prose, _, block = message.rstrip("\n").rpartition("\n\n")
    single, results, digests = _parse_trailers(block)
    missing = [key for key in ("Plan", "Target", "Outcome", "Sequence") if key not in single]
    if missing:
        raise ValueError(f"the trailer {missing[0]} is missing")
    if not single["Sequence"].isdecimal():
        raise ValueError(f"the trailer Sequence is {single['Sequence']!r}, which is not a number")
    entry = Entry(
        author=f"{person['name']} <{person['mail']}>" if person["mail"] else person["name"],
        when=datetime.fromtimestamp(int(person["seconds"]), UTC),
        message=prose,
        plan=single["Plan"],
        target=single["Target"],
        outcome=Outcome(single["Outcome"]),
        results=results,
        source_revision=single.get("Source-Revision", ""),
    )
    return Record(tree, tuple(parents), entry, int(single["Sequence"]), digests)


def _parse_trailers(block: str) -> tuple[dict[str, str], dict[str, State], dict[str, str]]:
    single: dict[str, str] = {}
    results: dict[str, State] = {}
    digests: dict[str, str] = {}
    for line in block.split("\n"):
        key, colon, value = line.partition(":")
        value = value.removeprefix(" ")
        if not colon:
            raise ValueError(f"{line!r} is not a trailer")
        name, _, what = value.rpartition("=")
        if key == "Result":
            results[unquote(name)] = State(what)
        elif key == "Tree-Digest":
            digests[unquote(name)] = what.removeprefix("sha256:")
        elif key in single:
            raise ValueError(f"the trailer {key} stands there twice")
        else:
            single[key] = value
    return single, results, digests
