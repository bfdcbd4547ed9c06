"""Where values come from: what flows knows of a variable where it is used."""

from __future__ import annotations

import pytest

from penstock.analysis.destinations import authority, chosen_by_client
from penstock.analysis.patterns import begins_with_slash, can_hold, group, is_anchored, is_finite
from penstock.analysis.taint import Opaque, Source, Value, flows

from .snippets import config


def shown(value: Value) -> str:
    """A value as text: sources as <kind name>, opaque pieces as <name>."""
    words = []
    for piece in value:
        if isinstance(piece, Source):
            words.append(f"<{piece.kind} {piece.name}>")
        else:
            words.append(f"<{piece.name}>" if isinstance(piece, Opaque) else piece)
    return "".join(words)


def values(text: str) -> list[str]:
    """What the argument of `probe` may be in this configuration."""
    parsed = config(text)
    (probe,) = (directive for directive in parsed.walk() if directive.name == "probe")
    return [shown(value) for value in flows(parsed).expand(probe.args[0], probe)]


def in_server(body: str, head: str = "") -> str:
    """A configuration with this text in its one server, and this before it."""
    return f"http {{\n{head}\nserver {{\nserver_name ~^(?<sub>[a-z]+)\\.a\\.example$;\n{body}\n}}\n}}\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (in_server("probe /plain;"), ["/plain"]),
        (in_server("probe a$arg_x/${cookie_y}b;"), ["a<url $arg_x>/<header $cookie_y>b"]),
        (in_server("probe $server_addr;"), ["<server_addr>"]),
        (in_server("set $a $arg_x; probe $a;"), ["<url $arg_x>"]),
        (in_server("set $a $arg_x; set $a fixed; probe $a;"), ["fixed"]),
        (in_server("set $a fixed; if ($arg_y) { set $a $arg_x; } probe $a;"), ["fixed", "<url $arg_x>"]),
        (in_server("set $a 1; location / { set $b $a$arg_x; probe $b; }"), ["1<url $arg_x>"]),
        (in_server("location /a { set $a $arg_x; } location /b { probe $a; }"), ["<a>"]),
        (in_server("set $a $a; probe $a;"), ["<a>"]),
        (in_server("set $a $b; set $b $a; probe $a;"), ["<a>"]),
        (in_server("probe $m;", "map $arg_x $m { default a; b c; }"), ["a"]),
        (in_server("probe $m;", "map $arg_x $m { default $arg_x; b c; }"), ["<url $arg_x>", "c"]),
        (in_server("probe $m;", r"map $http_x $m { ~^v(\d+)$ host$1; }"), ["host<header $http_x>"]),
        (in_server("probe $m;", r"map $uri $m { ~^/(?<n>.*)$ $n; }"), ["<url $uri>"]),
        (in_server("probe $g;", "geo $g { default a; 10.0.0.0/8 b; }"), ["written out"]),
        (in_server("probe $sub;"), ["<host $sub>"]),
        (in_server("location ~ ^/(.*)$ { probe $1; }"), ["<url $1>"]),
        (in_server("location ~ ^/(?<path>.*)$ { probe $path; }"), ["<url $path>"]),
        (in_server("location ~ ^/(?<path>.*)$ { internal; probe $path; }"), ["<path>"]),
        (in_server('location / { if ($http_x ~ "^(.*)$") { probe $1; } }'), ["<header $1>"]),
        (in_server("location @named { probe $uri; }"), ["<uri>"]),
    ],
)
def test_a_value_is_followed_back(text: str, found: list[str]) -> None:
    """Through set, map, geo and captures of all kinds; not out of another location."""
    assert found == values(text)


def test_maps_that_name_each_other_end() -> None:
    """A circle is nginx's to refuse; we do not run in it."""
    assert values(in_server("probe $a;", "map $b $a { default $b; } map $a $b { default $a; }")) == ["<a>"]


