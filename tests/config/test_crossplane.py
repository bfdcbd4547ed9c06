"""Where crossplane is right, our tree is crossplane's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import crossplane
import crossplane.lexer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.config import load_path, parse
from tests.config.reading import read, tree

if TYPE_CHECKING:
    from pathlib import Path

# Text that crossplane reads as nginx does: no escapes, no braces in words, nothing glued to quotes.
WORD = st.text(st.sampled_from("abz019.$/_-~^*:=,é"), min_size=1, max_size=8)
QUOTED = st.builds(
    lambda quote, text: quote + text + quote, st.sampled_from("\"'"), st.text("ab ;{}#\n", min_size=1, max_size=8)
)
SPACE = st.sampled_from([" ", "  ", "\n", "\t", " # note\n", "\r\n"])


@st.composite
def statement(draw: st.DrawFn, depth: int = 2) -> str:
    words = [
        draw(WORD.filter(lambda word: word not in {"if", "include"})),
        *draw(st.lists(st.one_of(WORD, QUOTED), max_size=3)),
    ]
    head = "".join(word + draw(SPACE) for word in words)
    if depth and draw(st.booleans()):
        return head + "{" + "".join(draw(st.lists(statement(depth - 1), max_size=3))) + "}" + draw(SPACE)
    return head + ";" + draw(SPACE)


def crossplanes_tree(block: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    return [
        (found["directive"], *found["args"], *([crossplanes_tree(found["block"])] if "block" in found else []))
        for found in block
        if found["directive"] != "#"
    ]


def crossplanes(path: Path) -> list[tuple[object, ...]]:
    payload = crossplane.parse(str(path), single=True, check_ctx=False, check_args=False)
    assert payload["status"] == "ok", payload["errors"]
    return crossplanes_tree(payload["config"][0]["parsed"])


@given(text=st.lists(statement(), max_size=6).map("".join))
def test_the_same_tree(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Names, arguments and nesting are the same."""
    path = tmp_path_factory.mktemp("crossplane") / "nginx.conf"
    path.write_bytes(text.encode())
    config = parse(load_path(path))
    assert not config.problems
    assert tree(config) == crossplanes(path)


def test_crossplane_itself_is_left_alone() -> None:
    """Parsing with its parser changes nothing in anybody else's crossplane."""
    read("a { if (b) { c; } }")
    assert crossplane.parser.lex is crossplane.lexer.lex
    assert crossplane.parser.analyze.__module__ == "crossplane.analyzer"
    assert crossplane.parser._prepare_if_args.__module__ == "crossplane.parser"


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        ("a b}c;", [("a", "b}c")]),
        ("a b\xa0c;", [("a", "b\xa0c")]),
        (r"a \${b} c;", [("a", r"\$", [("b}", "c")])]),
        ("# a\rb;\n", []),
        ("a;", [("a",)]),
        (r'a "\"b";', [("a", '"b')]),
    ],
)
def test_where_crossplane_is_wrong(text: str, ours: list[tuple[object, ...]]) -> None:
    """What nginx reads counts, not what crossplane's lexer makes of it."""
    assert tree(read(text)) == ours
