"""A template cannot leave its folder, reach Python, be random, print nonsense, or run without end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.config import load_bytes, parse
from penstock.render.filters import Trespass, quote
from tests.render.making import refusal, text_of, write

if TYPE_CHECKING:
    from pathlib import Path

VALUES = "word: abc\nnumber: 3\nitems: [x, y]\ntable: {k: v}\nyes: true\nnothing: null\n"

REFUSED: dict[str, tuple[str, str]] = {
    # leaving the folder
    "a parent": ("{% include '../secret' %}", "t/nginx.conf.j2:1: the template has no file '../secret'"),
    "a parent in the middle": ("{% include 'x/../../secret' %}", "has no file 'x/../../secret'"),
    "an absolute path": ("{% include '/etc/passwd' %}", "has no file '/etc/passwd'"),
    "a backslash": ("{% include '..\\\\secret' %}", "has no file"),
    "a NUL": ("{% include '_part.j2\\0' %}", "has no file"),
    "the manifest": ("{% include 'template.yaml' %}", "has no file 'template.yaml'"),
    "an example": ("{% include 'examples/a/x.j2' %}", "has no file 'examples/a/x.j2'"),
    "a name out of the values": ("\n{% include word %}", "t/nginx.conf.j2:2: the template has no file 'abc'"),
    "an import": ("{% import '../secret' as x %}", "has no file '../secret'"),
    # reaching Python
    "a class": ("{{ ''.__class__ }}", "access to attribute '__class__'"),
    "a class through attr": ("{{ word | attr('__class__') }}", "No filter named 'attr'"),
    "a class through format": ("{{ '{0.__class__}'.format(word) }}", "access to attribute 'format'"),
    "a function's globals": ("{{ range.__globals__ }}", "access to attribute '__globals__'"),
    "a generator's frame": ("{{ (items | map('upper')).gi_frame }}", "access to attribute 'gi_frame'"),
    "the environment": ("{{ self.__init__ }}", "access to attribute '__init__'"),
    "changing a list": ("{{ items.append('z') }}", "access to attribute 'append'"),
    "changing a table": ("{{ table.update({'a': 1}) }}", "access to attribute 'update'"),
    # chance
    "random": ("{{ items | random }}", "No filter named 'random'"),
    "lorem ipsum": ("{{ lipsum() }}", "lipsum is not defined"),
    # nonsense
    "a boolean": ("a\n{{ yes }}", "t/nginx.conf.j2:2: a value that is true is printed\n  Use `| onoff`"),
    "null": ("{{ nothing }}", "a value that is null is printed"),
    "a list": ("{{ items }}", "a whole list is printed"),
    "a table": ("{{ table }}", "a whole mapping is printed"),
    "a table in a join": ("{{ [table] | join }}", "a whole mapping is printed"),
    "a null in a concatenation": ("{{ 'a' ~ nothing }}", "a value that is null is printed"),
    "a function": ("{{ range }}", "a function is printed"),
    "a boolean in a macro": ("{% macro m() %}{{ yes }}{% endmacro %}\n{{ m() }}", "a value that is true is printed"),
    "onoff of a text": ("{{ word | onoff }}", "`onoff` takes true or false, not a str"),
    # too much
    "a long range": ("{% for x in range(10**9) %}{% endfor %}", "a range may have 200,000 numbers at most"),
    "loops in loops": (
        "{% for a in range(1000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}",
        "takes more than 200,000 steps",
    ),
    "silent growth of calls": (
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(40) }}",
        "takes more than 200,000 steps",
    ),
    "endless calls": ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "the template calls itself without end"),
    "a file that includes itself": ("{% include 'nginx.conf.j2' %}", "the template calls itself without end"),
    "much output": (
        "{% set x = 'x' * 100000 %}{% for a in range(1000) %}{{ x }}{% endfor %}",
        "writes more than 16,777,216 characters",
    ),
    "much output kept": (
        "{% set x = 'x' * 100000 %}{% set y %}{% for a in range(1000) %}{{ x }}{% endfor %}{% endset %}",
        "writes more than 16,777,216 characters",
    ),
    "a long text": ("{{ 'x' * 10**10 }}", "a value grows beyond 1,048,576 characters or items"),
    "a long text, turned": ("{{ 10**10 * 'x' }}", "a value grows beyond"),
    "a long list": ("{% set x = [0] * 10**10 %}", "a value grows beyond"),
    "doubling": (
        "{% set n = namespace(x='x') %}{% for a in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
        "a value grows beyond",
    ),
    "doubling with +": (
        "{% set n = namespace(x=[0]) %}{% for a in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
        "a value grows beyond",
    ),
    "doubling with replace": (
        "{% set n = namespace(x='xx') %}{% for a in range(99) %}{% set n.x = n.x | replace('x', n.x) %}{% endfor %}",
        "a value grows beyond",
    ),
    "doubling with join": (
        "{% set n = namespace(x='x') %}{% for a in range(99) %}{% set n.x = [n.x, n.x] | join %}{% endfor %}",
        "a value grows beyond",
    ),
    "a huge number": ("{% set x = 10 ** 10000000 %}", "a power may have an exponent from 0 to 64"),
    "a growing number": (
        "{% set n = namespace(x=10) %}{% for a in range(99) %}{% set n.x = n.x * n.x %}{% endfor %}",
        "a number grows beyond 64 bits",
    ),
    "a wide format": ("{{ '%1000000000d' % 1 }}", "text is not formatted with %"),
    "a wide field": ("{{ '{:1000000000}'.format(1) }}", "access to attribute 'format'"),
    "a wide field by index": ("{{ '{:1000000000}'['format'](1) }}", "access to attribute 'format'"),
    "a wide column": ("{{ word.ljust(10**9) }}", "access to attribute 'ljust'"),
    "a wide indent": ("{{ word | indent(10**9) }}", "`indent` takes a width from 0 to 80"),
    "many blocks in each other": ("{% for a in items %}" * 30 + "{% endfor %}" * 30, "the template fails"),
}


@pytest.mark.parametrize(("source", "message"), REFUSED.values(), ids=REFUSED)
def test_a_trespass_is_refused_by_name(source: str, message: str, tmp_path: Path) -> None:
    """Each is a Refused that names the template's line, and comes soon."""
    write(tmp_path, {"secret": "s3cret", "t/examples/a/x.j2": "x", "t/_part.j2": "part"})
    began = time.monotonic()
    got = refusal(tmp_path, source, VALUES)
    assert message in got
    assert got.startswith("Refused: t/nginx.conf.j2:")
    assert time.monotonic() - began < 20


