"""The nouns: frozen types that flow from step to step. Standard library only, no effects.

    FileSet --parse--> Config --analyse--> Report --gate--> Accepted --plan/stage/publish--> Outcome

Paths of configuration files are the names that nginx on the *target* uses: absolute, POSIX, normalised.
Where a file was read from, or which template made it, is beside it in `FileSet.origins`, for messages only.
"""

from __future__ import annotations

import bisect
import enum
import hashlib
import posixpath
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from penstock.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

# --------------------------------------------------------------------------------------------- places in text


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of one file. Lines and columns from 1, in characters; `end_column` is one past the last one.

    Byte offsets from 0, `end_byte` one past the last.
    """

    path: str
    line: int
    column: int = 1
    end_line: int = 0
    end_column: int = 0
    start_byte: int = 0
    end_byte: int = 0


@dataclass(frozen=True, eq=False)
class Source:
    """One file's text, and the way from offsets to lines.

    text: the bytes decoded as UTF-8 with `surrogateescape`: a byte that is not UTF-8 is one character,
    and `text.encode("utf-8", "surrogateescape")` gives the very bytes back. No newline is translated.
    nginx counts lines by LF alone, and so do we.
    """

    path: str
    text: str

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """Character offsets at which lines begin; the first is 0."""
        starts = [0]
        find = self.text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        return tuple(starts)

    @cached_property
    def is_ascii(self) -> bool:
        """Whether character offsets are byte offsets."""
        return self.text.isascii()

    def byte_offset(self, offset: int) -> int:
        """The byte offset of a character offset."""
        return offset if self.is_ascii else len(self.text[:offset].encode("utf-8", "surrogateescape"))

    def position(self, offset: int) -> tuple[int, int]:
        """(line, column) of a character offset, both from 1."""
        row = bisect.bisect_right(self.line_starts, offset) - 1
        return row + 1, offset - self.line_starts[row] + 1

    def span(self, start: int, end: int) -> Span:
        """The Span of the characters from start up to, not including, end."""
        line, column = self.position(start)
        end_line, end_column = self.position(end)
        return Span(self.path, line, column, end_line, end_column, self.byte_offset(start), self.byte_offset(end))

    def line_text(self, line: int) -> str:
        """The text of a line (from 1), without its line end; empty past the end of the file."""
        if len(self.line_starts) < line:
            return ""
        start = self.line_starts[line - 1]
        end = self.line_starts[line] - 1 if line < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r")


class Word(str):
    """One token of a config as a str: its value as nginx decodes it, with its place in the source.

    start, end: character offsets of the token as written, quotes included. quote: `'`, `"` or empty.
    """

    __slots__ = ("end", "quote", "start")
    start: int
    end: int
    quote: str

    def __new__(cls, value: str, start: int, end: int, quote: str = "") -> Word:
        """A word of this value that stands from start up to, not including, end."""
        word = super().__new__(cls, value)
        word.start = start
        word.end = end
        word.quote = quote
        return word


# --------------------------------------------------------------------------------------------- files and the tree


def _check_path(path: str) -> None:
    if not path.startswith("/") or posixpath.normpath(path) != path or "\0" in path:
        raise ValueError(f"a FileSet names files by absolute, normalised paths, not {path!r}")


@dataclass(frozen=True)
class Origin:
    """Where a file's text came from, for messages: a path to show, and for rendered text the way back.

    label: the file to name to the user (as on disk, or the template). lines: for rendered text, the
    (label, line, note) of every output line, from the first; empty where text and label have the same lines.
    note: which value stands there and where it was set, e.g. `listen_port = 8080 from values/base.yaml:3`.
    """

    label: str
    lines: tuple[tuple[str, int, str], ...] = ()


@dataclass(frozen=True)
class FileSet:
    """A whole configuration: every file that nginx would read, by the name it has on the target.

    root: the absolute directory that a publish replaces (the directory of `entry` unless told otherwise).
    entry: the absolute path of the main file. Relative includes resolve against the entry's directory, as in
    nginx (ngx_conf_full_name with conf_prefix). Files outside root are read-only context.
    unreadable: path -> why, for files that an include named and that could not be read.
    """

    root: str
    entry: str
    files: Mapping[str, bytes]
    origins: Mapping[str, Origin] = field(default_factory=dict, compare=False)
    unreadable: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path in (self.root, self.entry, *self.files):
            _check_path(path)
        for name in ("files", "origins", "unreadable"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __hash__(self) -> int:
        return hash(self.digest)

    def relative(self, path: str) -> str:
        """The path below root, or the absolute path where it lies outside."""
        return posixpath.relpath(path, self.root) if self.holds(path) else path

    def holds(self, path: str) -> bool:
        """Whether the path lies inside root."""
        return path.startswith(self.root.rstrip("/") + "/")

    @cached_property
    def inside(self) -> Mapping[str, bytes]:
        """The files inside root: those that a publish writes."""
        return MappingProxyType({path: data for path, data in self.files.items() if self.holds(path)})

    @cached_property
    def digest(self) -> str:
        """64 hex digits of SHA-256 over the names below root and the bytes of the files inside it, order ignored.

        Two instances whose roots differ and whose files do not have the same digest.
        """
        total = hashlib.sha256()
        for path in sorted(self.inside):
            name = self.relative(path).encode("utf-8", "surrogateescape")
            total.update(b"%d:%b%d:" % (len(name), name, len(self.files[path])))
            total.update(self.files[path])
        return total.hexdigest()

    def label(self, path: str) -> str:
        """What to call this file to the user."""
        origin = self.origins.get(path)
        return origin.label if origin else path


@dataclass(slots=True, eq=False)
class Directive:
    """One directive in its place. Made by `config.parse` alone, and never changed afterwards.

    name, args: words with their offsets into `source`. block: the directives inside the braces, includes
    expanded in place (the `include` itself stays, followed by what it brought), or None without braces.
    start, end: character offsets from the name to past the `;` or `}`. via: include sites, outermost first.
    body: for blocks whose inside is not nginx's syntax (Lua), the raw text.
    """

    name: Word
    args: tuple[Word, ...]
    source: Source
    start: int
    end: int
    parent: Directive | None = None
    block: list[Directive] | None = None
    via: tuple[Directive, ...] = ()
    body: str | None = None

    @property
    def span(self) -> Span:
        """Where the whole directive stands."""
        return self.source.span(self.start, self.end)

    @property
    def name_span(self) -> Span:
        """Where its name stands."""
        return self.word_span(self.name)

    @property
    def head_span(self) -> Span:
        """From the name to the last argument: what a message underlines."""
        return self.source.span(self.start, self.args[-1].end if self.args else self.name.end)

    def word_span(self, word: Word) -> Span:
        """Where one of its words stands."""
        return self.source.span(word.start, word.end)

    @property
    def ancestors(self) -> Iterator[Directive]:
        """The blocks around it, nearest first."""
        at = self.parent
        while at is not None:
            yield at
            at = at.parent

    def children(self, *names: str) -> Iterator[Directive]:
        """The directives directly inside, of these names (all, without a name)."""
        for child in self.block or ():
            if not names or child.name in names:
                yield child

    def walk(self) -> Iterator[Directive]:
        """Everything inside, depth first, in the order of the text; itself not included."""
        stack = [iter(self.block or ())]
        while stack:
            for child in stack[-1]:
                yield child
                if child.block:
                    stack.append(iter(child.block))
                    break
            else:
                stack.pop()


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as written, `#` included."""

    span: Span
    text: str
    alone: bool  # nothing else stands on its line


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be read. `kind` is the rule id that reports it, e.g. `syntax/unbalanced-braces`."""

    span: Span
    kind: str
    message: str
    hint: str = ""


@dataclass(frozen=True, eq=False)
class Config:
    """A parsed configuration: includes expanded, everything in its place, and what could not be read."""

    files: FileSet
    sources: Mapping[str, Source]
    directives: tuple[Directive, ...]
    problems: tuple[Problem, ...]
    comments: tuple[Comment, ...]

    def walk(self) -> Iterator[Directive]:
        """Every directive, depth first, in the order in which nginx reads them."""
        for directive in self.directives:
            yield directive
            yield from directive.walk()


# --------------------------------------------------------------------------------------------- verdicts


class Severity(enum.IntEnum):
    """How bad a finding is held to be by the profile."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        """error, warning or info."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the span's text by `text`."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A fact with a place. It knows neither its rule nor its severity.

    hint: what to do about it. related: other places that belong to it. fix: edits that mend it.
    """

    span: Span
    message: str
    hint: str = ""
    related: tuple[tuple[Span, str], ...] = ()
    fix: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A finding as the profile judges it. suppressed: the reason that a comment gave, or None."""

    rule: str
    severity: Severity
    finding: Finding
    suppressed: str | None = None


