"""The shapes of what the catalogue knows.

Contexts are named: main, events, http, server, location, "if in server", "if in location", limit_except, upstream,
stream, "stream server", "stream upstream", mail, "mail server", and any; for modules with blocks of their own, the
name of the block (`oidc_provider`, `acme_issuer`, `mgmt`, `match`).
"""

from __future__ import annotations

from typing import NamedTuple


class DirectiveFact(NamedTuple):
    """One row of a module's command table, and the releases in which it holds.

    minimum, maximum: how many arguments; maximum None: no limit. counts: the numbers that are allowed, where they are
    listed (empty where only a minimum is). value: what the setter parses (`flag`, `size`, `time_s`, `time_ms`,
    `number`, `offset`, `enum`, `bitmask`, `access`, `string`, `complex`, `predicate`, `keyval`, `path`, `number size`,
    `complex size`), or empty where it has a parser of its own. choices: the words of an enum or bitmask.
    bounds: the least and the greatest number, or None. since, until: first and last release; until empty: still so.
    """

    name: str
    module: str
    contexts: tuple[str, ...]
    block: bool
    counts: tuple[int, ...]
    minimum: int
    maximum: int | None
    value: str
    choices: tuple[str, ...]
    bounds: tuple[int, int] | None
    since: str
    until: str

    def takes(self, count: int) -> bool:
        """Whether this many arguments are allowed."""
        if self.counts:
            return count in self.counts
        return self.minimum <= count and (self.maximum is None or count <= self.maximum)


class ReferenceFact(NamedTuple):
    """A directive as nginx's documentation describes it.

    syntax: the alternatives, without the name. origin: what it comes with, where that is not nginx's own source:
    "NGINX Plus", "njs", "nginx-otel", "nginx-acme"; empty otherwise.
    """

    name: str
    module: str
    contexts: tuple[str, ...]
    block: bool
    syntax: tuple[str, ...]
    default: str
    origin: str


class VariableFact(NamedTuple):
    """A variable that nginx defines. name: without `$`; `arg_*` stands for all that begin so.

    scope: http or stream. changeable: a `set` or `map` of the same name may replace it.
    """

    name: str
    scope: str
    module: str
    changeable: bool
    since: str
    until: str
