"""Facts: what follows from a configuration."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from penstock.catalog import catalog
from penstock.config import facts
from penstock.config.sockets import Socket, listen
from penstock.config.summary import Summary, summary
from tests.config.reading import read

if TYPE_CHECKING:
    from penstock.model import Directive


def only(text: str) -> Directive:
    """The single directive of this text."""
    (directive,) = read(text).walk()
    return directive


@pytest.mark.parametrize(
    ("address", "sockets"),
    [
        ("80", ["*:80"]),
        ("*:80", ["*:80"]),
        ("0.0.0.0:80", ["*:80"]),
        ("0.0.0.0", ["*:80"]),
        ("127.0.0.1", ["127.0.0.1:80"]),
        ("127.0.0.1:8080", ["127.0.0.1:8080"]),
        ("[::]:80", ["[::]:80"]),
        ("[::]", ["[::]:80"]),
        ("[0:0:0:0:0:0:0:1]:443", ["[::1]:443"]),
        ("localhost:8000", ["localhost:8000"]),
        ("LOCALHOST", ["localhost:80"]),
        ("8000-8002", ["*:8000", "*:8001", "*:8002"]),
        ("unix:/run/x.sock", ["unix:/run/x.sock"]),
        ("[::1", []),
        ("[::1]x", []),
        ("127.0.0.1:", ["127.0.0.1:80"]),
        ("127.0.0.1:x", []),
        ("70000", []),
        ("a:70000", []),
        (":80", []),
    ],
)
def test_addresses(address: str, sockets: list[str]) -> None:
    """Every spelling of an address that `listen` takes; none of what it does not."""
    assert [str(each) for each in listen(only(f"listen {address};")).sockets] == sockets


def test_listen_parameters() -> None:
    """Default, TLS and QUIC are read from the parameters; QUIC listens on datagrams."""
    each = listen(only("listen 443 quic reuseport default_server;"))
    assert (each.default, each.ssl, each.quic, str(each.sockets[0])) == (True, True, True, "*:443/udp")
    each = listen(only("listen 443 default ssl;"))
    assert (each.default, each.ssl, each.quic) == (True, True, False)
    assert listen(only("listen;")).sockets == ()
    assert listen(only("listen 127.0.0.1;"), default_port=None).sockets == ()


def test_servers() -> None:
    """Servers of http alone, those of included files among them; without `listen`, port 80."""
    config = read(
        """http {
            server { listen 443 ssl; server_name a b; server_name c; }
            include s;
            upstream u { server x; }
        }
        stream { server { listen 53; } }
        server { }""",
        s="server { ssl on; }\nserver;",
    )
    first, second = facts.servers(config)
    assert [str(name) for name in first.names] == ["a", "b", "c"]
    assert (first.tls, second.tls) == (True, True)
    assert first.sockets == (Socket("0.0.0.0", 443),)
    assert (second.sockets, second.listens[0].directive) == ((Socket("0.0.0.0", 80),), None)


def test_default_servers() -> None:
    """The server that asks for it answers for a socket, else the first on it."""
    config = read(
        """http {
            server { server_name first; listen 80; listen 81; }
            server { server_name second; listen *:80 default_server; listen [::]:80; }
            server { server_name third; listen 0.0.0.0:80; listen 82; }
        }"""
    )
    answers = {str(at): str(server.names[0]) for at, server in facts.default_servers(config).items()}
    assert answers == {"*:80": "second", "*:81": "first", "[::]:80": "second", "*:82": "third"}


@pytest.mark.parametrize(
    ("words", "modifier", "pattern"),
    [
        ("/", "", "/"),
        ("= /", "=", "/"),
        ("=/a", "=", "/a"),
        ("^~ /a", "^~", "/a"),
        ("^~/a", "^~", "/a"),
        ("~ x$", "~", "x$"),
        ("~* x$", "~*", "x$"),
        ("~*x$", "~*", "x$"),
        ("~x$", "~", "x$"),
        ("@name", "@", "name"),
        ('"/with space"', "", "/with space"),
    ],
)
def test_locations(words: str, modifier: str, pattern: str) -> None:
    """Modifier and pattern are told apart, whether or not a space stands between them."""
    config = read(f"http {{ server {{ location /outer {{ location {words} {{ }} }} }} }}")
    outer, inner = facts.locations(config)
    assert (inner.modifier, inner.pattern, inner.regex) == (modifier, pattern, "~" in modifier and "^" not in modifier)
    assert outer.server is inner.server
    assert outer.server is not None
    assert outer.server.name == "server"


def test_inheritance() -> None:
    """A value comes from the nearest block that sets it; one that sets it itself gets nothing from above."""
    config = read(
        """error_log a;
        http {
            gzip on; add_header A 1; add_header B 2;
            server {
                location /plain { }
                location /own { add_header C 3; if ($x) { } gzip off; gzip on; }
            }
        }"""
    )
    known = facts.inheritance(config)
    plain, own = (location.directive for location in facts.locations(config))
    inside = next(directive for directive in config.walk() if directive.name == "if")
    assert [str(found.args[0]) for found in known.effective(plain, "add_header")] == ["A", "B"]
    assert [str(found.args[0]) for found in known.effective(own, "add_header")] == ["C"]
    assert known.own(plain, "add_header") == ()
    assert (known.value(inside, "gzip"), known.value(plain, "gzip")) == ("on", "on")
    assert known.value(plain, "error_log") == "a"
    assert known.value(plain, "root", "html") == "html"
    assert [str(found.args[0]) for found in known.own(None, "error_log")] == ["a"]


def test_contexts_are_the_catalogues() -> None:
    """Every block that nginx knows is called as the catalogue calls it; others by their own name."""
    config = read(
        """events { }
        http {
            upstream u { } types { } map $a $b { }
            server { if (a) { } location / { location /a { } if (a) { } limit_except GET { } } }
        }
        stream { server { } upstream u { } }
        mail { server { } }
        other { server { } }"""
    )
    inside = facts.contexts(config)
    names = [inside[directive] for directive in config.walk()]
    assert names == [
        *("events", "http", "upstream", "types", "map", "server", "if in server", "location", "location"),
        *("if in location", "limit_except", "stream", "stream server", "stream upstream", "mail", "mail server"),
        *("other", "server"),
    ]
    known = catalog()
    used = {
        context
        for name in known.names(known.newest)
        for f in known.directives(name, known.newest)
        for context in f.contexts
    }
    assert used - {"any"} <= set(names) | {"main"}
    assert inside[None] == "main"


def test_upstreams() -> None:
    """Upstreams of http and stream, with their servers."""
    config = read("http { upstream a { server x; server y; zone z; } upstream; } stream { upstream b { } }")
    assert [(each.name, each.family, len(each.servers)) for each in facts.upstreams(config)] == [
        ("a", "http", 2),
        ("b", "stream", 0),
    ]


def test_certificates() -> None:
    """Files by absolute path; what comes from variables, from the text or from an engine is no file."""
    config = read(
        """ssl_certificate a.pem; ssl_certificate_key /k/a.key; proxy_ssl_certificate ../b.pem;
        ssl_certificate $x; ssl_certificate data:xyz; ssl_certificate_key engine:pkcs11:a; ssl_certificate;"""
    )
    assert [(each.path, each.private) for each in facts.certificates(config)] == [
        ("/etc/nginx/a.pem", False),
        ("/k/a.key", True),
        ("/etc/b.pem", False),
    ]


def test_empty_includes() -> None:
    """A pattern that matches nothing is found; one that matches an empty file is not."""
    config = read("include none/*; include x*; include gone; geo $a { include *.geo; }", x1="")
    assert [str(found.args[0]) for found in facts.empty_includes(config)] == ["none/*"]


def test_summary() -> None:
    """What a plan says of a configuration: names, sockets and certificates, sorted and once each."""
    config = read(
        """http {
            server { listen 443 ssl; server_name b a ""; ssl_certificate c.pem; ssl_certificate_key c.key; }
            server { listen *:443 ssl; server_name a; ssl_certificate c.pem; }
        }
        stream { server { listen 10.0.0.1:53 udp; } }
        mail { server { listen 25; } }"""
    )
    assert summary(config) == Summary(
        server_names=("a", "b"), sockets=("*:25", "*:443", "10.0.0.1:53/udp"), certificates=("/etc/nginx/c.pem",)
    )


def test_sockets_are_as_the_system_reads_them() -> None:
    """Two spellings are one socket exactly when the system's resolver says so."""
    for host, same in (("::0001", "::1"), ("::ffff:127.0.0.1", "::ffff:7f00:1"), ("2001:db8::", "2001:db8:0::0")):
        assert socket.inet_pton(socket.AF_INET6, host) == socket.inet_pton(socket.AF_INET6, same)
        assert listen(only(f"listen [{host}]:1;")).sockets == listen(only(f"listen [{same}]:1;")).sockets
