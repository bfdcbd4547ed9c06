"""Reading one TOML table key by key: what is asked for is typed, and what nobody asks for is an error.

The keys that a reader asks for are the schema: there is no second list that could differ from it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NoReturn

from penstock.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_TOML_WORDS = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list", dict: "a table"}


def nearest(word: str, known: Sequence[str]) -> str:
    """The one of `known` that `word` was probably meant to be, or an empty string."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake pays for it

    return next(iter(get_close_matches(word, known, n=1, cutoff=0.6)), "")


class Table:
    """One table of a settings file while it is read; `end()` refuses the keys that nobody asked for.

    path: its dotted name, empty for the top. file: where it stands. folder: what paths in it are relative to.
    origins: dotted key -> the environment variable that gave its value, for messages.
    """

    def __init__(
        self, values: Mapping[str, object], path: str, *, file: str, folder: Path, origins: Mapping[str, str]
    ) -> None:
        self._values = values
        self._asked: list[str] = []
        self.path = path
        self.file = file
        self.folder = folder
        self.origins = origins

    def dotted(self, key: str) -> str:
        """The full name of a key, quoted where TOML asks for it."""
        bare = key if key.replace("-", "").replace("_", "").isalnum() else f'"{key}"'
        return f"{self.path}.{bare}" if self.path else bare

    def fail(self, key: str, sentence: str, *, way_out: str = "") -> NoReturn:
        """Raise a SettingsError that names the file (or variable) and the key."""
        name = self.dotted(key) if key else self.path
        variable = self.origins.get(name)
        place = f"{variable} in the environment" if variable else f"{self.file}: {name}"
        raise SettingsError(f"{place} {sentence}", way_out=way_out)

    def has(self, key: str) -> bool:
        """Whether the key is set."""
        self._ask(key)
        return key in self._values

    def text(self, key: str, default: str = "") -> str:
        """The string of the key, without control characters."""
        value = self._get(key, str, default)
        if not str(value).isprintable():
            self.fail(key, "holds a control character")
        return str(value)

    def seconds(self, key: str, default: float) -> float:
        """The positive number of the key."""
        value = self._get(key, (int, float), default)
        if not (isinstance(value, (int, float)) and 0 < value < float("inf")):
            self.fail(key, f"must be a number of seconds above 0, not {value}")
        return float(value)

    def number(self, key: str, default: int, *, low: int, high: int) -> int:
        """The whole number of the key, from low to high."""
        value = self._get(key, int, default)
        if not (isinstance(value, int) and low <= value <= high):
            self.fail(key, f"must be a whole number from {low} to {high}, not {value}")
        return value

    def choice(self, key: str, choices: Sequence[str], default: str) -> str:
        """The string of the key, one of `choices`."""
        value = self.text(key, default)
        if value not in choices:
            guess = nearest(value, choices)
            self.fail(
                key,
                f"must be one of {', '.join(choices)}, not {value!r}",
                way_out=f"Did you mean {guess!r}?" if guess else "",
            )
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of strings of the key, empty when it is not set."""
        value = self._get(key, list, [])
        assert isinstance(value, list)
        for item in value:
            if not isinstance(item, str):
                self.fail(key, f"must be a list of strings, and holds {_kind(item)}")
        return tuple(value)

    def place(self, key: str) -> Path | None:
        """The path of the key, absolute; None when it is not set."""
        value = self.text(key)
        if self.has(key) and not value:
            self.fail(key, "must name a path, and is empty")
        return self.folder / value if value else None

    def places(self, key: str) -> tuple[Path, ...]:
        """The paths of the key, absolute."""
        return tuple(self.folder / value for value in self.texts(key))

    def table(self, key: str) -> Table:
        """The table of the key, empty when it is not set."""
        value = self._get(key, dict, {})
        assert isinstance(value, dict)
        return self._below(value, self.dotted(key))

    def tables(self, key: str) -> tuple[Table, ...]:
        """The tables of the key's array, `[[like this]]`."""
        value = self._get(key, list, [])
        assert isinstance(value, list)
        for item in value:
            if not isinstance(item, dict):
                self.fail(key, f"must be tables, written [[{self.dotted(key)}]], and holds {_kind(item)}")
        return tuple(self._below(item, f"{self.dotted(key)}[{at}]") for at, item in enumerate(value, 1))

    def named(self) -> Iterator[tuple[str, Table]]:
        """(name, table) for each key of this table: names are the user's own."""
        for key in self._values:
            yield key, self.table(key)

    def strings(self) -> Mapping[str, str]:
        """This table as a mapping from the user's own names to strings."""
        return MappingProxyType({key: self.text(key) for key in self._values})

    def lists(self) -> Mapping[str, tuple[str, ...]]:
        """This table as a mapping from the user's own names to lists of strings."""
        return MappingProxyType({key: self.texts(key) for key in self._values})

    def rest(self) -> Mapping[str, object]:
        """The keys that nobody asked for yet, handed over as they stand."""
        rest = {key: value for key, value in self._values.items() if key not in self._asked}
        self._asked.extend(rest)
        return rest

    def end(self) -> None:
        """Refuse the keys that nobody asked for, with the nearest one that exists."""
        for key in self._values:
            if key not in self._asked:
                guess = nearest(key, self._asked)
                self.fail(
                    key,
                    "is not a setting",
                    way_out=f"Did you mean {self.dotted(guess)}?"
                    if guess
                    else f"{f'[{self.path}]' if self.path else 'This file'} takes: {', '.join(sorted(self._asked))}.",
                )

    def _ask(self, key: str) -> None:
        if key not in self._asked:
            self._asked.append(key)

    def _get(self, key: str, kind: type | tuple[type, ...], default: object) -> object:
        self._ask(key)
        if key not in self._values:
            return default
        value = self._values[key]
        wanted = kind if isinstance(kind, tuple) else (kind,)
        # True is an int to Python, and not a number to the one who wrote it.
        if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
            self.fail(key, f"must be {_TOML_WORDS[wanted[0]]}, not {_kind(value)}")
        return value

    def _below(self, values: Mapping[str, object], path: str) -> Table:
        return Table(values, path, file=self.file, folder=self.folder, origins=self.origins)


def _kind(value: object) -> str:
    word = _TOML_WORDS.get(type(value), "a date or time")
    return f"{word} ({value!r})" if isinstance(value, (bool, int, float, str)) else word
