"""Where values come from: a directive's text with `set`, `map` and captures followed back to what the client sends.

`flows(config)` is a fact; `flows.expand(text, directive)` gives every value that the text may take there, each as
pieces: literal text, and Sources. Sets are followed in the blocks around the directive, in the order in which nginx's
rewrite phase runs them; what another location sets is not seen. A `map` gives what its lines say: one whose values
are all written out is an allow list, and nothing of the client gets through it.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

from penstock.analysis.patterns import begins_with_slash, can_hold, group, groups, is_anchored, is_finite
from penstock.config.facts import locations, servers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from penstock.config.facts import Location, Server
    from penstock.model import Config, Directive

VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_MOST = 32  # values of one text that are looked at
_DEEPEST = 6  # definitions that are followed one after the other

# https://nginx.org/en/docs/varindex.html: what the client alone decides. The value is what it is part of.
_CLIENT = {
    "args": "url",
    "query_string": "url",
    "uri": "url",
    "document_uri": "url",
    "request_uri": "url",
    "request": "url",
    "request_body": "body",
    "remote_user": "header",
    "host": "host",
    "http_host": "host",
    "ssl_server_name": "host",
    "ssl_preread_server_name": "host",
    "request_port": "host",
}
_CLIENT_PREFIXES = (("arg_", "url"), ("cookie_", "header"), ("http_", "header"))
PATHS = frozenset({"uri", "document_uri", "request_uri", "is_args"})
"""Variables that begin with `/` or `?`, or are empty: what follows them is no part of a host."""


class Source(NamedTuple):
    """A piece that the client decides. name: the variable, `$` included. kind: url, header, host or body.

    pattern: what it must match (the inside of a capture, or of a check), or empty: anything.
    decoded: percent-encoding is undone, so that it may hold line ends. slash: it always begins with `/`.
    via: the definitions through which it comes.
    """

    name: str
    kind: str
    pattern: str = ""
    decoded: bool = False
    slash: bool = False
    via: tuple[Directive, ...] = ()

    @property
    def finite(self) -> bool:
        """Whether only what is written out in the configuration can stand here."""
        return bool(self.pattern) and is_finite(self.pattern)

    def can_hold(self, characters: str) -> bool:
        """Whether one of the characters may stand in it."""
        return not self.pattern or can_hold(self.pattern, characters)


class Opaque(NamedTuple):
    """A piece that something other than the client decides (`$server_addr`), or that is defined nowhere."""

    name: str


Piece = str | Source | Opaque
Value = tuple[Piece, ...]


def flows(config: Config) -> Flows:
    """The way back from every variable of this configuration."""
    return Flows(config)


class Flows:
    """Definitions of variables, indexed once."""

    def __init__(self, config: Config) -> None:
        self._maps: dict[tuple[str, str], list[Directive]] = {}
        self._sets: dict[Directive, list[Directive]] = {}
        self._expanded: dict[tuple[str, Directive, str], tuple[Value, ...]] = {}
        self._turn: dict[Directive, int] = {}
        self._checks: dict[Directive, list[Directive]] = {}
        for directive in config.walk():
            name, around = directive.name, directive.parent
            if name in {"map", "geo", "split_clients"} and directive.args and around is not None:
                variable = directive.args[-1].lstrip("$")
                self._maps.setdefault((str(around.name), variable), []).append(directive)
            elif name == "set" and len(directive.args) == 2 and around is not None:
                self._sets.setdefault(around, []).append(directive)
                self._turn[directive] = len(self._turn)
            elif name == "if" and around is not None:
                self._checks.setdefault(around, []).append(directive)
        self._locations: dict[Directive, Location] = {each.directive: each for each in locations(config)}
        self._servers: dict[Directive, Server] = {each.directive: each for each in servers(config)}
        self._assigned = frozenset(str(each.args[0]) for each in self._turn)
        self._names = frozenset(_names_of_captures(self._locations.values(), self._servers.values(), self._checks))
        self._lines: dict[Directive, tuple[tuple[str, str, Directive], ...]] = {}

    def expand(self, text: str, at: Directive, pattern: str = "") -> tuple[Value, ...]:
        """Every value that `text` may take in the directive `at`; pattern: a regex of its own, as `rewrite` has."""
        if "$" not in text:
            return ((text,),)
        key = (text, at, pattern)
        if key not in self._expanded:
            self._expanded[key] = tuple(self._expand(text, at, pattern, ()))
        return self._expanded[key]

    def _expand(self, text: str, at: Directive, pattern: str, via: tuple[Directive, ...]) -> Iterator[Value]:
        choices: list[Sequence[Value]] = []
        end = 0
        for found in VARIABLE.finditer(text):
            if end < found.start():
                choices.append(((text[end : found.start()],),))
            choices.append(tuple(itertools.islice(self._variable(found[1] or found[2], at, pattern, via), _MOST)))
            end = found.end()
        if end < len(text):
            choices.append(((text[end:],),))
        for parts in itertools.islice(itertools.product(*choices), _MOST):
            yield tuple(piece for value in parts for piece in value)

    def _variable(self, name: str, at: Directive, pattern: str, via: tuple[Directive, ...]) -> Iterator[Value]:
        if _DEEPEST <= len(via):
            yield (Opaque(name),)
            return
        if name.isdecimal():
            yield (self._capture(name, at, pattern, via),)
            return
        assigned = self._assignments(name, at, via) if f"${name}" in self._assigned else ()
        if assigned:
            for definition in assigned:
                yield from self._expand(definition.args[1], definition, "", (*via, definition))
            return
        mapped = self._map(name, at)
        if mapped is not None and mapped not in via:
            yield from self._map_values(mapped, at, (*via, mapped))
            return
        capture = self._named_capture(name, at, pattern, via)
        yield (capture or self._builtin(name, at, via),)

    def _assignments(self, name: str, at: Directive, via: tuple[Directive, ...]) -> list[Directive]:
        """The `set`s that may have given the variable its value, last unconditional one first."""
        found: list[Directive] = []
        around = list(at.ancestors)
        for block in reversed(around):
            inner = [*self._sets.get(block, ())]
            for condition in self._checks.get(block, ()):
                if condition not in around:
                    inner += self._sets.get(condition, ())
            for each in sorted(inner, key=self._turn.__getitem__):
                if each.args[0] == f"${name}" and each not in via and each is not at:
                    if each.parent is block:
                        found.clear()
                    found.append(each)
        return found

    def _map(self, name: str, at: Directive) -> Directive | None:
        family = next((str(block.name) for block in at.ancestors if block.parent is None), "http")
        found = self._maps.get((family, name))
        return found[-1] if found else None

    def _map_values(self, block: Directive, at: Directive, via: tuple[Directive, ...]) -> Iterator[Value]:
        if block.name != "map":
            yield ("written out",)
            return
        if block not in self._lines:
            self._lines[block] = tuple(_map_lines(block))
        source = block.args[0]
        for key, value, _ in self._lines[block]:
            if "$" not in value:
                yield (value,)
            elif key.startswith("~"):
                regex = key.lstrip("~").removeprefix("*") if key.startswith("~*") else key[1:]
                yield from self._map_captures(regex, value, source, at, via)
            else:
                yield from self._expand(value, at, "", via)

    def _map_captures(
        self, regex: str, value: str, source: str, at: Directive, via: tuple[Directive, ...]
    ) -> Iterator[Value]:
        """A map's value that may use what the key of its line has captured."""
        names = {name for name, _, _ in groups(regex)}
        origin = next(
            (piece for each in self._expand(source, at, "", via) for piece in each if _is_source(piece)), None
        )
        for pieces in self._plain(value, names, at, via):
            yield tuple(
                _captured(piece, regex, origin, via) if isinstance(piece, Opaque) else piece for piece in pieces
            )

    def _plain(self, text: str, names: set[str], at: Directive, via: tuple[Directive, ...]) -> Iterator[Value]:
        """As _expand, with the variables of these names left as they are, marked by a `$`."""
        choices: list[Sequence[Value]] = []
        end = 0
        for found in VARIABLE.finditer(text):
            name = found[1] or found[2]
            choices.append(((text[end : found.start()],),))
            choices.append(((Opaque(f"${name}"),),) if name in names else tuple(self._variable(name, at, "", via)))
            end = found.end()
        choices.append(((text[end:],),))
        for parts in itertools.islice(itertools.product(*choices), _MOST):
            yield tuple(piece for value in parts for piece in value if piece != "")

    def _capture(self, name: str, at: Directive, pattern: str, via: tuple[Directive, ...]) -> Piece:
        """What `$1` holds: of the directive's own regex, of the `if` around it, of the location, of the server name."""
        if pattern:
            return self._of_uri(pattern, name, at, via)
        for block in at.ancestors:
            if block.name == "if":
                condition = if_match(block)
                if condition and condition[1] in {"~", "~*"} and group(condition[2], name):
                    return self._of_variable(condition[0], condition[2], name, block, via)
            place = self._locations.get(block)
            if place is not None and place.regex and group(place.pattern, name):
                return self._of_uri(place.pattern, name, block, via)
            if block in self._servers:
                return self._of_server_name(name, block, via) or Opaque(name)
        return Opaque(name)

    def _named_capture(self, name: str, at: Directive, pattern: str, via: tuple[Directive, ...]) -> Piece | None:
        if pattern and group(pattern, name):
            return self._of_uri(pattern, name, at, via)
        if name not in self._names:
            return None
        for block in at.ancestors:
            for check in (block, *self._checks.get(block, ())):
                condition = if_match(check)
                if condition and condition[1] in {"~", "~*"} and group(condition[2], name):
                    return self._of_variable(condition[0], condition[2], name, check, via)
            place = self._locations.get(block)
            if place is not None and place.regex and group(place.pattern, name):
                return self._of_uri(place.pattern, name, block, via)
            if block in self._servers:
                return self._of_server_name(name, block, via)
        return None

    def _of_uri(self, pattern: str, name: str, at: Directive, via: tuple[Directive, ...]) -> Piece:
        found = group(pattern, name)
        if found is None or self._internal(at):
            return Opaque(name)
        inner, start = found
        slash = begins_with_slash(pattern, inner, start)
        return Source(f"${name}", "url", inner, decoded=True, slash=slash, via=via)

    def _of_variable(self, variable: str, pattern: str, name: str, at: Directive, via: tuple[Directive, ...]) -> Piece:
        found = group(pattern, name)
        values = itertools.chain.from_iterable(self._variable(variable, at, "", (*via, at)))
        origin = next((piece for piece in values if _is_source(piece)), None)
        if found is None or not isinstance(origin, Source):
            return Opaque(name)
        slash = variable in PATHS and begins_with_slash(pattern, *found)
        return Source(f"${name}", origin.kind, found[0], origin.decoded, slash, via)

    def _of_server_name(self, name: str, block: Directive, via: tuple[Directive, ...]) -> Piece | None:
        for written in self._servers[block].names:
            if written.startswith("~"):
                found = group(written[1:], name)
                if found:
                    return Source(f"${name}", "host", found[0], via=via)
        return None

    def _builtin(self, name: str, at: Directive, via: tuple[Directive, ...]) -> Piece:
        kind = _CLIENT.get(name) or next((kind for start, kind in _CLIENT_PREFIXES if name.startswith(start)), "")
        if not kind:
            return Opaque(name)
        if name in {"uri", "document_uri"} and self._internal(at):
            return Opaque(name)
        decoded = name in {"uri", "document_uri"}
        return Source(f"${name}", kind, self._checked(name, at), decoded, name in PATHS, via)

    def _checked(self, name: str, at: Directive) -> str:
        """The pattern that a check before this place leaves through: `if ($name !~ ^(a|b)$) { return 403; }`.

        For the URI itself, the pattern of the location.
        """
        for block in at.ancestors:
            place = self._locations.get(block)
            if name in {"uri", "document_uri"} and place is not None:
                if place.modifier == "=":
                    return re.escape(place.pattern)
                if place.regex and is_anchored(place.pattern):
                    return place.pattern
            for check in self._checks.get(block, ()):
                condition = if_match(check)
                if not condition or condition[:2] not in {(name, "!~"), (name, "!~*")}:
                    continue
                refused = any(end.args and end.args[0][:1] == "4" for end in check.children("return"))
                if refused and is_anchored(condition[2]):
                    return condition[2]
        return ""

    def _internal(self, at: Directive) -> bool:
        """Whether only nginx itself comes here."""
        for block in (at, *at.ancestors):
            place = self._locations.get(block)
            if place is not None and (place.modifier == "@" or any(block.children("internal"))):
                return True
        return False


