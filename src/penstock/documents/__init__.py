"""Documents that people write: YAML with the line of every value.

This front is light; the reader and PyYAML behind it are imported when a text is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Document(NamedTuple):
    """What a YAML text holds. value: dict, list, str, int, float, bool or None, nested.

    lines: the line, from 1, of each value by its path of keys and indices; `()` is the whole.
    A value in a mapping stands where its key stands. label: what to call the text to the user.
    """

    value: object
    lines: Mapping[tuple[str | int, ...], int]
    label: str

    def line(self, *path: str | int) -> int:
        """The line of the value at a path, or of the nearest thing around it that exists."""
        at = tuple(path)
        while at and at not in self.lines:
            at = at[:-1]
        return self.lines[at]


def load_yaml(text: str, label: str) -> Document:
    """The one document that a YAML text holds; an empty text holds None.

    Raises SettingsError, which names label:line:column and the way out, for text that is not YAML, and for what the
    reader leaves out: two documents, tags, merge keys, a key twice, keys that are not text, too much of it.
    """
    from penstock.documents.reader import read  # noqa: PLC0415 - PyYAML costs the hook 15 ms, and mostly it has no YAML

    return read(text, label)
