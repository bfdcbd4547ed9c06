"""What a rule author imports: Rule, Context, and the nouns of a finding.

A rule is a frozen value. It has no state, sees no file system, and yields facts; severity is the profile's judgement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

from penstock.config.facts import DATA_BLOCKS
from penstock.model import Config, Directive, Edit, Finding, Severity, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from penstock.catalog import Catalog

__all__ = ["Config", "Context", "Directive", "Edit", "Finding", "NoOptions", "Rule", "Severity", "Span"]

T = TypeVar("T")
O = TypeVar("O")  # noqa: E741 - the options of a rule


@dataclass(frozen=True, slots=True)
class NoOptions:
    """The options of a rule that has none."""


class Rule(NamedTuple, Generic[O]):
    """One rule, written in code or compiled from a declared policy.

    id: `category/slug`. doc: its manual; the first line is the title; fenced `nginx bad` and `nginx good` examples
    are run by the tests and shown by `penstock explain`. severity: the default only. sources: URLs of the facts it
    rests on, at least one. options: a frozen dataclass instance; its fields are the options, their types and defaults.
    profiles: the profiles that switch it on ("default", "strict"; "all" has every rule). pack: for policies.
    confidence: "high", or "medium" where what the files do not show may make the finding wrong.
    refuses: nginx itself does not start with what the rule finds.
    """

    id: str
    doc: str
    severity: Severity
    sources: tuple[str, ...]
    options: O
    check: Callable[[Context, O], Iterable[Finding]]
    profiles: frozenset[str] = frozenset({"default", "strict"})
    pack: str = ""
    confidence: Literal["high", "medium"] = "high"
    refuses: bool = False

    @property
    def title(self) -> str:
        """The first line of its manual."""
        return self.doc.strip().split("\n", 1)[0]


class Context:
    """What a rule may look at: the config, what nginx knows, and facts, each computed once."""

    def __init__(self, config: Config, catalog: Catalog, nginx_version: str) -> None:
        self.config = config
        self.catalog = catalog
        self.nginx_version = nginx_version
        self._facts: dict[Callable[[Config], Any], Any] = {}
        self._by_name: dict[str, list[Directive]] | None = None

    def each(self, *names: str) -> Iterator[Directive]:
        """Every directive of these names, includes expanded, name by name in the order in which nginx reads them.

        The lines of `map`, `types` and other blocks of data are no directives and do not come.
        """
        by_name = self._index()
        if len(names) == 1:
            yield from by_name.get(names[0], ())
            return
        for name in names:
            yield from by_name.get(name, ())

    def names(self) -> tuple[str, ...]:
        """The names of all directives that there are, each once."""
        return tuple(self._index())

    def get(self, fact: Callable[[Config], T]) -> T:
        """The value of a fact: a function of the config alone, computed at the first call."""
        if fact not in self._facts:
            self._facts[fact] = fact(self.config)
        return self._facts[fact]  # type: ignore[no-any-return]

    def _index(self) -> dict[str, list[Directive]]:
        if self._by_name is None:
            index: dict[str, list[Directive]] = {}
            for directive in self.config.walk():
                if directive.parent is None or directive.parent.name not in DATA_BLOCKS:
                    index.setdefault(directive.name, []).append(directive)
            self._by_name = index
        return self._by_name
