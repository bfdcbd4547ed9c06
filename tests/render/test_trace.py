"""Every output line knows the template's line that made it, and the values that stand there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.render.making import ROOT, rendered

if TYPE_CHECKING:
    from pathlib import Path

VALUES = """\
port: 8080
names: [a.example, b.example]
upstreams:
  - name: web
    servers: [10.0.0.1, 10.0.0.2]
  - name: api
    servers:
      - 10.0.0.3
headers: {X-One: '1', X-Two: '2'}
tls: {enabled: true}
"""

# Each row: what is shown, the template, and for each output line its text, the template's line, and the note.
CASES: dict[str, tuple[str, list[tuple[str, int, str]]]] = {
    "text alone": ("a;\n\nb;\n", [("a;", 1, ""), ("", 2, ""), ("b;", 3, ""), ("", 4, "")]),
    "no line end at the end": ("a;\nb;", [("a;", 1, ""), ("b;", 2, "")]),
    "an empty file": ("", [("", 1, "")]),
    "a value": (
        "x\nlisten {{ port }};\n",
        [("x", 1, ""), ("listen 8080;", 2, "port = 8080 (base.yaml:1)"), ("", 3, "")],
    ),
    "two values": (
        "{{ port }} {{ port + 1 }} {{ names[0] }};",
        [("8080 8081 a.example;", 1, "port = 8080 (base.yaml:1); names[0] = a.example (base.yaml:2)")],
    ),
    "a list joined": (
        "server_name {{ names | join(' ') }};",
        [("server_name a.example b.example;", 1, "names (base.yaml:2)")],
    ),
    "an expression over two lines": (
        "x {{ port\n  + 1 }};\ny\n",
        [("x 8081;", 1, "port = 8080 (base.yaml:1)"), ("y", 3, ""), ("", 4, "")],
    ),
    "a condition": (
        "{% if tls.enabled %}\nssl on;\n{% else %}\nssl off;\n{% endif %}\nend\n",
        [("ssl on;", 2, ""), ("end", 6, ""), ("", 7, "")],
    ),
    "a condition within a line": (
        "listen {{ port }}{% if tls.enabled %} ssl{% endif %};\n",
        [("listen 8080 ssl;", 1, "port = 8080 (base.yaml:1)"), ("", 2, "")],
    ),
    "a loop over mappings": (
        "{% for u in upstreams %}\nupstream {{ u.name }} {\n}\n{% endfor %}\n",
        [
            ("upstream web {", 2, "upstreams[0].name = web (base.yaml:4)"),
            ("}", 3, ""),
            ("upstream api {", 2, "upstreams[1].name = api (base.yaml:6)"),
            ("}", 3, ""),
            ("", 4, ""),
        ],
    ),
    "a loop in a loop": (
        "{% for u in upstreams %}\n{% for s in u.servers %}\n  server {{ s }};\n{% endfor %}\n{% endfor %}",
        [
            ("  server 10.0.0.1;", 3, "upstreams[0].servers[0] = 10.0.0.1 (base.yaml:5)"),
            ("  server 10.0.0.2;", 3, "upstreams[0].servers[1] = 10.0.0.2 (base.yaml:5)"),
            ("  server 10.0.0.3;", 3, "upstreams[1].servers[0] = 10.0.0.3 (base.yaml:8)"),
            ("", 4, ""),
        ],
    ),
    "a loop over a filtered list": (
        "{% for n in names | sort(reverse=true) if n != 'x' %}\n{{ n }}\n{% endfor %}",
        [
            ("b.example", 2, "names[1] = b.example (base.yaml:2)"),
            ("a.example", 2, "names[0] = a.example (base.yaml:2)"),
            ("", 3, ""),
        ],
    ),
    "a loop over pairs": (
        "{% for k, v in headers.items() %}\nadd_header {{ k }} {{ v }};\n{% endfor %}",
        [
            ("add_header X-One 1;", 2, "headers.X-One = 1 (base.yaml:9)"),
            ("add_header X-Two 2;", 2, "headers.X-Two = 2 (base.yaml:9)"),
            ("", 3, ""),
        ],
    ),
    "a loop on one line": (
        "{% for n in names %}{{ n }}\n{% endfor %}",
        [
            ("a.example", 1, "names[0] = a.example (base.yaml:2)"),
            ("b.example", 1, "names[1] = b.example (base.yaml:2)"),
            ("", 2, ""),
        ],
    ),
    "a name for a value": (
        "{% set p = port %}\n{% set first = upstreams[0] %}\n{{ p }} {{ first.name }}",
        [("8080 web", 3, "port = 8080 (base.yaml:1); upstreams[0].name = web (base.yaml:4)")],
    ),
    "a with block": (
        "{% with u = upstreams[1], p = port %}\n{{ u.name }}:{{ p }}\n{% endwith %}",
        [("api:8080", 2, "upstreams[1].name = api (base.yaml:6); port = 8080 (base.yaml:1)"), ("", 3, "")],
    ),
    "a macro counts where it is called": (
        "{% macro block(u) %}\nupstream {{ u.name }} {\n}\n{% endmacro %}\nx\n{{ block(upstreams[1]) }}",
        [
            ("x", 5, ""),
            ("upstream api {", 6, "upstreams[1] (base.yaml:6)"),
            ("}", 6, "upstreams[1] (base.yaml:6)"),
            ("", 6, ""),
        ],
    ),
    "a call block": (
        "{% macro m() %}\n<{{ caller() }}>\n{% endmacro %}\n{% call m() %}in{% endcall %}\nend",
        [("<in>", 4, ""), ("end", 5, "")],
    ),
    "a set block counts where it is printed": (
        "{% set text %}\na {{ port }}\nb\n{% endset %}\nx\n{{ text }}y",
        [("x", 5, ""), ("a 8080", 6, "port = 8080 (base.yaml:1)"), ("b", 6, "port = 8080 (base.yaml:1)"), ("y", 6, "")],
    ),
    "a filter block": (
        "{% filter upper %}\na {{ port }}\n{% endfilter %}\nx",
        [("A 8080", 1, "port = 8080 (base.yaml:1)"), ("x", 4, "")],
    ),
    "white space control": (
        "a\n\n  {%- if true %}\n\n  b\n  {%- endif +%}\nc {{- port -}}\n\n d",
        [("a", 1, ""), ("  b", 5, ""), ("c8080d", 7, "port = 8080 (base.yaml:1)")],
    ),
    "a comment over lines": ("a\n{# one\n two\n#}\nb", [("a", 1, ""), ("b", 5, "")]),
    "raw text": ("{% raw %}\n{{ a }}\n{% endraw %}\nb", [("", 1, ""), ("{{ a }}", 2, ""), ("b", 4, "")]),
    "a recursive loop": (
        "{% for x in [1, [2]] recursive %}{% if x is number %}{{ x }}\n{% else %}{{ loop(x) }}{% endif %}{% endfor %}",
        [("1", 1, ""), ("2", 1, ""), ("", 1, "")],
    ),
    "what Penstock knows": ("# {{ penstock.instance }}", [("# edge-1", 1, "penstock.instance = edge-1 (the target)")]),
    "carriage returns": (
        "a;\r\nb {{ port }};\r\n",
        [("a;", 1, ""), ("b 8080;", 2, "port = 8080 (base.yaml:1)"), ("", 3, "")],
    ),
}


@pytest.mark.parametrize(("source", "expected"), CASES.values(), ids=CASES)
def test_a_line_knows_where_it_came_from(source: str, expected: list[tuple[str, int, str]], tmp_path: Path) -> None:
    """One origin for each line of the output, the one after the last line end included."""
    files = rendered(tmp_path, source, VALUES)
    origin = files.origins[f"{ROOT}/nginx.conf"]
    text = files.files[f"{ROOT}/nginx.conf"].decode()
    assert expected == [(line, at, note) for line, (_, at, note) in zip(text.split("\n"), origin.lines, strict=True)]
    assert {"t/nginx.conf.j2"} == {label for label, _, _ in origin.lines}
    assert origin.label == "t/nginx.conf.j2"


def test_an_included_file_is_named(tmp_path: Path) -> None:
    """Lines from an include, an import or a parent carry the name of their own file, loop variables included."""
    sources = {
        "nginx.conf": "{% extends '_frame.j2' %}\n{% block inner %}\n{% for u in upstreams %}\n"
        "{% include '_u.j2' %}\n{% endfor %}\nx {{ port }}\n{% endblock %}",
        "_frame": "http {\n{% block inner %}{% endblock %}\n}\n",
        "_u": "# one\nup {{ u.name }};\n",
    }
    files = rendered(tmp_path, sources, VALUES)
    assert list(files.files) == [f"{ROOT}/nginx.conf"]
    text = files.files[f"{ROOT}/nginx.conf"].decode()
    origin = files.origins[f"{ROOT}/nginx.conf"]
    expected = [
        ("http {", "t/_frame.j2", 1, ""),
        ("# one", "t/_u.j2", 1, ""),
        ("up web;", "t/_u.j2", 2, "upstreams[0].name = web (base.yaml:4)"),
        ("# one", "t/_u.j2", 1, ""),
        ("up api;", "t/_u.j2", 2, "upstreams[1].name = api (base.yaml:6)"),
        ("x 8080", "t/nginx.conf.j2", 6, "port = 8080 (base.yaml:1)"),
        ("}", "t/_frame.j2", 3, ""),
        ("", "t/_frame.j2", 4, ""),
    ]
    assert expected == [(line, *origin) for line, origin in zip(text.split("\n"), origin.lines, strict=True)]


def test_the_strongest_layer_is_named(tmp_path: Path) -> None:
    """The note names the file and line that won, and the manifest where a default stands."""
    schema = "properties:\n  workers: {type: integer, default: 4}\n"
    files = rendered(tmp_path, "{{ a.x }} {{ a.y }} {{ workers }}", "a: {x: 1, y: 1}", "\na:\n  y: 2", schema=schema)
    note = files.origins[f"{ROOT}/nginx.conf"].lines[0][2]
    assert note == "a.x = 1 (base.yaml:1); a.y = 2 (layer1.yaml:3); workers = 4 (t/template.yaml:4)"


def test_a_secret_is_not_shown(tmp_path: Path) -> None:
    """A value that the schema marks writeOnly stands in the output, and in no note."""
    schema = "properties:\n  auth: {properties: {token: {type: string, writeOnly: true}}}\n"
    files = rendered(
        tmp_path,
        "{{ auth.token }}\n{% for x in [auth.token] %}{{ x }}{% endfor %}",
        "auth: {token: hunter2}",
        schema=schema,
    )
    assert b"hunter2" in files.files[f"{ROOT}/nginx.conf"]
    assert "hunter2" not in str(files.origins)
    assert "auth.token = (hidden) (base.yaml:1)" in str(files.origins)


def test_a_long_value_is_cut_short(tmp_path: Path) -> None:
    """A note stays readable."""
    files = rendered(tmp_path, "{{ a }}", f"a: {'x' * 500}")
    assert files.origins[f"{ROOT}/nginx.conf"].lines[0][2] == f"a = {'x' * 57}... (base.yaml:1)"


def test_tracing_does_not_change_the_text(tmp_path: Path) -> None:
    """What is measured, cut and compared in a template is the text itself."""
    source = (
        "{% macro m(x) %}<{{ x }}>{% endmacro %}{% set s %}{{ port }}{% endset %}"
        "{{ m(port) | length }} {{ s | length }} {{ (m(1) ~ s) | upper }} {{ s == '8080' }}".replace(
            " {{ s == '8080' }}", ""
        )
        + " {{ 'same' if s == '8080' else 'other' }}"
    )
    files = rendered(tmp_path, source, VALUES)
    assert files.files[f"{ROOT}/nginx.conf"] == b"6 4 <1>8080 same"
