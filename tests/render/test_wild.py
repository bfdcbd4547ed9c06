"""Whatever stands in a template, a render ends in files or in an error with a place, and every line has an origin."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import Refused
from tests.render.making import ROOT, rendered

VALUES = "a: 1\nb: text\nc: [x, {d: y}]\nd: {e: f}\ng: true\nh: null\n"

PIECES = (
    "{{ a }}",
    "{{ b }}",
    "{{ c }}",
    "{{ c[0] }}",
    "{{ c[1].d }}",
    "{{ d.e }}",
    "{{ g }}",
    "{{ x }}",
    "{{ d.x }}",
    "{{ b.x }}",
    "{{ b | upper }}",
    "{{ c | length }}",
    "{{ b | quote }}",
    "{{ loop.index }}",
    "{{ m() }}",
    "{{ m(1) }}",
    "{{ b ~ a }}",
    "{% for x in c %}",
    "{% for k, v in d.items() %}",
    "{% for x in a %}",
    "{% for x in c recursive %}",
    "{{ loop(c) }}",
    "{% endfor %}",
    "{% if a %}",
    "{% if x %}",
    "{% else %}",
    "{% elif b %}",
    "{% endif %}",
    "{% macro m() %}",
    "{% endmacro %}",
    "{% call m() %}",
    "{% endcall %}",
    "{{ caller() }}",
    "{% set x = a %}",
    "{% set x %}",
    "{% endset %}",
    "{% filter upper %}",
    "{% endfilter %}",
    "{% with x = d %}",
    "{% endwith %}",
    "{% include '_part.j2' %}",
    "{% include b %}",
    "{% extends '_part.j2' %}",
    "{% block y %}",
    "{% endblock %}",
    "{% import '_part.j2' as p %}",
    "{% raw %}",
    "{% endraw %}",
    "{#",
    "#}",
    "{%-",
    "-%}",
    "{{",
    "}}",
    "{%",
    "%}",
    "server {",
    "}",
    ";",
    "\n",
    "\r\n",
    "  ",
    "é",
    "\u0000",
)
"""What a template is made of, and half of it."""

FRAMES = (
    "{% for x in c %}…{% endfor %}",
    "{% for x in d %}…{% else %}…{% endfor %}",
    "{% for x in [a, [b]] recursive %}…{% endfor %}",
    "{% if g %}…{% else %}…{% endif %}",
    "{% macro m() %}…{% endmacro %}",
    "{% call m() %}…{% endcall %}",
    "{% set x %}…{% endset %}",
    "{% filter upper %}…{% endfilter %}",
    "{% with x = d %}…{% endwith %}",
    "{% block y %}…{% endblock %}",
    "{% raw %}…{% endraw %}",
    "{% if g -%} … {%- endif %}",
)
"""Blocks that are whole: `…` stands for what is in them."""

loose = st.sampled_from(PIECES) | st.text(max_size=3)
whole = st.recursive(
    st.sampled_from([piece for piece in PIECES if piece.startswith("{{ ") or "%" not in piece]),
    lambda inside: st.builds(
        lambda frame, parts: "".join(part + "".join(parts) for part in frame.split("…")[:-1]) + frame.split("…")[-1],
        st.sampled_from(FRAMES),
        st.lists(inside, max_size=3),
    ),
    max_leaves=12,
)


@given(st.lists(loose, max_size=12).map("".join) | st.lists(whole, max_size=4).map("".join))
def test_no_template_ends_otherwise(source: str) -> None:
    """Files, or a Refused that names a file of the template."""
    source = source.encode("utf-8", "ignore").decode()
    with tempfile.TemporaryDirectory() as folder:
        try:
            files = rendered(Path(folder), {"nginx.conf": source, "_part": "part {{ a }}\n"}, VALUES)
        except Refused as exc:
            blamed = exc.message.partition(":")[0]
            ended = blamed in {"t/nginx.conf.j2", "t/_part.j2"}
        else:
            text = files.files[f"{ROOT}/nginx.conf"].decode()
            origins = files.origins[f"{ROOT}/nginx.conf"].lines
            lines = max(2, len(source.splitlines()) + 1)
            ended = len(text.split("\n")) == len(origins) and all(1 <= line <= lines for _, line, _ in origins)
    assert ended
