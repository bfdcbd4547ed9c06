"""Facts: what follows from a Config. Each is a function of the Config alone; a rule asks `context.get(servers)`.

contexts(config)      the catalogue's name for the inside of every block
inheritance(config)   what a block sets itself, and what it inherits
servers(config)       the servers of `http`, with their sockets and names
default_servers(c)    which server answers for a socket when no name fits
listeners(config)     every `listen` of http, stream and mail
locations(config)     locations, with modifier and pattern told apart
upstreams(config)     upstream blocks of http and stream
certificates(config)  certificate and key files that directives name
empty_includes(c)     include patterns that match no file
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from penstock.config.includes import FileNames, expand, full_name, is_include, is_pattern
from penstock.config.sockets import EVERY_ADDRESS, Listen, Socket, listen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.model import Config, Directive, Word

__all__ = [
    "DATA_BLOCKS",
    "Certificate",
    "Inheritance",
    "Listen",
    "Location",
    "Server",
    "Socket",
    "Upstream",
    "certificates",
    "contexts",
    "default_servers",
    "empty_includes",
    "inheritance",
    "listeners",
    "locations",
    "servers",
    "upstreams",
]

DATA_BLOCKS = frozenset({"charset_map", "geo", "map", "match", "num_map", "split_clients", "types"})
"""Blocks that hold lines of data: what stands in them looks like directives and is none."""

_INSIDE = {
    ("main", "events"): "events",
    ("main", "http"): "http",
    ("main", "stream"): "stream",
    ("main", "mail"): "mail",
    ("http", "server"): "server",
    ("http", "upstream"): "upstream",
    ("stream", "server"): "stream server",
    ("stream", "upstream"): "stream upstream",
    ("mail", "server"): "mail server",
    ("server", "location"): "location",
    ("location", "location"): "location",
    ("server", "if"): "if in server",
    ("location", "if"): "if in location",
    ("location", "limit_except"): "limit_except",
}


def contexts(config: Config) -> Mapping[Directive | None, str]:
    """For each block, what the catalogue calls its inside; for None, the top: main.

    Where nginx has no such block there, it is the block's own name. The context *of* a directive is that of its parent.
    """
    inside: dict[Directive | None, str] = {None: "main"}
    for directive in config.walk():
        if directive.block is not None:
            outer = inside[directive.parent]
            inside[directive] = _INSIDE.get((outer, str(directive.name)), str(directive.name))
    return MappingProxyType(inside)


@dataclass(frozen=True, slots=True, eq=False)
class Inheritance:
    """What each block sets, by name. `None` stands for the top of the configuration."""

    own_by_block: Mapping[Directive | None, Mapping[str, tuple[Directive, ...]]]

    def own(self, block: Directive | None, name: str) -> tuple[Directive, ...]:
        """The directives of this name directly in the block."""
        return self.own_by_block.get(block, {}).get(name, ())

    def effective(self, block: Directive | None, name: str) -> tuple[Directive, ...]:
        """The directives of this name in the nearest block that has any: this one, or one around it."""
        at = block
        while True:
            found = self.own(at, name)
            if found or at is None:
                return found
            at = at.parent

    def value(self, block: Directive | None, name: str, default: str = "") -> str:
        """The first argument of the last such directive in force, or the default."""
        found = self.effective(block, name)
        return str(found[-1].args[0]) if found and found[-1].args else default


def inheritance(config: Config) -> Inheritance:
    """What each block sets itself, indexed, and the way to what it inherits."""
    lists: dict[Directive | None, dict[str, list[Directive]]] = {}
    for directive in config.walk():
        lists.setdefault(directive.parent, {}).setdefault(directive.name, []).append(directive)
    return Inheritance(
        {block: {str(name): tuple(found) for name, found in names.items()} for block, names in lists.items()}
    )


@dataclass(frozen=True, slots=True, eq=False)
class Server:
    """A server of `http`. names: as written, none where it has no `server_name`.

    listens: at least one; without a `listen`, nginx takes port 80 of every address.
    tls: whether TLS is spoken on any of its sockets.
    """

    directive: Directive
    listens: tuple[Listen, ...]
    names: tuple[Word, ...]
    tls: bool

    @property
    def sockets(self) -> tuple[Socket, ...]:
        """What it listens on, in the order of the text."""
        return tuple(socket for each in self.listens for socket in each.sockets)

    @property
    def default(self) -> bool:
        """Whether it asks to be a default server."""
        return any(each.default for each in self.listens)


def servers(config: Config) -> tuple[Server, ...]:
    """The servers of `http`, in the order in which nginx reads them."""
    return tuple(_server(block) for http in _top(config, "http") for block in http.children("server") if _open(block))


def _server(block: Directive) -> Server:
    listens = tuple(listen(directive) for directive in block.children("listen"))
    if not listens:
        listens = (Listen(None, (Socket(EVERY_ADDRESS, 80),)),)
    switched = [directive.args[0] for directive in block.children("ssl") if directive.args]
    tls = any(each.ssl for each in listens) or (bool(switched) and switched[-1].lower() == "on")
    names = tuple(word for directive in block.children("server_name") for word in directive.args)
    return Server(block, listens, names, tls)


def default_servers(config: Config) -> Mapping[Socket, Server]:
    """For each socket, the server that answers when no name fits: the one that asks for it, else the first."""
    chosen: dict[Socket, Server] = {}
    explicit: set[Socket] = set()
    for server in servers(config):
        for each in server.listens:
            for socket in each.sockets:
                if socket not in chosen or (each.default and socket not in explicit):
                    chosen[socket] = server
                if each.default:
                    explicit.add(socket)
    return MappingProxyType(chosen)


def listeners(config: Config) -> tuple[Listen, ...]:
    """Everything that is listened on, in http, stream and mail."""
    found = [each for server in servers(config) for each in server.listens]
    for family in ("stream", "mail"):
        for block in _top(config, family):
            for server in block.children("server"):
                found += [listen(directive, default_port=None) for directive in server.children("listen")]
    return tuple(found)


@dataclass(frozen=True, slots=True, eq=False)
class Location:
    """A location. modifier: empty, `=`, `^~`, `~`, `~*`, or `@` for a named one. pattern: what follows it.

    server: the server block around it, or None where it stands outside of one.
    """

    directive: Directive
    modifier: str
    pattern: str
    server: Directive | None

    @property
    def regex(self) -> bool:
        """Whether the pattern is a regular expression."""
        return self.modifier in {"~", "~*"}


def locations(config: Config) -> tuple[Location, ...]:
    """The locations of all servers, in the order of the text, inner ones after their outer one."""
    found = []
    for directive in config.walk():
        if directive.name == "location" and directive.args and _open(directive):
            modifier, pattern = _modifier(directive.args)
            server = next((block for block in directive.ancestors if block.name == "server"), None)
            found.append(Location(directive, modifier, pattern, server))
    return tuple(found)


def _modifier(args: tuple[Word, ...]) -> tuple[str, str]:
    """Modifier and pattern; nginx lets them stand together in one word (ngx_http_core_location)."""
    first = str(args[0])
    if 1 < len(args):
        return first, str(args[1])
    for modifier in ("=", "^~", "~*", "~"):
        if first.startswith(modifier):
            return modifier, first[len(modifier) :]
    return ("@", first[1:]) if first.startswith("@") else ("", first)


@dataclass(frozen=True, slots=True, eq=False)
class Upstream:
    """An upstream block. family: http or stream. servers: its `server` directives."""

    directive: Directive
    name: str
    family: str
    servers: tuple[Directive, ...]


def upstreams(config: Config) -> tuple[Upstream, ...]:
    """The upstreams of http and stream, in the order of the text within each."""
    return tuple(
        Upstream(block, str(block.args[0]), family, tuple(block.children("server")))
        for family in ("http", "stream")
        for top in _top(config, family)
        for block in top.children("upstream")
        if block.args and _open(block)
    )


@dataclass(frozen=True, slots=True, eq=False)
class Certificate:
    """A file that holds a certificate or a key. path: absolute, on the target."""

    directive: Directive
    path: str
    private: bool


_CERTIFICATES = frozenset(
    f"{prefix}ssl_certificate{tail}" for prefix in ("", "proxy_", "grpc_", "uwsgi_", "tunnel_") for tail in ("", "_key")
)


def certificates(config: Config) -> tuple[Certificate, ...]:
    """The certificate and key files that directives name; values with variables, `data:` and engines are no files."""
    folder = config.files.entry.rpartition("/")[0] or "/"
    found = []
    for directive in config.walk():
        if directive.name not in _CERTIFICATES or not directive.args:
            continue
        value = directive.args[0]
        if value and "$" not in value and not value.startswith(("data:", "engine:", "store:")):
            private = directive.name.endswith("_key")
            found.append(Certificate(directive, full_name(value, folder), private))
    return tuple(found)


def empty_includes(config: Config) -> tuple[Directive, ...]:
    """The `include` directives whose pattern matches no file: nginx says nothing of them."""
    names = FileNames(config.files)
    folder = config.files.entry.rpartition("/")[0] or "/"
    found = []
    for directive in config.walk():
        block = directive.parent.name if directive.parent else ""
        if not is_include(directive.name, len(directive.args), block) or not is_pattern(directive.args[0], block):
            continue
        if not expand(full_name(directive.args[0], folder), names.listing):
            found.append(directive)
    return tuple(found)


def _top(config: Config, name: str) -> list[Directive]:
    return [directive for directive in config.directives if directive.name == name and _open(directive)]


def _open(directive: Directive) -> bool:
    return directive.block is not None
