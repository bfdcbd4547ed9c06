"""What nginx's tokenizer refuses is told, with the exact place, and reading goes on."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import penstock.config
from penstock.config import PROBLEM_KINDS
from tests.config.reading import places, read, tree

CASES = [
    # text, problems, what is read all the same
    ("a b", [("syntax/missing-semicolon", 1, 4)], [("a", "b")]),
    ("a {\n  b c\n}\nd;", [("syntax/missing-semicolon", 2, 6)], [("a", [("b", "c")]), ("d",)]),
    ("a \\", [("syntax/missing-semicolon", 1, 4)], [("a", "\\")]),
    (";a;;", [("syntax/unexpected-token", 1, 1), ("syntax/unexpected-token", 1, 4)], [("a",)]),
    ("{ a; }\nb;", [("syntax/unexpected-token", 1, 1)], [("a",), ("b",)]),
    ("a { b; } }\nc;", [("syntax/unbalanced-braces", 1, 10)], [("a", [("b",)]), ("c",)]),
    ("a {\n b;\n", [("syntax/unbalanced-braces", 1, 1)], [("a", [("b",)])]),
    ("a {\n  b {\n    c;\n  d {\n    e;\n  }\n}\n", [("syntax/unbalanced-braces", 2, 3)], None),
    ('a "b;\nc d;', [("syntax/unterminated-string", 1, 3)], [("a",)]),
    ("a {\n b 'c;\n}", [("syntax/unterminated-string", 2, 4)], [("a", [("b",)])]),
    ('a "b"c;', [("syntax/text-after-quote", 1, 6)], [("a", "b", "c")]),
    ('a "b""c";', [("syntax/text-after-quote", 1, 6)], [("a", "b", "c")]),
    ('a "b"#c\n;', [("syntax/text-after-quote", 1, 6)], [("a", "b")]),
    ("\ufeffa;", [("syntax/bom", 1, 1)], [("a",)]),
    ("a b\xa0c;\n\xa0d;", [("syntax/odd-whitespace", 1, 4), ("syntax/invalid-whitespace", 2, 1)], None),
    ("a \xa0\u2003 b;", [("syntax/invalid-whitespace", 1, 3)], None),
    ("a\vb; c\fd; e\x85;", [("syntax/invalid-whitespace", 1, column) for column in (2, 7, 12)], None),
    ("a 'b\xa0c'; # \xa0", [], [("a", "b\xa0c")]),
    ("a;\rb;\rc;\r\nd;", [("syntax/lone-cr", 1, 3)], [("a",), ("b",), ("c",), ("d",)]),
    ("a \0b;\nc\0;", [("syntax/nul-byte", 1, 3)], [("a", "\0b"), ("c\0",)]),
    ("include a\0b;", [("syntax/nul-byte", 1, 10), ("include/not-found", 1, 9)], None),
    (b"a b;\nc caf\xe9;", [("syntax/invalid-encoding", 2, 6)], [("a", "b"), ("c", "caf\udce9")]),
    ("a " + "x" * 4095 + ";", [], None),
    ("a " + "x" * 4096 + ";", [("syntax/parameter-too-long", 1, 3)], None),
    ("a " + "é" * 2048 + ";", [("syntax/parameter-too-long", 1, 3)], None),
    ("a '" + "x" * 4094 + "';", [], None),
    ("a '" + "x" * 4095 + "';", [("syntax/parameter-too-long", 1, 3)], None),
    ("#" + "x" * 4094 + "\na;", [], [("a",)]),
    ("#" + "x" * 4095 + "\na;", [("syntax/parameter-too-long", 1, 1)], [("a",)]),
    ("a_by_lua_block { return", [("syntax/unbalanced-braces", 1, 1)], [("a_by_lua_block", [])]),
]


@pytest.mark.parametrize(("text", "problems", "rest"), CASES, ids=[repr(case[0][:24]) for case in CASES])
def test_problems(
    text: str | bytes, problems: list[tuple[str, int, int]], rest: list[tuple[object, ...]] | None
) -> None:
    """Each problem has its kind and place, and what is sound around it is read."""
    config = read(text)
    assert places(config.problems) == problems
    if rest is not None:
        assert tree(config) == rest


def test_a_missing_semicolon_is_told_where_it_belongs() -> None:
    """The place is directly behind the last word, not where nginx stumbles."""
    (problem,) = read("http {\n  gzip on\n}\n").problems
    assert (problem.span.line, problem.span.column) == (2, 10)
    assert problem.message == '";" is missing after "gzip on": a "}" follows'


def test_an_open_block_is_named_with_the_end_of_the_file() -> None:
    """Both ends are told: where the block begins, and where nginx gives up."""
    (problem,) = read("http {\n  server {\n    gzip on;\n}\n").problems
    assert (problem.span.line, problem.span.end_column) == (2, 9)
    assert '"server"' in problem.message
    assert "line 5" in problem.hint


def test_a_brace_too_many_names_the_block_that_was_closed() -> None:
    """The hint says which block ended where."""
    (problem,) = read("http {\n}\n}\n").problems
    assert '"http", opened on line 1, is closed by line 2 already' in problem.hint


def test_a_string_over_lines_is_suspected() -> None:
    """When text follows a quote, the string that it ended may have been left open lines before."""
    (problem, *_) = read('add_header A "one;\nadd_header B "two";\n').problems
    assert (problem.kind, problem.span.line) == ("syntax/text-after-quote", 2)
    assert "opened on line 1" in problem.hint


def test_repeated_trouble_with_bytes_is_told_once_and_counted() -> None:
    """A Latin-1 file has one problem, not thousands."""
    (problem,) = read(b"# \xe9\xe8\xe0\n").problems
    assert problem.message == "byte 0xE9 is not UTF-8 (and 2 more in this file)"


def test_messages_hold_nothing_that_a_terminal_would_act_on() -> None:
    """Control characters of a file do not reach a message."""
    problems = read("include x\x1b(31m; include 'y\n\x07';\na\x1b[31m b\x07 }").problems
    assert len(problems) == 4
    assert all((problem.message + problem.hint).isprintable() for problem in problems)


@given(
    st.one_of(st.binary(max_size=200), st.text(st.sampled_from("ab{};\"'\\#$ \n\r*?["), max_size=80).map(str.encode))
)
def test_parse_never_raises(data: bytes) -> None:
    """Any bytes become a Config whose spans lie in the file."""
    config = read(data)
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    for problem in config.problems:
        assert problem.kind in PROBLEM_KINDS
        assert 1 <= problem.span.line <= len(lines)
        assert 1 <= problem.span.column <= len(lines[problem.span.line - 1]) + 1
        assert problem.message
    for directive in config.walk():
        assert data[directive.span.start_byte : directive.span.end_byte]


def test_every_kind_is_declared() -> None:
    """The kinds that the code speaks of are those of PROBLEM_KINDS, and each is used."""
    folder = Path(penstock.config.__file__).parent
    said = {
        node.value
        for path in folder.glob("*.py")
        if path.name != "problems.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith(("syntax/", "include/"))
    }
    assert said == set(PROBLEM_KINDS)
