"""summary: what a configuration serves, in words; a plan shows by it what a publish touches."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from penstock.config.facts import certificates, listeners, servers

if TYPE_CHECKING:
    from penstock.model import Config


class Summary(NamedTuple):
    """What is served. Each sorted, without repetition.

    server_names: of http. sockets: `*:443`, of http, stream and mail. certificates: paths of certificates, not of keys.
    """

    server_names: tuple[str, ...]
    sockets: tuple[str, ...]
    certificates: tuple[str, ...]


def summary(config: Config) -> Summary:
    """The server names, sockets and certificate files of a configuration."""
    names = {str(name) for server in servers(config) for name in server.names if name}
    sockets = {socket for each in listeners(config) for socket in each.sockets}
    paths = {certificate.path for certificate in certificates(config) if not certificate.private}
    return Summary(tuple(sorted(names)), tuple(str(socket) for socket in sorted(sockets)), tuple(sorted(paths)))