def _names_of_captures(
    places: Iterable[Location], servers: Iterable[Server], checks: Mapping[Directive, Sequence[Directive]]
) -> Iterator[str]:
    """Every name that a regular expression of a location, a server or an `if` gives to a capture."""
    patterns = [place.pattern for place in places if place.regex]
    patterns += [name for server in servers for name in server.names if name.startswith("~")]
    patterns += [condition[2] for each in checks.values() for check in each if (condition := if_match(check))]
    for pattern in patterns:
        if "?" in pattern:
            yield from (name for name, _, _ in groups(pattern))


def _is_source(piece: Piece) -> bool:
    return isinstance(piece, Source)


def _captured(piece: Opaque, regex: str, origin: Piece | None, via: tuple[Directive, ...]) -> Piece:
    found = group(regex, piece.name[1:]) if piece.name.startswith("$") else None
    if found is None or not isinstance(origin, Source):
        return piece
    slash = origin.name.lstrip("$") in PATHS and begins_with_slash(regex, *found)
    return Source(origin.name, origin.kind, found[0], origin.decoded, slash, via)


def _map_lines(block: Directive) -> Iterator[tuple[str, str, Directive]]:
    """(key, value, line) of a map; of the values without variables, one stands for all."""
    plain = False
    for line in block.block or ():
        if len(line.args) != 1 or line.name == "include":
            continue
        value = str(line.args[0])
        if "$" in value:
            yield str(line.name), value, line
        elif not plain:
            plain = True
            yield str(line.name), value, line


def if_match(directive: Directive) -> tuple[str, str, str] | None:
    """(variable without `$`, operator, pattern) of an `if` that compares; None for any other directive."""
    if directive.name != "if" or len(directive.args) < 2:
        return None
    words = [str(word) for word in directive.args]
    words[0] = words[0].removeprefix("(")
    words[-1] = words[-1].removesuffix(")")
    words = [word for word in words if word]
    if len(words) != 3 or not words[0].startswith("$"):
        return None
    return words[0][1:], words[1], words[2]
