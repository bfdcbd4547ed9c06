"""parse: a FileSet becomes a Config, includes expanded in place."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from penstock.config.includes import FileNames, expand, full_name, is_include, is_pattern
from penstock.config.problems import printable
from penstock.config.statements import Statement, statements
from penstock.config.tokens import scan
from penstock.model import Comment, Config, Directive, Problem, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.model import FileSet, Span

EXPANDED = 500_000
"""Statements after which no further include is followed: 10,000 servers with 50 included lines each fit."""

INCLUDE_DEPTH = 500
"""Files that may be open inside each other; nginx holds all of them open, and the usual limit is 1,024."""


def parse(files: FileSet) -> Config:
    """The configuration that nginx would read. What cannot be read is in `Config.problems`; nothing is raised.

    Each inclusion of a file makes directives of its own, in the block that it is included in.
    """
    return _Expansion(files).run()


@dataclass(slots=True)
class _Frame:
    """A block, or the top of a file, that is being walked. path: the file; out: where its directives go."""

    rest: Iterator[Statement]
    source: Source
    parent: Directive | None
    out: list[Directive]
    via: tuple[Directive, ...]
    open_files: tuple[str, ...]


class _Expansion:
    def __init__(self, files: FileSet) -> None:
        self.files = files
        self.folder = posixpath.dirname(files.entry)
        self.sources: dict[str, Source] = {}
        self.parsed: dict[str, list[Statement]] = {}
        self.problems: list[Problem] = []
        self.comments: list[Comment] = []
        self.told: set[tuple[Span, str, str]] = set()
        self.expanded = 0
        self.sizes: dict[str, int] = {}
        self.names = FileNames(files)

    def run(self) -> Config:
        entry = self.files.entry
        top: list[Directive] = []
        if entry in self.files.files:
            self._walk(_Frame(iter(self._read(entry)), self.sources[entry], None, top, (), (entry,)))
        else:
            why = self.files.unreadable.get(entry, "it is not among the files")
            source = self.sources[entry] = Source(entry, "")
            message = f"the entry file {self.files.label(entry)} cannot be read: {why}"
            self.problems.append(Problem(source.span(0, 0), "include/not-found", message))
        return Config(
            self.files, MappingProxyType(self.sources), tuple(top), tuple(self.problems), tuple(self.comments)
        )

    def _read(self, path: str) -> list[Statement]:
        """The statements of a file, read once however often it is included."""
        known = self.parsed.get(path)
        if known is None:
            source = self.sources[path] = Source(path, self.files.files[path].decode("utf-8", "surrogateescape"))
            result = scan(source)
            self.problems.extend(result.problems)
            self.comments.extend(result.comments)
            known = self.parsed[path] = statements(result)
            self.sizes[path] = result.statements
        return known

    def _walk(self, first: _Frame) -> None:
        stack = [first]
        while stack:
            frame = stack[-1]
            source, parent, out, via = frame.source, frame.parent, frame.out, frame.via
            add = out.append
            for statement in frame.rest:
                head, args = statement["directive"], tuple(statement["args"])
                directive = Directive(head, args, source, head.start, head.stop, parent, None, via, head.body)
                add(directive)
                if "block" in statement:
                    inside = directive.block = []
                    if statement["block"]:
                        rest = iter(statement["block"])
                        stack.append(_Frame(rest, source, directive, inside, via, frame.open_files))
                        break
                elif head == "include" and is_include(head, len(args), parent.name if parent else ""):
                    brought = self._include(directive, frame)
                    if brought:
                        stack.extend(reversed(brought))
                        break
            else:
                stack.pop()

    def _include(self, include: Directive, frame: _Frame) -> list[_Frame]:
        """What an include brings, a frame for each file; its directives go where the include stands."""
        word = include.args[0]
        brought: list[_Frame] = []
        for path in self._named(include):
            if path in frame.open_files:
                chain = " -> ".join(self.files.label(name) for name in (*frame.open_files, path))
                hint = f"nginx would read in circles until it dies: {chain}"
                self._tell(include, "include/cycle", f"{self.files.label(path)} includes itself", hint)
            elif path not in self.files.files:
                why = self.files.unreadable.get(path, "there is no such file")
                hint = self._way_out(word, path)
                self._tell(include, "include/not-found", f"{self.files.label(path)} cannot be included: {why}", hint)
            elif EXPANDED <= self.expanded or INCLUDE_DEPTH <= len(frame.open_files):
                message = f"{self.files.label(path)} is not read: includes bring too much, or lie too deep"
                hint = f"{self.expanded} directives came from includes, {len(frame.open_files)} files are open."
                self._tell(include, "include/not-followed", message, hint)
                break
            else:
                rest = iter(self._read(path))
                self.expanded += self.sizes[path]
                via, open_files = (*frame.via, include), (*frame.open_files, path)
                brought.append(_Frame(rest, self.sources[path], frame.parent, frame.out, via, open_files))
        return brought

    def _way_out(self, word: str, path: str) -> str:
        if is_pattern(word) or path in self.files.unreadable:
            return "nginx refuses to start."
        if word.startswith("/") and not self.files.holds(path):
            folder = posixpath.dirname(path)
            return f'If {folder} stands elsewhere here, say where: [check] mapping = {{ "{folder}" = "..." }}'
        return f'It is sought as "{path}".'

    def _named(self, include: Directive) -> tuple[str, ...]:
        word = include.args[0]
        pattern = full_name(word, self.folder)
        if not is_pattern(word, include.parent.name if include.parent else ""):
            return (pattern,)
        return expand(pattern, self.names.listing)

    def _tell(self, include: Directive, kind: str, message: str, hint: str) -> None:
        """Report it once, however often the file in which the include stands is itself included."""
        problem = Problem(include.word_span(include.args[0]), kind, printable(message), printable(hint))
        if (key := (problem.span, kind, message)) not in self.told:
            self.told.add(key)
            self.problems.append(problem)
