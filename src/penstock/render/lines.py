"""Which template line and which values made each line of a file: the chunks of a render, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.render.trace import Chunk, Reference
from penstock.render.values import RESERVED, key_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from penstock.render.values import Key, Values

_MAX_SHOWN = 60


class Trace:
    """Collects the chunks of one file into its text and, for each line, (label, line, note)."""

    def __init__(self, values: Values, facts: Mapping[str, object]) -> None:
        self._values = values
        self._tree = {**values.tree, RESERVED: facts}
        # Containers are known by identity: whatever name a template gives them, they are still the same object.
        self._paths: dict[int, Key] = {}
        self._index(values.tree, ())
        self._index(facts, (RESERVED,))

    def _index(self, value: object, path: Key) -> None:
        if isinstance(value, dict):
            self._paths[id(value)] = path
            for key, inside in value.items():
                self._index(inside, (*path, key))
        elif isinstance(value, list):
            self._paths[id(value)] = path
            for at, inside in enumerate(value):
                self._index(inside, (*path, at))

    def path_of(self, holder: object) -> Key | None:
        """Where a mapping or list of the values stands."""
        return self._paths.get(id(holder))

    def collect(self, chunks: Iterable[str], label: str) -> tuple[str, tuple[tuple[str, int, str], ...]]:
        """The text that the chunks make, and the origin of each of its lines; one more than it has line ends.

        label: the file that they begin in.
        """
        texts: list[str] = []
        lines: list[tuple[str, int, str]] = []
        first: tuple[str, int] | None = None  # of what is to be seen on this line
        blank: tuple[str, int] | None = None  # of the white space before it
        notes: dict[str, None] = {}
        last = (label, 1)
        for chunk in chunks:
            assert isinstance(chunk, Chunk)
            site = chunk.site
            texts.append(chunk)
            for at, part in enumerate(chunk.split("\n")):
                if 0 < at:
                    lines.append((*(first or blank or last), "; ".join(notes)))
                    first, blank, notes = None, None, {}
                last = (site.label, site.line + (at if site.literal else 0))
                if part.strip():
                    first = first or last
                elif part:
                    blank = blank or last
                if part and not site.literal:
                    notes.update(dict.fromkeys(self._notes(chunk)))
        lines.append((*(first or blank or last), "; ".join(notes)))
        return "".join(texts), tuple(lines)

    def _notes(self, chunk: Chunk) -> Iterator[str]:
        site = chunk.site
        count = len(site.references)
        sources = list(zip(site.sources, chunk.seen[count:], strict=True))
        for reference, value in zip(site.references, chunk.seen, strict=False):
            path = self._resolve(reference, value)
            paths = [path] if path else []
            if path is None and not reference.keys:
                near = [(source, held) for source, held in sources if source.variable != reference.variable]
                paths = [found for found in (self._taken_from(source, held, value) for source, held in near) if found]
            for path in paths:
                # A list says nothing beside the item that was taken out of it.
                if not any(path != other and path == other[: len(path)] for other in paths):
                    yield self._note(path)

    def _resolve(self, reference: Reference, value: object) -> Key | None:
        """The path of what a reference names, where its variable holds `value`."""
        path = self._paths.get(id(value)) if isinstance(value, (dict, list)) else None
        if path is None:
            name = reference.variable
            is_top = name in self._tree and type(self._tree[name]) is type(value) and self._tree[name] == value
            return (name,) if is_top and not reference.keys else None
        for key in reference.keys:
            value = self._inside(value, key)
            if value is None:
                return path
            path = (*path, key)
        return path

    def _taken_from(self, source: Reference, held: object, value: object) -> Key | None:
        """The path of a scalar that a loop or a `set` took out of what a source names."""
        path = self._resolve(source, held)
        if path is None:
            return None
        container = self._at(path)
        pairs: Iterable[tuple[str | int, object]] = ()
        if isinstance(container, dict):
            pairs = container.items()
            if isinstance(value, str) and value in container:
                return (*path, value)
        elif isinstance(container, list):
            pairs = enumerate(container)
        for key, inside in pairs:
            if type(inside) is type(value) and inside == value:
                return (*path, key)
        return path if isinstance(value, (str, int, float)) else None

    def _at(self, path: Key) -> object:
        value: object = self._tree
        for key in path:
            value = self._inside(value, key)
        return value

    @staticmethod
    def _inside(value: object, key: str | int) -> object:
        if isinstance(value, dict):
            return value.get(key)
        if isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value):
            return value[key]
        return None

    def _note(self, path: Key) -> str:
        name = key_text(path)
        value = self._at(path)
        if path[0] == RESERVED:
            return f"{name} = {_short(value)} (the target)"
        label, line = self._values.origin(path)
        if isinstance(value, (dict, list)):
            return f"{name} ({label}:{line})"
        shown = "(hidden)" if self._values.is_secret(path) else _short(value)
        return f"{name} = {shown} ({label}:{line})"


def _short(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 3] + "..."
