"""How a directive's name stands in the target's release: known, of another release, of a module, or unknown."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from penstock.analysis.third_party import third_party
from penstock.config.facts import DATA_BLOCKS, contexts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.analysis.rule import Context
    from penstock.catalog import DirectiveFact
    from penstock.model import Directive

CONTEXTS = frozenset(
    {
        "main",
        "events",
        "http",
        "server",
        "location",
        "if in server",
        "if in location",
        "limit_except",
        "upstream",
        "stream",
        "stream server",
        "stream upstream",
        "mail",
        "mail server",
    }
)
"""The contexts whose directives are known by name; inside of any other block, nothing is judged."""


class Standing(enum.Enum):
    """What is known of a directive's name."""

    KNOWN = enum.auto()
    LATER = enum.auto()
    REMOVED = enum.auto()
    PLUS = enum.auto()
    MODULE = enum.auto()
    UNKNOWN = enum.auto()


def standing(name: str, context: Context) -> Standing:
    """How the name stands in the release that the analysis is for."""
    catalog, version = context.catalog, context.nginx_version
    if catalog.directives(name, version):
        return Standing.KNOWN
    rows = catalog.all_directives(name)
    if rows:
        order = catalog.releases.index
        later = all(order(version) < order(row.since) for row in rows)
        return Standing.LATER if later else Standing.REMOVED
    origins = {fact.origin for fact in catalog.reference(name)}
    if "NGINX Plus" in origins:
        return Standing.PLUS
    if any(origins) or third_party(name):
        return Standing.MODULE
    return Standing.REMOVED if origins else Standing.UNKNOWN


def of_standing(context: Context, wanted: Standing) -> Iterator[Directive]:
    """Every directive whose name stands so, where directives are known by name."""
    inside = context.get(contexts)
    for name in context.names():
        if standing(name, context) is wanted:
            for directive in context.each(name):
                if inside[directive.parent] in CONTEXTS:
                    yield directive


def known_rows(context: Context) -> Iterator[tuple[Directive, str, tuple[DirectiveFact, ...]]]:
    """(directive, its context, its rows in the target's release) of every directive that the release knows."""
    inside = context.get(contexts)
    for name in context.names():
        rows = context.catalog.directives(name, context.nginx_version)
        if rows:
            for directive in context.each(name):
                at = inside[directive.parent]
                if at in CONTEXTS and at not in DATA_BLOCKS:
                    yield directive, at, rows


def rows_here(rows: tuple[DirectiveFact, ...], at: str) -> tuple[DirectiveFact, ...]:
    """Those of the rows that hold in this context."""
    return tuple(row for row in rows if at in row.contexts or "any" in row.contexts)
