"""Reading a policy's YAML field by field: what is asked for is typed, and what nobody asks for is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from penstock.analysis.profile import nearest
from penstock.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.documents import Document


class Fields:
    """One mapping of a document while it is read; `end()` refuses the keys that nobody asked for.

    path: the keys that lead to it.
    """

    def __init__(self, document: Document, path: tuple[str, ...] = ()) -> None:
        self._document = document
        self._path = path
        self._asked: set[str] = set()
        value = document.value
        for key in path:
            assert isinstance(value, dict)
            value = value[key]
        if not isinstance(value, dict):
            self.fail("", "must be a mapping of keys to values")
        self._values: dict[str, object] = value

    def fail(self, key: str, sentence: str, *, way_out: str = "") -> NoReturn:
        """Raise a SettingsError that names file, line and key."""
        path = (*self._path, key) if key else self._path
        place = f"{self._document.label}:{self._document.line(*path)}"
        name = ".".join(path) or "this policy"
        raise SettingsError(f"{place}: {name} {sentence}", way_out=way_out)

    def has(self, key: str) -> bool:
        """Whether the key stands there."""
        self._asked.add(key)
        return key in self._values

    def text(self, key: str, *, default: str | None = None) -> str:
        """The text of the key; without a default it must be there and not be empty."""
        if not self.has(key) and default is not None:
            return default
        value = self._get(key)
        if not isinstance(value, str) or not value.strip():
            self.fail(key, f"must be a text, not {_kind(value)}")
        return value.strip()

    def texts(self, key: str, *, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """The texts of the key, whether one or a list; numbers count as their text."""
        if not self.has(key) and default is not None:
            return default
        value = self._get(key)
        items = value if isinstance(value, list) else [value]
        for item in items:
            if isinstance(item, bool) or not isinstance(item, (str, int)):
                self.fail(key, f"must be a text or a list of texts, not {_kind(item)}")
        if not items and default is None:
            self.fail(key, "must not be empty")
        return tuple(str(item) for item in items)

    def number(self, key: str, *, default: int, low: int) -> int:
        """The whole number of the key, at least `low`."""
        if not self.has(key):
            return default
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            self.fail(key, f"must be a whole number from {low}, not {_kind(value)}")
        return value

    def yes(self, key: str) -> None:
        """The key is there, and says `true`: a word that means something by being written."""
        if self._get(key) is not True:
            self.fail(key, "can only be `true`; leave it out otherwise")

    def mapping(self, key: str) -> Fields:
        """The mapping of the key, which must be there."""
        self._get(key)
        return Fields(self._document, (*self._path, key))

    def choice(self, key: str, word: str, choices: Sequence[str]) -> str:
        """The word, which must be one of `choices`."""
        if word not in choices:
            self.fail(key, f"cannot be {word!r}", way_out=nearest(word, choices))
        return word

    def end(self) -> None:
        """Refuse the keys that nobody asked for, with the nearest one that there is."""
        for key in self._values:
            if key not in self._asked:
                self.fail(key, "is not part of the policy language", way_out=nearest(key, self._asked))

    def _get(self, key: str) -> object:
        if not self.has(key):
            self.fail("", f"has no `{key}`")
        return self._values[key]


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return f"the boolean {value}".lower()
    names: dict[type, str] = {dict: "a mapping", list: "a list", type(None): "nothing"}
    return names.get(type(value), repr(value))
