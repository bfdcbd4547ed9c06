"""A parsed configuration: directives in their places, comments, and what could not be read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from penstock.model.files import FileSet
    from penstock.model.text import Source, Span, Word


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


class Comment(NamedTuple):
    """A comment as written, `#` included."""

    span: Span
    text: str
    alone: bool  # nothing else stands on its line


class Problem(NamedTuple):
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
        return iter(self._flat)

    @cached_property
    def _flat(self) -> tuple[Directive, ...]:
        # A dozen facts walk the same tree; going through a tuple costs a tenth of nested generators.
        flat: list[Directive] = []
        stack = [iter(self.directives)]
        while stack:
            for directive in stack[-1]:
                flat.append(directive)
                if directive.block:
                    stack.append(iter(directive.block))
                    break
            else:
                stack.pop()
        return tuple(flat)
