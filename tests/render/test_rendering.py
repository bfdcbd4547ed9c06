"""A render: the files it makes, the mistakes it names, and that it always makes the same bytes."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from penstock.errors import Refused
from penstock.render import render
from tests.render.making import ROOT, refusal, rendered, template_of, text_of, values_of

if TYPE_CHECKING:
    from pathlib import Path


def test_each_file_stands_below_the_root(tmp_path: Path) -> None:
    """`.j2` falls off, folders stay, parts and examples make no file."""
    sources = {"nginx.conf": "include conf.d/*;\n", "conf.d/a.conf": "x;\n", "_part": "p", "conf.d/_part": "p"}
    files = rendered(tmp_path, sources, "")
    assert {f"{ROOT}/nginx.conf": b"include conf.d/*;\n", f"{ROOT}/conf.d/a.conf": b"x;\n"} == dict(files.files)
    assert (ROOT, f"{ROOT}/nginx.conf") == (files.root, files.entry)


def test_the_entry_takes_the_name_it_has_on_the_target(tmp_path: Path) -> None:
    """A target may call its main file otherwise."""
    template = template_of(tmp_path, {"nginx.conf": "a;", "other.conf": "b;"})
    files = render(template, values_of(""), root="/srv/x", entry_name="main.conf", facts={})
    assert {"/srv/x/main.conf": b"a;", "/srv/x/other.conf": b"b;"} == dict(files.files)
    assert files.entry == "/srv/x/main.conf"
    with pytest.raises(Refused, match="two files of t become /srv/x/other"):
        render(template, values_of(""), root="/srv/x", entry_name="other.conf", facts={})


MISTAKES: dict[str, tuple[str, str]] = {
    "an undefined variable": (
        "a\nlisten {{ prot }};",
        "t/nginx.conf.j2:2: prot is not defined\n  Did you mean port? Values come from base.yaml, layer1.yaml;",
    ),
    "an undefined key": ("{{ tls.enabeld }}", "t/nginx.conf.j2:1: tls has no enabeld\n  Did you mean enabled?"),
    "an undefined key, deep": (
        "\n\n{{ pools[1].nmae }}",
        "t/nginx.conf.j2:3: pools[1] has no nmae\n  Did you mean name?",
    ),
    "an index too far": ("{{ pools[7].name }}", "t/nginx.conf.j2:1: pools has no 7"),
    "a key of what is undefined": ("{{ nothing.at.all }}", "t/nginx.conf.j2:1: nothing is not defined"),
    "an undefined condition": ("{% if absent %}a{% endif %}", "t/nginx.conf.j2:1: absent is not defined"),
    "an undefined list": ("a\n{% for x in absent %}{% endfor %}", "t/nginx.conf.j2:2: absent is not defined"),
    "an undefined filter argument": ("{{ [1] | join(absent) }}", "t/nginx.conf.j2:1:"),
    "undefined in a macro": (
        "{% macro m() %}\n{{ absent }}\n{% endmacro %}\n\n{{ m() }}",
        "t/nginx.conf.j2:2: absent is not defined",
    ),
    "an open block": (
        "a\n{% if port %}\nb",
        "the template is not well formed: Unexpected end of template",
    ),
    "an open brace": ("a\nb {{ port ;", "t/nginx.conf.j2:2: the template is not well formed:"),
    "an unknown tag": (
        "a\n{% elsif %}",
        "t/nginx.conf.j2:2: the template is not well formed: Encountered unknown tag 'elsif'",
    ),
    "an unknown filter": (
        "a\n{{ port | qoute }}",
        "t/nginx.conf.j2:2: the template is not well formed: No filter named 'qoute'",
    ),
    "a division by zero": ("a\n{{ 1 // 0 }}", "t/nginx.conf.j2:2: the template fails:"),
    "text and number": ("a\n{{ 'a' + port }}", "t/nginx.conf.j2:2: the template fails:"),
    "a call of a number": ("a\n{{ port() }}", "t/nginx.conf.j2:2: the template fails: 'int' object is not callable"),
    "the template's own refusal": (
        "a\n{% if port < 1024 %}\n{{ fail('port ' ~ port ~ ' is low') }}\n{% endif %}",
        "t/nginx.conf.j2:3: port 80 is low",
    ),
}


@pytest.mark.parametrize(("source", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_place(source: str, message: str, tmp_path: Path) -> None:
    """The template's line, what is wrong, and the nearest name that exists."""
    layers = ("port: 80\ntls: {enabled: true}\npools: [{name: a}, {name: b}]", "other: 1")
    got = refusal(tmp_path, source, *layers)
    assert got.startswith("Refused: t/nginx.conf.j2:")
    assert message in got


def test_a_mistake_in_an_included_file_is_named_there(tmp_path: Path) -> None:
    """The part's own name and line."""
    sources = {"nginx.conf": "a\n{% include '_part.j2' %}", "_part": "a\nb\n{{ absent }}"}
    assert "t/_part.j2:3: absent is not defined" in refusal(tmp_path, sources, "a: 1")
    sources = {"nginx.conf": "a\n{% include '_part.j2' %}", "_part": "a\nb\n{{ absent"}
    assert "t/_part.j2:3: the template is not well formed" in refusal(tmp_path, sources, "a: 1")


def test_a_render_takes_no_more_than_it_is_given(tmp_path: Path) -> None:
    """Rendering twice gives equal files, and leaves the values as they were."""
    template = template_of(tmp_path, "{% for n in names | sort %}{{ n }} {% endfor %}")
    values = values_of("names: [b, a]")
    first = render(template, values, root=ROOT, facts={})
    assert first == render(template, values, root=ROOT, facts={})
    assert values.tree == {"names": ["b", "a"]}


def test_the_last_line_end_is_kept(tmp_path: Path) -> None:
    """A file ends as its template ends."""
    assert text_of(tmp_path, "a;\n", "") == "a;\n"
    assert text_of(tmp_path, "a;", "") == "a;"


PROGRAM = """
import hashlib, pathlib, sys
from penstock.render import find_template, load_values, render
template = find_template("penstock:load-balancer", project=pathlib.Path("/"))
values = load_values(pathlib.Path(sys.argv[1]))
files = render(template, values, root="/etc/nginx", facts={"instance": "a", "target": "b"})
print(files.digest, hashlib.sha256(repr(sorted(files.origins.items())).encode()).hexdigest())
"""


def test_same_inputs_same_bytes(tmp_path: Path) -> None:
    """Neither the hash seed, nor the locale, nor the time zone, nor the folder has a say."""
    from penstock.shipped import shipped

    example = shipped("templates") / "load-balancer" / "examples" / "methods" / "values.yaml"
    (tmp_path / "base.yaml").write_bytes(example.read_bytes())
    ends = set()
    for seed, locale, zone in (
        ("0", "C", "UTC"),
        ("1", "C.UTF-8", "Asia/Tokyo"),
        ("4711", "POSIX", "America/New_York"),
    ):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale, "TZ": zone}
        command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
        end = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=True, timeout=60)
        ends.add(end.stdout)
    assert len(ends) == 1
