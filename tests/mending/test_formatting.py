"""The formatter: what it makes of a file, and what it never touches."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.config.tokens import Head, scan
from penstock.mending import formatted
from penstock.model import Comment, Source, Word
from tests.mending.configurations import NGINX, nginx_takes, valid_configurations
from tests.templates.examples import EXAMPLES, render_example

if TYPE_CHECKING:
    from tests.templates.examples import Example


class Case(NamedTuple):
    """A text, and how it looks when formatted."""

    before: str
    after: str


CASES = {
    "one directive a line": Case("a 1;b 2;", "a 1;\nb 2;\n"),
    "blocks are opened on their line": Case("a\n{\nb c ;}", "a {\n    b c;\n}\n"),
    "depth is indentation": Case("a{b{c d;}}", "a {\n    b {\n        c d;\n    }\n}\n"),
    "an empty block is short": Case("events {\n\n}\n", "events {}\n"),
    "an empty block with a comment is not": Case("events { # c\n}\n", "events { # c\n}\n"),
    "one space between arguments": Case("text/html   html\thtm;", "text/html html htm;\n"),
    "columns are not aligned": Case("a      1;\nlonger 2;\n", "a 1;\nlonger 2;\n"),
    "a broken line of arguments stays broken": Case(
        "http {\nlog_format main '$a'\n                '$b'\n\n   '$c'\n;\n}",
        "http {\n    log_format main '$a'\n        '$b'\n        '$c';\n}\n",
    ),
    "a name alone on its line": Case(
        "server_name\n   a.example\n   b.example;", "server_name\n    a.example\n    b.example;\n"
    ),
    "a trailing comment stays behind": Case("a b;    #c", "a b; #c\n"),
    "a comment of its own moves with its block": Case(
        "a {\n# c\n  b c;\n  # d\n}", "a {\n    # c\n    b c;\n    # d\n}\n"
    ),
    "a comment between arguments": Case("a b # one\n  # two\nc;", "a b # one\n    # two\n    c;\n"),
    "a comment before the semicolon": Case("a b # c\n;", "a b # c\n    ;\n"),
    "a comment before the brace": Case("a # c\n{ b c; }", "a # c\n{\n    b c;\n}\n"),
    "a comment behind a short block": Case("a { b c; } # d", "a {\n    b c;\n} # d\n"),
    "one blank line is kept": Case("a b;\n\n\n\nc d;\n\ne f;\n", "a b;\n\nc d;\n\ne f;\n"),
    "no blank line at the edges": Case("\n\na {\n\n b c;\n\n}\n\n\n", "a {\n    b c;\n}\n"),
    "groups of comments are kept": Case("# a\n\n# b\nc d;", "# a\n\n# b\nc d;\n"),
    "white space at line ends goes": Case("a b; \t\n# c  \t\n", "a b;\n# c\n"),
    "a string of several lines": Case("a {\n  b 'c\n  d  ';\n}", "a {\n    b 'c\n  d  ';\n}\n"),
    "quotes and escapes stay": Case("a  \"b\" 'c' \\; d\\ e;", "a \"b\" 'c' \\; d\\ e;\n"),
    "a parenthesis behind a quote": Case('if ($a = "b"){ c d; }', 'if ($a = "b") {\n    c d;\n}\n'),
    "a variable in braces": Case("a ${b}c  {d ${e};}", "a ${b}c {\n    d ${e};\n}\n"),
    "a brace inside a word": Case("return  200 a}b;", "return 200 a}b;\n"),
    "a sharp inside a word": Case("a  b#c;", "a b#c;\n"),
    "Lua is left alone": Case(
        "a {content_by_lua_block{ x = '}'  -- }\n\ty( ) } b c;}",
        "a {\n    content_by_lua_block { x = '}'  -- }\n\ty( ) }\n    b c;\n}\n",
    ),
    "empty Lua": Case("init_by_lua_block { }", "init_by_lua_block { }\n"),
    "Lua with an argument and a comment": Case(
        "set_by_lua_block $a # b\n{ return 1 }", "set_by_lua_block $a # b\n{ return 1 }\n"
    ),
    "CRLF stays CRLF": Case("a b;\r\n\r\n\r\n# c\r\nd {}\r\n", "a b;\r\n\r\n# c\r\nd {}\r\n"),
    "mixed line ends become LF": Case("a b;\r\n# c\r\nd e;\n", "a b;\n# c\nd e;\n"),
    "a missing line end is added": Case("a b;", "a b;\n"),
    "nothing stays nothing": Case("", ""),
    "white space alone is nothing": Case(" \n\n", ""),
    "a comment alone": Case("# a", "# a\n"),
    "bytes that are not UTF-8": Case("a  'caf\udce9';", "a 'caf\udce9';\n"),
    "white space that is none to nginx": Case("a  'b\u00a0c';", "a 'b\u00a0c';\n"),
    "what a suppression speaks of stays on its line": Case(
        "a { b c; } # penstock: ignore[x/y] z\nd { e f; }",
        "a { b c; } # penstock: ignore[x/y] z\nd {\n    e f;\n}\n",
    ),
    "a suppression on the line before": Case(
        "# penstock: ignore[x/y] z\n# more\na { b c; } d e;",
        "# penstock: ignore[x/y] z\n# more\na { b c; } d e;\n",
    ),
}


def shape(text: str, *, indent: int = 4) -> str:
    """The text, formatted; it can be."""
    result = formatted(Source("/etc/nginx/nginx.conf", text), indent=indent)
    assert not result.obstacles
    return result.text


def tokens(text: str) -> list[tuple[str, str]]:
    """What nginx reads, comments in their places, by the tokenizer alone."""
    result = scan(Source("/etc/nginx/nginx.conf", text))
    words = [token[0] for token in result.tokens]
    bodies = [word.body for word in words if isinstance(word, Head) and word.body is not None]
    comments = [comment.text.rstrip() for comment in result.comments if isinstance(comment, Comment)]
    return [
        *((word.quote if isinstance(word, Word) else "mark", str(word)) for word in words),
        *(("comment", comment) for comment in comments),
        *(("lua", str(body)) for body in bodies),
    ]


@pytest.mark.parametrize("name", CASES)
def test_cases(name: str) -> None:
    """Each opinion, by an example; the result stays as it is when it is formatted again."""
    before, after = CASES[name]
    assert shape(before) == after
    assert shape(after) == after
    assert tokens(after) == tokens(before)


def test_the_indent_can_be_chosen() -> None:
    """Two spaces, for instance."""
    assert shape("a{b c\nd;}", indent=2) == "a {\n  b c\n    d;\n}\n"


UNREADABLE = {
    "a semicolon is missing": ("a {\n b c\n}", "syntax/missing-semicolon"),
    "a brace is missing": ("a {\n b c;\n", "syntax/unbalanced-braces"),
    "a string has no end": ("a 'b;\n", "syntax/unterminated-string"),
    "text behind a quote": ("a 'b'c;", "syntax/text-after-quote"),
    "a byte order mark": ("\ufeffa  b;", "syntax/bom"),
    "a NUL": ("a  b\0c;", "syntax/nul-byte"),
    "a carriage return of its own": ("a  b;# x\rc d;\n", "syntax/lone-cr"),
    "Lua without an end": ("init_by_lua_block { x", "syntax/unbalanced-braces"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_left_alone(name: str) -> None:
    """The old text comes back, with the reason."""
    text, kind = UNREADABLE[name]
    result = formatted(Source("/etc/nginx/nginx.conf", text))
    assert result.text == text
    assert [problem.kind for problem in result.obstacles] == [kind]


WORDS = ("a", "b1", "$c", "${d}", "'e f'", '"g\n;h"', "'#'", "\\;", "\\ ", "x}", "y#z", "(", ")", "=", "caf\udce9", "é")
SPACE = (" ", "  ", "\n", "\n\n\n", "\t", "\r\n", "# k\n", "#l \r\n", "# penstock: ignore[x/y] z\n")
MARKS = (";", "; ", ";\n", "{", " {", "}", "}\n", " {}", " content_by_lua_block { if a { b } }", " a b {c d;} ", "e f;")
PARTS = st.sampled_from((*WORDS, *SPACE, *MARKS))


@given(st.lists(PARTS, max_size=40).map("".join))
def test_no_token_changes(text: str) -> None:
    """Of whatever nginx can read: tokens and comments are the same, and formatting again changes nothing."""
    result = formatted(Source("/etc/nginx/nginx.conf", text))
    if result.obstacles:
        assert result.text == text
        return
    assert tokens(result.text) == tokens(text)
    assert shape(result.text) == result.text


STATEMENTS = st.recursive(
    st.sampled_from(
        ["a;", "b  'c' d;", "# e\n", "f\ng # h\n;", "\n\n", 'i "j\nk";', "m;# n\n", "x_by_lua_block{ {} }"]
    ),
    lambda inner: st.lists(inner, max_size=4).map(lambda block: "l  m\n{" + "".join(block) + "\n}"),
    max_leaves=25,
)


@given(st.lists(STATEMENTS, max_size=6).map("".join), st.integers(1, 8))
def test_every_readable_text_is_formatted(text: str, indent: int) -> None:
    """Well-formed text is never left alone, no line ends in white space, and depth alone decides the indentation."""
    after = shape(text, indent=indent)
    assert shape(after, indent=indent) == after
    assert tokens(after) == tokens(text)
    assert "\n\n\n" not in after


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_what_the_templates_render(example: Example) -> None:
    """Each file of each shipped example can be formatted, and stays then."""
    for data in render_example(example).files.values():
        text = data.decode()
        after = shape(text)
        assert tokens(after) == tokens(text)
        assert shape(after) == after


@pytest.mark.parametrize("path", sorted(path for path in Path("/etc/nginx").rglob("*") if path.is_file()), ids=str)
def test_what_debian_ships(path: Path) -> None:
    """The files of the package."""
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    after = shape(text)
    assert tokens(after) == tokens(text)
    assert shape(after) == after


@pytest.mark.nginx
def test_nginx_says_the_same(tmp_path: Path) -> None:
    """Of more than 200 configurations that nginx takes, it takes each when it is formatted."""
    if not Path(NGINX).exists():
        pytest.skip("no nginx on this machine")
    texts = valid_configurations()
    assert len(texts) > 200
    broken = []
    for text in texts:
        assert nginx_takes(text, tmp_path), text
        after = shape(text)
        if not nginx_takes(after, tmp_path):
            broken.append(after)
    assert not broken


def test_a_large_file_takes_no_longer_a_line() -> None:
    """Depth and length are no trouble: 3,000 levels, and 20,000 directives in one line."""
    deep = "a {" * 3000 + "b c;" + "}" * 3000
    assert shape(deep).count("\n") == 6001
    assert re.fullmatch(r"(d e;\n){20000}", shape("d e;" * 20000))
