"""Words are read as nginx reads them, and each knows its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.config.tokens import CLOSE, OPEN, PROBLEM_LIMIT, SEMICOLON, scan, unescape
from penstock.model import Source, Word

# Signs that mean something to nginx's tokenizer, and some that do not.
SIGNS = st.text(st.sampled_from("ab {};\"'\\\n\r\t#$)(\xa0\ufeffé\udce9"), max_size=60)


def words(text: str) -> list[Word]:
    return [word for word, _, _ in scan(Source("x", text)).tokens if isinstance(word, Word)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a b;", ["a", "b"]),
        ("a\tb\r\nc;", ["a", "b", "c"]),
        ("a}b;", ["a}b"]),
        ("a b#c;", ["a", "b#c"]),
        ("a # b;\n c;", ["a", "c"]),
        ("a b'c';", ["a", "b'c'"]),
        ('a "b c";', ["a", "b c"]),
        ("a 'b \"c\" d';", ["a", 'b "c" d']),
        ('a "";', ["a", ""]),
        ('a "b\nc";', ["a", "b\nc"]),
        ('a "b;{}#c";', ["a", "b;{}#c"]),
        ('"a" b;', ["a", "b"]),
        ("a ${b};", ["a", "${b}"]),
        ("a ${b c};", ["a", "${b", "c}"]),
        ("a $b{ c; }", ["a", "$b", "c"]),
        ("a ${{{b;", ["a", "${{{b"]),
        ("a $${b;", ["a", "$${b"]),
        ("a 'b')c;", ["a", "b", ")c"]),
        (r"a \"b\";", ["a", '"b"']),
        (r"a b\ c;", ["a", r"b\ c"]),
        (r"a b\;c;", ["a", r"b\;c"]),
        (r"a b\{c;", ["a", r"b\{c"]),
        (r"a \t\r\n\\;", ["a", "\t\r\n\\"]),
        (r"a \d\.\x;", ["a", r"\d\.\x"]),
        (r"a \\t;", ["a", r"\t"]),
        (r"a 'it\'s';", ["a", "it's"]),
        ("a\xa0b c;", ["a\xa0b", "c"]),
        ("a\vb c;", ["a\vb", "c"]),
        ("# a\rb;\nc;", ["c"]),
        ("a \0;", ["a", "\0"]),
    ],
)
def test_values(text: str, values: list[str]) -> None:
    """Each word has the value that nginx gives it."""
    assert words(text) == values


def test_places_and_quotes() -> None:
    """A word's place includes its quotes; offsets count characters."""
    name, first, second, third = words('é  "b\\"" \'c\'\nd;')
    assert (name.start, name.end, name.quote) == (0, 1, "")
    assert (first.start, first.end, first.quote, first) == (3, 8, '"', 'b"')
    assert (second.start, second.end, second.quote) == (9, 12, "'")
    assert (third.start, third.end) == (13, 14)


@pytest.mark.parametrize(
    ("raw", "value"),
    [("", ""), ("a", "a"), (r"\"", '"'), (r"\'", "'"), (r"\\", "\\"), (r"\\\t", "\\\t"), (r"\x\"", r"\x" + '"')],
)
def test_unescape(raw: str, value: str) -> None:
    """Six escapes are decoded, from left to right, and no others."""
    assert unescape(raw) == value


@given(SIGNS)
def test_a_words_place_holds_its_text(text: str) -> None:
    """What stands at a word's place, quotes left off, decodes to its value; places are in order and do not overlap."""
    end = 0
    for word in words(text):
        assert end <= word.start < word.end <= len(text)
        end = word.end
        raw = text[word.start : word.end]
        if word.quote:
            assert raw[0] == raw[-1] == word.quote
            raw = raw[1:-1]
        assert unescape(raw) == word


@given(SIGNS)
def test_nothing_is_left_out(text: str) -> None:
    """Between words and comments stands only white space, `;`, `{` and `}`, as long as nothing is wrong."""
    result = scan(Source("x", text))
    if result.problems:
        return
    spans = [(word.start, word.end) for word, _, _ in result.tokens if isinstance(word, Word)]
    starts = Source("x", text).line_starts
    spans += [
        (starts[c.span.line - 1] + c.span.column - 1, starts[c.span.line - 1] + c.span.end_column - 1)
        for c in result.comments
    ]
    rest = text
    for start, end in sorted(spans, reverse=True):
        rest = rest[:start] + rest[end:]
    assert not rest.strip(" \t\r\n;{}")


@given(SIGNS)
def test_tokens_are_well_formed(text: str) -> None:
    """Whatever the text, statements end and braces match: crossplane's parser can take the tokens."""
    depth = 0
    inside = False
    for token in scan(Source("x", text)).tokens:
        if token is SEMICOLON or token is OPEN:
            assert inside
            inside = False
            depth += token is OPEN
        elif token is CLOSE:
            assert not inside
            depth -= 1
            assert 0 <= depth
        else:
            inside = True
    assert depth == 0
    assert not inside


def test_a_comment_knows_whether_it_is_alone() -> None:
    """A comment is alone when nothing else stands on its line; its text has no line end."""
    result = scan(Source("x", "# one\r\na b; # two\n  # three\na # four\nb;#five"))
    assert [(comment.text, comment.alone, comment.span.line) for comment in result.comments] == [
        ("# one", True, 1),
        ("# two", False, 2),
        ("# three", True, 3),
        ("# four", False, 4),
        ("#five", False, 5),
    ]


def test_a_file_that_is_no_configuration_is_given_up() -> None:
    """After a hundred problems the rest is not read."""
    result = scan(Source("x", "};" * 1000 + "a b;"))
    assert len(result.problems) == PROBLEM_LIMIT
    assert not result.tokens
