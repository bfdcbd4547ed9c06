"""What a `listen` directive listens on, as nginx reads it (ngx_parse_url; ngx_http_core_listen)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from penstock.model import Directive


class Socket(NamedTuple):
    """An address to listen on; two spellings of one address are equal.

    address: an IP address (`0.0.0.0` for every IPv4 address, `::` for every IPv6 address), a host name,
    or `unix:/path` with port 0. datagram: UDP, as for QUIC.
    """

    address: str
    port: int
    datagram: bool = False

    def __str__(self) -> str:
        """`*:80`, `[::]:80`, `127.0.0.1:8080`, `unix:/run/x.sock`; `/udp` after it for datagrams."""
        tail = "/udp" if self.datagram else ""
        if self.address.startswith("unix:"):
            return self.address + tail
        host = "*" if self.address == "0.0.0.0" else self.address  # noqa: S104 - a name, not a bind
        return f"{f'[{host}]' if ':' in host else host}:{self.port}{tail}"


class Listen(NamedTuple):
    """One `listen`. directive: None where nginx listens on port 80 because a server names nothing.

    sockets: more than one for a range of ports, none where the address cannot be read.
    parameters: what follows the address, as written.
    """

    directive: Directive | None
    sockets: tuple[Socket, ...]
    parameters: tuple[str, ...] = ()

    @property
    def default(self) -> bool:
        """Whether the server asks to be the default one of these sockets."""
        return "default_server" in self.parameters or "default" in self.parameters

    @property
    def ssl(self) -> bool:
        """Whether TLS is spoken here: `ssl` or `quic`."""
        return "ssl" in self.parameters or "quic" in self.parameters

    @property
    def quic(self) -> bool:
        """Whether HTTP/3 is spoken here."""
        return "quic" in self.parameters


EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - a name, not a bind


def listen(directive: Directive, *, default_port: int | None = 80) -> Listen:
    """What this `listen` directive says. default_port: for an address without one; None where nginx refuses that."""
    if not directive.args:
        return Listen(directive, ())
    parameters = tuple(str(word) for word in directive.args[1:])
    datagram = "quic" in parameters or "udp" in parameters
    return Listen(directive, tuple(_sockets(directive.args[0], default_port, datagram=datagram)), parameters)


def _sockets(text: str, default_port: int | None, *, datagram: bool) -> list[Socket]:
    if text.lower().startswith("unix:"):
        return [Socket("unix:" + text[5:], 0, datagram)]
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        if not closed or (rest and not rest.startswith(":")):
            return []
        ports = rest[1:]
    elif ":" in text:
        host, _, ports = text.rpartition(":")
    elif _is_ports(text):
        host, ports = "*", text
    else:
        host, ports = ("" if text.isdecimal() else text), ""
    if not ports and default_port is not None:
        ports = str(default_port)
    if not _is_ports(ports) or not host:
        return []
    first, _, last = ports.partition("-")
    return [Socket(_address(host), port, datagram) for port in range(int(first), int(last or first) + 1)]


def _is_ports(text: str) -> bool:
    first, dash, last = text.partition("-")
    numbers = (first, last) if dash else (first,)
    return all(number.isascii() and number.isdecimal() and len(number) < 6 for number in numbers) and all(
        0 < int(number) < 65536 for number in numbers
    )


def _address(host: str) -> str:
    if host == "*":
        return EVERY_ADDRESS
    if ":" not in host or host == "::":  # a name, or an address with one spelling only
        return host.lower()
    import ipaddress  # noqa: PLC0415 - few configurations need it

    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return host.lower()
