"""How a directive's name stands in the target's release: known, of another release, of a module, or unknown."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from penstock.analysis.third_party import third_party
from penstock.config.facts import contexts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from penstock.analysis.rule import Context
    from penstock.catalog import DirectiveFact
    from penstock.model import Config, Directive

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


_REMOVED_BEFORE = frozenset(
    {"limit_zone"}
)  # with 1.7.6: https://nginx.org/en/docs/http/ngx_http_limit_conn_module.html


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
    if origins:  # documented, and in no release from 1.18.0 on
        return Standing.REMOVED if name in _REMOVED_BEFORE else Standing.MODULE
    return Standing.UNKNOWN


def of_standing(context: Context, wanted: Standing) -> Iterator[Directive]:
    """Every directive whose name stands so, where directives are known by name."""
    for (name, _), directives in context.get(_groups).items():
        if standing(name, context) is wanted:
            yield from directives


def known_groups(context: Context) -> Iterator[tuple[str, str, tuple[DirectiveFact, ...], list[Directive]]]:
    """(name, context, rows, directives) of what the target's release knows: all directives of a name in one context.

    rows: those that hold in this context; none where the directive may not stand there.
    """
    catalog, version = context.catalog, context.nginx_version
    for (name, at), directives in context.get(_groups).items():
        rows = catalog.directives(name, version)
        if rows:
            here = tuple(row for row in rows if at in row.contexts or "any" in row.contexts)
            yield name, at, here, directives


def _groups(config: Config) -> Mapping[tuple[str, str], list[Directive]]:
    """All directives by name and context, where directives are known by name: a fact."""
    groups: dict[tuple[str, str], list[Directive]] = {}
    inside = contexts(config)
    for directive in config.walk():
        at = inside[directive.parent]
        if at in CONTEXTS:
            groups.setdefault((directive.name, at), []).append(directive)
    return groups
