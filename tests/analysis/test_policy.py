"""The policy language: what each requirement asks for, and what the compiler refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock.analysis import Profile, compile_policy
from penstock.errors import SettingsError

from .snippets import lines, report

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """id: site/test
title: A title
why: Reasons.
source: https://example.com/why
severity: warning
"""
TAIL = """message: "{name} {args} is wrong"
examples:
  bad: "http { } # want \\"x\\""
  good: http { }
"""


def policy(folder: Path, middle: str, *, head: str = HEAD, tail: str = TAIL) -> Path:
    """A policy file with these lines in its middle."""
    path = folder / "pack" / "test.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{head}{middle}{tail}")
    return path


SERVERS = "http {\n {0}\n server {\n {1}\n }\n}\n"


@pytest.mark.parametrize(
    ("middle", "outer", "inner", "found"),
    [
        ("each: gzip\nforbid: {present: true}\n", "gzip on;", "gzip off;", [2, 4]),
        ("each: gzip\nwithin: [server]\nforbid: {present: true}\n", "gzip on;", "gzip off;", [4]),
        ("each: gzip\nforbid: {args: [on]}\n", "gzip on;", "gzip off;", [2]),
        ("each: gzip\nrequire: {args: [on]}\n", "gzip on;", "gzip off;", [4]),
        ("each: [gzip, root]\nrequire: {args: [on]}\n", "gzip on;", "root /a;", [4]),
        ("each: index\nrequire: {args_in: [a, b]}\n", "index a b;", "index a c;", [4]),
        ("each: index\nforbid: {any_arg_in: [c]}\n", "index a b;", "index a c;", [4]),
        ("each: index\nforbid: {first_in: [a]}\n", "index a b;", "index b a;", [2]),
        ("each: index\nrequire: {args_match: '^a'}\n", "index a b;", "index b a;", [4]),
        ("each: index\nforbid: {first_in: [a], args_match: 'z$'}\n", "index a z;", "index a b;", [2]),
        ("each: server\nrequire: {child: root}\n", "root /a;", "", [3]),
        ("each: server\nrequire: {child: root}\n", "", "root /a;", []),
        ("each: server\nforbid: {child: root}\n", "", "root /a;", [3]),
        ("each: server\nrequire: {effective: gzip, args: [on]}\n", "gzip on;", "", []),
        ("each: server\nrequire: {effective: gzip, args: [on]}\n", "gzip on;", "gzip off;", [3]),
        ("each: server\nrequire: {effective: gzip, args: [on]}\n", "gzip ON;", "", []),
        ("each: server\nforbid: {effective: gzip, first_in: [off]}\n", "gzip Off;", "", [3]),
        ("each: server\nrequire: {effective: gzip, args: [on]}\n", "", "", [3]),
        ("each: server\nrequire: {effective: gzip, args: [on], default: [on]}\n", "", "", []),
        ("each: server\nforbid: {effective: gzip, args: [on], default: [on]}\n", "", "", [3]),
        ("each: client_max_body_size\nlimit: {unit: size, max: 1m}\n", "client_max_body_size 1024k;", "", []),
        ("each: client_max_body_size\nlimit: {unit: size, max: 1m}\n", "client_max_body_size 1025k;", "", [2]),
        ("each: keepalive_timeout\nlimit: {unit: time, min: 1, max: 1m}\n", "keepalive_timeout 1m1s;", "", [2]),
        ("each: keepalive_timeout\nlimit: {unit: time, min: 1, max: 1m}\n", "keepalive_timeout 500ms;", "", [2]),
        ("each: keepalive_timeout\nlimit: {unit: time, arg: 2, max: 10}\n", "keepalive_timeout 5 20;", "", [2]),
        ("each: keepalive_requests\nlimit: {min: 10}\n", "keepalive_requests 9;", "keepalive_requests 10;", [2]),
        ("each: index\nlimit: {max: 1}\n", "index $uri;", "", []),
    ],
)
def test_a_requirement_means_what_it_says(
    middle: str, outer: str, inner: str, found: list[int], tmp_path: Path
) -> None:
    """Each word of the language, over a directive in http and one in a server."""
    rule = compile_policy(policy(tmp_path, middle))
    text = SERVERS.replace("{0}", outer).replace("{1}", inner)
    assert [line for line, _ in lines(report(text, [rule], Profile("all")))] == found


def test_a_policy_is_a_rule_like_any_other(tmp_path: Path) -> None:
    """Its fields are those of a rule, and its examples are its manual."""
    rule = compile_policy(policy(tmp_path, "each: gzip\nforbid: {args: [on]}\nprofiles: []\nhint: Do {name} so.\n"))
    assert (rule.id, rule.title, rule.pack, rule.profiles) == ("site/test", "A title", "pack", frozenset())
    assert rule.sources == ("https://example.com/why",)
    assert "```nginx bad" in rule.doc


def test_lines_of_data_are_no_directives(tmp_path: Path) -> None:
    """`gzip` in a map is a key."""
    rule = compile_policy(policy(tmp_path, "each: gzip\nforbid: {present: true}\n"))
    assert not report("http {\n map $a $b { gzip on; }\n}\n", [rule]).verdicts


def test_what_users_write_is_no_format(tmp_path: Path) -> None:
    """Braces in an argument stay braces."""
    rule = compile_policy(policy(tmp_path, "each: root\nforbid: {present: true}\n"))
    (verdict,) = report('http { root "/{name}/{0.__class__}"; }', [rule]).verdicts
    assert verdict.finding.message == "root /{name}/{0.__class__} is wrong"


@pytest.mark.parametrize(
    ("middle", "line", "message"),
    [
        ("each: gzip\nforbidd: {args: [on]}\n", 7, 'forbidd is not part of the policy language\n.*"forbid"'),
        ("each: gzip\n", 1, "has no requirement"),
        ("each: gzip\nforbid: {args: [on]}\nhnit: x\n", 8, 'hnit is not part of the policy language\n.*"hint"'),
        ("each: gzip\nforbid: {agrs: [on]}\n", 7, 'forbid.agrs is not part of the policy language\n.*"args"'),
        ("each: gzip\nforbid: {args: [on], require: 1}\n", 7, "forbid.require is not part"),
        ("each: gzip\nforbid: {args: [on]}\nrequire: {args: [on]}\n", 7, "forbid is a second requirement"),
        ("each: gzip\nforbid: {}\n", 7, "says nothing of the arguments"),
        ("each: gzip\nforbid: {present: false}\n", 7, "can only be `true`"),
        ("each: gzip\nforbid: {args_match: '('}\n", 7, "no regular expression"),
        ("each: gzip\nforbid: {args: [on], default: [on]}\n", 7, "belongs to `effective`"),
        ("each: gzip\nforbid: 3\n", 7, "must be a mapping"),
        ("each: gzip\nwithin: [sever]\nforbid: {present: true}\n", 7, "cannot be 'sever'\n.*\"server\""),
        ("each: gzip\nprofiles: [strickt]\nforbid: {present: true}\n", 7, '"strict"'),
        ("each: []\nforbid: {present: true}\n", 6, "must not be empty"),
        ("each: {a: 1}\nforbid: {present: true}\n", 6, "must be a text or a list of texts"),
        ("forbid: {present: true}\n", 1, "has no `each`"),
        ("each: gzip\nlimit: {unit: size}\n", 7, "sets no bound"),
        ("each: gzip\nlimit: {unit: sise, max: 1}\n", 7, '"size"'),
        ("each: gzip\nlimit: {unit: size, max: 10q}\n", 7, "no size: '10q'"),
        ("each: gzip\nlimit: {arg: 0, max: 1}\n", 7, "whole number from 1"),
    ],
)
def test_what_the_language_does_not_have_is_refused_with_its_line(
    middle: str, line: int, message: str, tmp_path: Path
) -> None:
    """File, line, what is wrong, and the nearest word that there is."""
    path = policy(tmp_path, middle)
    with pytest.raises(SettingsError, match=message) as caught:
        compile_policy(path)
    assert f"{path}:{line}:" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("id: site/test", "id: Test", "must be `category/slug`"),
        ("severity: warning", "severity: fatal", "cannot be 'fatal'"),
        ("title: A title", "title: [1]", "must be a text"),
        ("{args} is wrong", "{value} is wrong", "placeholder {value}"),
        ("  bad:", "  bda:", "has no `bad`"),
    ],
)
def test_the_frame_of_a_policy_is_checked(old: str, new: str, message: str, tmp_path: Path) -> None:
    """Id, severity, title, message, examples."""
    text = f"{HEAD}each: gzip\nforbid: {{present: true}}\n{TAIL}"
    assert old in text
    path = tmp_path / "test.yaml"
    path.write_text(text.replace(old, new))
    with pytest.raises(SettingsError, match=message):
        compile_policy(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Not a traceback."""
    with pytest.raises(SettingsError, match=r"gone\.yaml cannot be read"):
        compile_policy(tmp_path / "gone.yaml")