@dataclass(frozen=True)
class Report:
    """What the analysis of one FileSet found, sorted by place.

    digest: of the files that were read. fail_on: the severity from which a verdict blocks.
    broken_rules: (rule id, what it raised) for each rule that failed on its own account.
    """

    digest: str
    verdicts: tuple[Verdict, ...]
    fail_on: Severity = Severity.ERROR
    broken_rules: tuple[tuple[str, str], ...] = ()

    @cached_property
    def open(self) -> tuple[Verdict, ...]:
        """The verdicts that no comment suppresses."""
        return tuple(verdict for verdict in self.verdicts if verdict.suppressed is None)

    @cached_property
    def blocking(self) -> tuple[Verdict, ...]:
        """The open verdicts at or above `fail_on`."""
        return tuple(verdict for verdict in self.open if self.fail_on <= verdict.severity)


@dataclass(frozen=True)
class Accepted:
    """Files that passed the gate. Making one is the gate: it refuses whatever blocks.

    Raises Refused on a blocking verdict, an unread file, a rule that failed, or a report on other bytes.
    It is a local proof and does not cross the wire: the manager checks again.
    """

    files: FileSet
    report: Report

    def __post_init__(self) -> None:
        if self.report.digest != self.files.digest:
            raise Refused("the report is about other bytes than these files", way_out="Check the files again.")
        if self.files.unreadable:
            path, why = next(iter(self.files.unreadable.items()))
            raise Refused(f"{path} could not be read: {why}")
        if self.report.broken_rules:
            rule, why = self.report.broken_rules[0]
            raise Refused(f"the rule {rule} failed on its own account, so nothing vouches for these files: {why}")
        if self.report.blocking:
            first = self.report.blocking[0]
            count = len(self.report.blocking)
            raise Refused(
                f"{count} finding{'s' if count > 1 else ''} block{'' if count > 1 else 's'}: "
                f"{self.files.label(first.finding.span.path)}:{first.finding.span.line}: "
                f"{first.finding.message} [{first.rule}]"
            )


