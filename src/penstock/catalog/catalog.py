"""Catalog: the facts, found by name and release. Each data file is read when it is first asked for."""

from __future__ import annotations

import json
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from penstock.catalog.advisories import Advisory
from penstock.catalog.facts import DirectiveFact, ReferenceFact, VariableFact
from penstock.catalog.origins import contexts_of, origin_of
from penstock.errors import UsageError

_DATA = Path(__file__).resolve().parent / "data"

Row = dict[str, Any]


@cache
def catalog() -> Catalog:
    """The one catalogue of this process."""
    return Catalog()


class Catalog:
    """What nginx knows. Versions are names of releases, as `resolve_version` gives them back."""

    @cached_property
    def releases(self) -> tuple[str, ...]:
        """The open source releases that the tables cover, oldest first."""
        return tuple(self._tables["releases"])

    @property
    def newest(self) -> str:
        """The newest release that the tables cover."""
        return self.releases[-1]

    def resolve_version(self, text: str) -> str:
        """The release that is meant: `1.22.1`, `nginx/1.22.1`, a series (`1.26`: its newest), or nothing: the newest.

        Raises UsageError, with the releases that come nearest, for one that the tables do not cover.
        """
        wanted = text.strip().removeprefix("nginx/").removeprefix("v")
        if wanted in {"", "newest", "latest"}:
            return self.newest
        if wanted in self._rank:
            return wanted
        series = [release for release in self.releases if release.startswith(f"{wanted}.")]
        if series and wanted.count(".") == 1:
            return series[-1]
        raise UsageError(
            f'"{text}" is not a release of nginx that is known here', way_out=self._nearest_releases(wanted)
        )

    def directives(self, name: str, version: str) -> tuple[DirectiveFact, ...]:
        """The rows of this directive that are in force in the release; empty where it is unknown there."""
        rank = self._rank[version]
        return tuple(fact for fact in self.all_directives(name) if self._holds(fact, rank))

    def all_directives(self, name: str) -> tuple[DirectiveFact, ...]:
        """The rows of this directive in any release, in the order of the tables."""
        facts = self._facts.get(name)
        if facts is None:
            facts = self._facts[name] = tuple(_directive(row) for row in self._directive_rows.get(name, ()))
        return facts

    def reference(self, name: str) -> tuple[ReferenceFact, ...]:
        """What the documentation says of this directive: NGINX Plus, njs and other modules included."""
        return tuple(
            ReferenceFact(
                name=row["name"],
                module=row["module"],
                contexts=contexts_of(row["module"], row["contexts"]),
                block=row["block"],
                syntax=tuple(row["syntax"]),
                default=row["default"],
                origin=origin_of(row["module"], row["name"], in_source=name in self._directive_rows),
            )
            for row in self._reference_rows.get(name, ())
        )

    def names(self, version: str) -> frozenset[str]:
        """The names of all directives that the release knows by itself."""
        known = self._names.get(version)
        if known is None:
            names = (name for name in self._directive_rows if self.directives(name, version))
            known = self._names[version] = frozenset(names)
        return known

    @cached_property
    def reference_names(self) -> frozenset[str]:
        """The names of all directives that the documentation describes."""
        return frozenset(self._reference_rows)

    def variables(self, scope: str, version: str) -> tuple[VariableFact, ...]:
        """The variables that the release defines in `http` or `stream`, by name."""
        rank = self._rank[version]
        return tuple(fact for fact in self._variables if fact.scope == scope and self._holds(fact, rank))

    def variable(self, scope: str, name: str, version: str) -> VariableFact | None:
        """The variable of this name, or the family that it belongs to (`arg_*`); None where there is none."""
        for fact in self.variables(scope, version):
            if fact.name == name or (fact.name.endswith("*") and name.startswith(fact.name[:-1])):
                return fact
        return None

    @cached_property
    def advisories(self) -> tuple[Advisory, ...]:
        """nginx's security advisories, newest first."""
        return tuple(
            Advisory(
                cve=f"CVE-{row['cve']}" if "cve" in row else "",
                title=row["name"],
                severity=row["severity"],
                vulnerable=row["vulnerable"],
                fixed=row["good"],
                url=row.get("advisory", ""),
            )
            for row in _read("nginx-cves.json")["advisories"]
        )

    @cached_property
    def _tables(self) -> Row:
        tables: Row = _read("nginx-directives.json")
        return tables

    @cached_property
    def _rank(self) -> dict[str, int]:
        return {release: rank for rank, release in enumerate(self.releases)}

    @cached_property
    def _facts(self) -> dict[str, tuple[DirectiveFact, ...]]:
        return {}

    @cached_property
    def _names(self) -> dict[str, frozenset[str]]:
        return {}

    @cached_property
    def _directive_rows(self) -> dict[str, list[Row]]:
        return _by_name(self._tables["directives"])

    @cached_property
    def _reference_rows(self) -> dict[str, list[Row]]:
        return _by_name(_read("nginx-reference.json"))

    @cached_property
    def _variables(self) -> tuple[VariableFact, ...]:
        facts = (
            VariableFact(row["name"], row["scope"], row["module"], row["changeable"], row["from"], row["to"] or "")
            for row in self._tables["variables"]
        )
        return tuple(sorted(facts, key=lambda fact: fact.name))

    def _holds(self, fact: DirectiveFact | VariableFact, rank: int) -> bool:
        return self._rank[fact.since] <= rank and (not fact.until or rank <= self._rank[fact.until])

    def _nearest_releases(self, wanted: str) -> str:
        numbers = tuple(int(part) for part in wanted.split(".") if part.isdecimal())
        if len(numbers) < 2:
            return f"Known are {self.releases[0]} to {self.newest}; a series such as 1.26 means its newest."
        below = [release for release in self.releases if _numbers(release) < numbers]
        above = [release for release in self.releases if numbers < _numbers(release)]
        near = below[-1:] + above[:1]
        return f"The nearest: {' and '.join(near)}. Known are {self.releases[0]} to {self.newest}."


def _read(name: str) -> Any:
    return json.loads((_DATA / name).read_bytes())


def _by_name(rows: list[Row]) -> dict[str, list[Row]]:
    index: dict[str, list[Row]] = {}
    for row in rows:
        index.setdefault(row["name"], []).append(row)
    return index


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split("."))


def _directive(row: Row) -> DirectiveFact:
    arguments = row["args"]
    counts = tuple(arguments.get("counts", ()))
    bounds = row.get("bounds")
    return DirectiveFact(
        name=row["name"],
        module=row["module"],
        contexts=tuple(row["contexts"]),
        block=row["block"],
        counts=counts,
        minimum=min(counts) if counts else arguments["min"],
        maximum=max(counts) if counts else arguments["max"],
        value=row.get("value", ""),
        choices=tuple(row.get("choices", ())),
        bounds=(bounds[0], bounds[1]) if bounds else None,
        since=row["from"],
        until=row["to"] or "",
    )