ALLOWED: dict[str, tuple[str, str]] = {
    "a part": ("{% include '_part.j2' %}", "part"),
    "a macro of a part": ("{% from '_lib.j2' import m %}{{ m('x') }}", "<x>"),
    "filters": ("{{ items | map('upper') | join(' ') }} {{ word | replace('b', 'B') }}", "X Y aBc"),
    "sums": ("{{ number * 2 + 1 - 3 }} {{ 2 ** 10 }} {{ 7 % 4 }} {{ 7 // 2 }}", "4 1024 3 3"),
    "flags": ("{{ yes | onoff }} {{ (not yes) | onoff }}", "on off"),
    "defaults": ("{{ absent | default('x') }} {% if absent is defined %}a{% endif %}", "x "),
    "the methods of texts": (
        "{{ word.upper() }} {{ word.startswith('a') | onoff }} {{ 'a,b'.split(',')[1] }}",
        "ABC on b",
    ),
    "an indented block": ("{{ 'a\\nb' | indent(2) }}", "a\n  b"),
    "pairs": ("{% for k, v in table | dictsort %}{{ k }}={{ v }}{% endfor %}", "k=v"),
}


@pytest.mark.parametrize(("source", "text"), ALLOWED.values(), ids=ALLOWED)
def test_what_templates_need_is_there(source: str, text: str, tmp_path: Path) -> None:
    """The bounds leave room for a config."""
    write(tmp_path, {"t/_part.j2": "part", "t/_lib.j2": "{% macro m(x) %}<{{ x }}>{% endmacro %}"})
    assert text == text_of(tmp_path, source, VALUES)


QUOTED = [
    ("/var/log/x.log", "/var/log/x.log"),
    ("a b", '"a b"'),
    ("", '""'),
    ("a; return 200", '"a; return 200"'),
    ('a"; return 200; #', '"a\\"; return 200; #"'),
    ("a\\", '"a\\\\"'),
    ("it's", '"it\'s"'),
    ("{", '"{"'),
    ("#", '"#"'),
    ("a\nb\tc", '"a\\nb\\tc"'),
    ("cost: 5$", '"cost: 5$"'),
    ("über", '"über"'),
    (8080, "8080"),
]


@pytest.mark.parametrize(("value", "text"), QUOTED)
def test_quote_makes_one_argument(value: object, text: str) -> None:
    """Bare where nginx needs no quotes, else in double quotes."""
    assert text == quote(value)


def test_quote_lets_variables_in_only_when_asked() -> None:
    """nginx cannot be told that a dollar is a dollar."""
    with pytest.raises(Trespass, match="would make nginx put a variable in"):
        quote("$http_cookie")
    with pytest.raises(Trespass, match="would make nginx put a variable in"):
        quote("a${host}")
    assert quote("$host", variables=True) == '"$host"'


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=40))
def test_whatever_is_quoted_comes_back_as_one_argument(text: str) -> None:
    """Our reader, which follows nginx's own rules, finds one directive with that very argument."""
    written = f"return 200 {quote(text, variables=True)};\n"
    config = parse(
        load_bytes({"/etc/nginx/nginx.conf": written.encode()}, root="/etc/nginx", entry="/etc/nginx/nginx.conf")
    )
    assert [("return", ("200", text))] == [(found.name, found.args) for found in config.directives]
    assert not config.problems