# --------------------------------------------------------------------------------------------- the fleet


@dataclass(frozen=True, slots=True)
class Instance:
    """One nginx as the manager knows it. uid and system_uid are opaque."""

    uid: str
    system_uid: str
    name: str
    entry: str = ""
    root: str = ""
    nginx_version: str = ""
    online: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """An instance group: instances that are published to together."""

    uid: str
    name: str
    instance_uids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Base:
    """The version that a target had when we looked: what a publish must still find there.

    tag: the manager's ETag, empty where it gives none (F5's). updated_at: the manager's time of that version.
    """

    digest: str
    tag: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class LiveConfig:
    """What an instance runs, as the manager reads it now."""

    files: FileSet
    base: Base
    external_id: str = ""


class State(enum.StrEnum):
    """How one publish to one instance stands. All but PENDING are final."""

    PENDING = "pending"
    ACTIVE = "active"  # proven: new workers serve it, and the bytes on the node are the plan's
    REFUSED = "refused"  # not applied; the node is as it was
    ROLLED_BACK = "rolled_back"  # applied, failed, and verified back on the earlier version
    UNKNOWN = "unknown"  # cannot be said; a person must look


@dataclass(frozen=True, slots=True)
class Result:
    """The end of one publish to one instance, and why, in a sentence.

    evidence: what proves it, a fact each ("3 new workers since 02:13:07", "GET / answered 200").
    """

    state: State
    message: str
    evidence: tuple[str, ...] = ()


class Outcome(enum.StrEnum):
    """How a whole publish ended. `EXIT_CODES` gives each its exit code."""

    ACTIVE = "active"
    UNCHANGED = "unchanged"  # every target ran the plan's bytes already
    REFUSED = "refused"  # refused, and every target is as it was
    ROLLED_BACK = "rolled_back"  # failed, and every target is verified back
    MIXED = "mixed"  # some new, some old
    UNKNOWN = "unknown"


EXIT_CODES: Mapping[Outcome, int] = MappingProxyType(
    {
        Outcome.ACTIVE: 0,
        Outcome.UNCHANGED: 0,
        Outcome.REFUSED: 6,
        Outcome.ROLLED_BACK: 6,
        Outcome.MIXED: 7,
        Outcome.UNKNOWN: 8,
    }
)
