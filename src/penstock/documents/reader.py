"""Reading YAML with the line of every value. The only door to yaml.

What is read is the part of YAML that cannot surprise: mappings with text keys, lists, text, `true` and `false`, whole
and decimal numbers, `null`. `on`, `off`, `yes` and `no` are text, as nginx means them; `0644` and `12:30` are text;
a date is text. There are no tags and no merge keys. An alias is a copy of what its anchor names, within bounds.
Source for the plain scalars: YAML 1.2.2, section 10.3 (the core schema), less its octal, hexadecimal and spellings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

import yaml
from yaml import events

from penstock.documents import Document
from penstock.errors import SettingsError

MAX_VALUES = 200_000
"""How many values one document may hold once its aliases are written out."""

MAX_DEPTH = 100
"""How deep mappings and lists may stand in each other."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # PyYAML may be built without libyaml

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?")
_WORDS: Mapping[str, object] = {"": None, "~": None, "null": None, "true": True, "false": False}


@dataclass(slots=True)
class _Node:
    """A value while it is read, and where it stands. below: the nodes inside, by key or index."""

    value: object
    line: int
    below: dict[str | int, _Node] | None = None
    size: int = 1
    depth: int = 1


class _Lines(Mapping[tuple[str | int, ...], int]):
    """Path -> line, looked up in the tree of nodes: nobody pays for paths that nobody asks for."""

    def __init__(self, top: _Node) -> None:
        self._top = top

    def __getitem__(self, path: tuple[str | int, ...]) -> int:
        at = self._top
        for key in path:
            if at.below is None or key not in at.below:
                raise KeyError(path)
            at = at.below[key]
        return at.line

    def __iter__(self) -> Iterator[tuple[str | int, ...]]:
        stack: list[tuple[tuple[str | int, ...], _Node]] = [((), self._top)]
        while stack:
            path, node = stack.pop()
            yield path
            stack.extend(((*path, key), below) for key, below in reversed((node.below or {}).items()))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def read(text: str, label: str) -> Document:
    """The one document that a YAML text holds; an empty text holds None.

    Raises SettingsError, which names label:line:column and the way out, for text that is not YAML, and for what this
    reader leaves out: two documents, tags, merge keys, a key twice, keys that are not text, too much of it.
    """
    reader = _Reader(label)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            reader.take(event)
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = " ".join(filter(None, (exc.context, exc.problem)))
        reader.fail(*place, f"this is not YAML: {what}", "Quote the text, or mend the indentation.")
    except (yaml.reader.ReaderError, UnicodeEncodeError) as exc:
        at = exc.position if isinstance(exc, yaml.reader.ReaderError) else exc.start
        before = text[: _character_offset(text, at, exc)]
        reader.fail(
            before.count("\n") + 1,
            len(before) - (before.rfind("\n") + 1) + 1,
            "a character stands here that YAML does not allow",
            'Write it escaped, in double quotes: "\\x07".',
        )
    top = reader.top or _Node(None, 1)
    return Document(top.value, _Lines(top), label)


def _character_offset(text: str, at: int, exc: Exception) -> int:
    """libyaml counts bytes, Python's own reader characters."""
    if isinstance(exc, UnicodeEncodeError) or not hasattr(yaml, "CSafeLoader"):
        return at
    return len(text.encode("utf-8", "surrogatepass")[:at].decode("utf-8", "ignore"))


@dataclass(slots=True)
class _Open:
    """A mapping or list that has begun. key: the key that waits for its value, and its line."""

    node: _Node
    below: dict[str | int, _Node]
    anchor: str | None
    key: tuple[str, int] | None = None