def test_many_values_are_bounded() -> None:
    """Sixteen switches make 65,536 values; the first few are looked at."""
    switches = "".join(f"set $v{n} a; if ($arg_x) {{ set $v{n} b; }}\n" for n in range(16))
    assert len(values(in_server(f"{switches} probe {''.join(f'$v{n}' for n in range(16))};"))) == 32


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("http://$arg_x", "$arg_x"),
        ("http://$arg_x/path", "$arg_x"),
        ("http://a.example:$arg_x", "$arg_x"),
        ("http://a.example/$arg_x", None),
        ("http://a.example?$arg_x", None),
        ("http://a.example$request_uri", None),
        ("http://a.example$is_args$args", None),
        ("$scheme://a.example$uri", None),
        ("$scheme://$arg_x", "$arg_x"),
        ("$arg_x", "$arg_x"),
        ("/path$arg_x", None),
        ("http://$sub.b.example", None),
        ("http://$sub.", "$sub"),
        ("http://$sub", "$sub"),
        ("http://$sub:80", "$sub"),
        ("http://$arg_x.b.example", "$arg_x"),
    ],
)
def test_the_host_of_a_url_is_the_clients_or_not(text: str, chosen: str | None) -> None:
    """Only what stands before the path counts, and a bound label before a fixed domain does not."""
    parsed = config(in_server(f"probe {text};"))
    (probe,) = (directive for directive in parsed.walk() if directive.name == "probe")
    (value,) = flows(parsed).expand(probe.args[0], probe)
    source = chosen_by_client(authority(value))
    assert chosen == (source.name if source else None)


@pytest.mark.parametrize(
    ("pattern", "characters", "can"),
    [
        (".*", "\n", False),
        (".*", "/", True),
        ("[^/]+", "\n", True),
        ("[^/\\r\\n]+", "\n", False),
        ("[a-z0-9-]+", "./", False),
        ("[a-z.]+", ".", True),
        ("\\w+", "/", False),
        ("\\S+", "\n", False),
        ("\\s", "\n", True),
        ("\\D+", "\n", True),
        ("a\\.b", ".", True),
        ("(?:[a-z]|\\n)", "\n", True),
        ("[[:alnum:]]+", "/", False),
        ("[z-a]", "/", True),
    ],
)
def test_what_a_pattern_can_hold(pattern: str, characters: str, can: bool) -> None:
    """An over-approximation: what cannot be read can hold anything."""
    assert can_hold(pattern, characters) is can


def test_groups_are_found_by_number_and_name() -> None:
    """Named groups have a number, too; those that capture nothing have none."""
    pattern = r"^/(?:x|y)/([a-z]+(\d))\(/(?<name>[)(]+)$"
    assert group(pattern, "1") == (r"[a-z]+(\d)", 10)
    assert group(pattern, "2") == (r"\d", 17)
    assert group(pattern, "name") == group(pattern, "3") == ("[)(]+", 25)
    assert group(pattern, "0") == (pattern, 0)
    assert group(pattern, "4") is None


@pytest.mark.parametrize(
    ("pattern", "slash"),
    [
        ("^(.*)$", True),
        ("(.+)", True),
        ("^/a(/.*)$", True),
        ("^/a(.*)$", False),
        ("^/a(/?.*)$", False),
        ("^(a|/b)", False),
    ],
)
def test_whether_a_capture_of_the_uri_begins_with_a_slash(pattern: str, slash: bool) -> None:
    """A URI itself does; a capture in its middle only where the pattern says so."""
    found = group(pattern, "1")
    assert found is not None
    assert begins_with_slash(pattern, *found) is slash


def test_finite_and_anchored_patterns_are_told() -> None:
    """Written-out alternatives; a check of the whole value."""
    assert [is_finite(text) for text in ("a|b", "(?:a|b)c?", r"a\.b", "a+", "[ab]", r"\d", ".")] == [True] * 3 + [
        False
    ] * 4
    assert [is_anchored(text) for text in ("^(a|b)$", "^a|b$", "^a", "a$", r"^a\$")] == [True] + [False] * 4
