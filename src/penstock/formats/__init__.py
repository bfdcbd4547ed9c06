"""Report formats, one file each: a module here that gives `present` is a format of that name.

Names that begin with an underscore are what formats share. To add a format is to add one file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from penstock.formats._findings import summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.analysis.rule import Rule
    from penstock.model import FileSet, Report


__all__ = ["FORMATS", "About", "Format", "summary"]


class About(NamedTuple):
    """With what the reports were made, and how they may look.

    rules: how many were on. color: ANSI colours are wanted. width: columns that a line of a person's report may take.
    manual: the rules by id, for the formats that describe them.
    """

    nginx_version: str
    profile: str
    rules: int
    color: bool = False
    width: int = 120
    manual: Mapping[str, Rule[Any]] = MappingProxyType({})


class Format(Protocol):
    """What a module of this package gives as `present`."""

    def __call__(self, reports: Sequence[tuple[FileSet, Report]], about: About) -> str:
        """The whole report, with its last line end; empty where there is nothing to say."""
        ...


class _Formats(Mapping[str, Format]):
    """The formats by name, sorted; a module is imported when its format is taken."""

    def __getitem__(self, name: str) -> Format:
        if name not in tuple(self):
            raise KeyError(name)
        present: Format = import_module(f"{__name__}.{name}").present
        return present

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(file.stem for file in Path(__file__).parent.glob("[!_]*.py")))

    def __len__(self) -> int:
        return sum(1 for _ in self)


FORMATS: Mapping[str, Format] = _Formats()