@dataclass(slots=True)
class _Reader:
    """Builds nodes out of libyaml's events, without recursion: nesting cannot exhaust the stack."""

    label: str
    top: _Node | None = None
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, _Node] = field(default_factory=dict)
    documents: int = 0
    size: int = 0

    def fail(self, line: int, column: int, message: str, way_out: str) -> NoReturn:
        """Raise the SettingsError of a place in this text."""
        raise SettingsError(f"{self.label}:{line}:{column}: {message}", way_out=way_out)

    def refuse(self, event: yaml.Event, message: str, way_out: str) -> NoReturn:
        """Raise the SettingsError of the place where an event stands."""
        column = event.start_mark.column + 1 if event.start_mark else 1
        self.fail(_line(event), column, message, way_out)

    def take(self, event: yaml.Event) -> None:
        """One event of the stream."""
        if isinstance(event, events.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, events.CollectionStartEvent):
            self._begin(event)
        elif isinstance(event, events.CollectionEndEvent):
            ended = self.stack.pop()
            self._place(event, ended.node, ended.anchor)
        elif isinstance(event, events.AliasEvent):
            self._alias(event)
        elif isinstance(event, events.DocumentStartEvent):
            self.documents += 1
            if 1 < self.documents:
                self.refuse(event, "a second document begins here", "Keep one document in a file.")

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        if event.tag is not None:
            self._refuse_tag(event, event.tag)
        value = event.value if event.style else self._plain(event)
        if self._wants_key():
            self._take_key(event, value)
        else:
            self._place(event, _Node(value, _line(event)), event.anchor)

    def _plain(self, event: yaml.ScalarEvent) -> object:
        text: str = event.value
        if text in _WORDS:
            return _WORDS[text]
        if text[0] not in "-0123456789":
            return text
        if _INTEGER.fullmatch(text):
            if 19 < len(text):
                self.refuse(event, "this number is too long", "Quote it, if it is meant as text.")
            return int(text)
        return float(text) if _DECIMAL.fullmatch(text) else text

    def _refuse_tag(self, event: yaml.Event, tag: str) -> NoReturn:
        self.refuse(event, f"tags such as {tag} are not read", "Write the value itself, in quotes if it is text.")

    def _wants_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].node.value, dict) and self.stack[-1].key is None

    def _take_key(self, event: yaml.ScalarEvent, key: object) -> None:
        if not isinstance(key, str):
            self.refuse(event, f"a key must be text, and this is {event.value or 'empty'}", "Write it in quotes.")
        if key == "<<" and not event.style:
            self.refuse(event, "merge keys (<<) are not read", "Write the keys out, or put them into a weaker layer.")
        holder = self.stack[-1]
        line = _line(event)
        if key in holder.below:
            self.refuse(
                event,
                f"the key {key!r} stands twice in this mapping, first on line {holder.below[key].line}",
                "Keep one of the two.",
            )
        holder.key = (key, line)

    def _begin(self, event: yaml.CollectionStartEvent) -> None:
        if event.tag is not None:
            self._refuse_tag(event, event.tag)
        if self._wants_key():
            self.refuse(event, "a key must be text, and here stands a mapping or a list", "Give it a name.")
        if MAX_DEPTH <= len(self.stack):
            self.refuse(event, f"values stand more than {MAX_DEPTH} deep in each other here", "Flatten them.")
        below: dict[str | int, _Node] = {}
        value: object = {} if isinstance(event, events.MappingStartEvent) else []
        self.stack.append(_Open(_Node(value, _line(event), below), below, event.anchor))

    def _alias(self, event: yaml.AliasEvent) -> None:
        node = self.anchors.get(event.anchor or "")
        if node is None:
            self.refuse(
                event, f"*{event.anchor} names no anchor that ends above", f"Write &{event.anchor} at what it means."
            )
        if self._wants_key():
            self.refuse(event, "an alias cannot be a key", "Write the key out.")
        if MAX_DEPTH < len(self.stack) + node.depth:
            self.refuse(event, f"with this alias values stand more than {MAX_DEPTH} deep", "Write the value out.")
        self._count(event, node.size)
        self._place(event, _copy(node), None)

    def _count(self, event: yaml.Event, size: int) -> None:
        self.size += size
        if MAX_VALUES < self.size:
            self.refuse(event, f"here the document passes {MAX_VALUES:,} values", "Split it, or use fewer aliases.")

    def _place(self, event: yaml.Event, node: _Node, anchor: str | None) -> None:
        """Put a finished node where it belongs."""
        if not isinstance(event, events.AliasEvent):
            self._count(event, 1)
        if anchor is not None:
            self.anchors[anchor] = node
        if not self.stack:
            self.top = node
            return
        holder = self.stack[-1]
        holder.node.size += node.size
        holder.node.depth = max(holder.node.depth, node.depth + 1)
        if isinstance(holder.node.value, list):
            holder.below[len(holder.node.value)] = node
            holder.node.value.append(node.value)
            return
        assert isinstance(holder.node.value, dict)
        assert holder.key is not None
        key, node.line = holder.key
        holder.below[key] = node
        holder.node.value[key] = node.value
        holder.key = None


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _copy(node: _Node) -> _Node:
    """A node of its own for each alias: what one reader changes, another must not see. Depth is bounded above."""
    if node.below is None:
        return _Node(node.value, node.line)
    below = {key: _copy(inside) for key, inside in node.below.items()}
    value: object = (
        [inside.value for inside in below.values()]
        if isinstance(node.value, list)
        else {key: inside.value for key, inside in below.items()}
    )
    return _Node(value, node.line, below, node.size, node.depth)
