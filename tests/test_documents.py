"""YAML without surprises: what is read, where it stands, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.documents import load_yaml
from penstock.documents.reader import MAX_DEPTH
from penstock.errors import SettingsError

SCALARS: list[tuple[str, object]] = [
    ("on", "on"),
    ("off", "off"),
    ("yes", "yes"),
    ("no", "no"),
    ("Off", "Off"),
    ("True", "True"),
    ("true", True),
    ("false", False),
    ("null", None),
    ("~", None),
    ("", None),
    ("'true'", "true"),
    ('"80"', "80"),
    ("80", 80),
    ("-1", -1),
    ("0", 0),
    ("0644", "0644"),
    ("0o17", "0o17"),
    ("0x1f", "0x1f"),
    ("1_000", "1_000"),
    ("1:30", "1:30"),
    ("190:20:30", "190:20:30"),
    ("2001-12-14", "2001-12-14"),
    ("2001-12-14t21:59:43Z", "2001-12-14t21:59:43Z"),
    ("1.5", 1.5),
    ("1.25.1", "1.25.1"),
    ("1e3", "1e3"),
    ("10m", "10m"),
    (".inf", ".inf"),
    (".nan", ".nan"),
    ("=", "="),
    ("127.0.0.1:8080", "127.0.0.1:8080"),
]


@pytest.mark.parametrize(("written", "value"), SCALARS, ids=[f"<{written}>" for written, _ in SCALARS])
def test_plain_scalars_mean_what_an_nginx_user_means(written: str, value: object) -> None:
    """`off` is text, a date is text, and only plain decimals are numbers."""
    read = load_yaml(f"key: {written}\n", "values.yaml").value
    assert isinstance(read, dict)
    assert (type(value), value) == (type(read["key"]), read["key"])


def test_every_value_knows_its_line() -> None:
    """A value of a mapping stands where its key stands, an item of a list where it begins."""
    text = "# a comment\na: 1\nb:\n  c: [x,\n    y]\n  d: |\n    two\n    lines\ne:\n  - f: 1\n    g: 2\n  -\n    h\n"
    document = load_yaml(text, "values.yaml")
    assert {"a": 1, "b": {"c": ["x", "y"], "d": "two\nlines\n"}, "e": [{"f": 1, "g": 2}, "h"]} == document.value
    expected = {
        (): 2,
        ("a",): 2,
        ("b",): 3,
        ("b", "c"): 4,
        ("b", "c", 0): 4,
        ("b", "c", 1): 5,
        ("b", "d"): 6,
        ("e",): 9,
        ("e", 0): 10,
        ("e", 0, "f"): 10,
        ("e", 0, "g"): 11,
        ("e", 1): 13,
    }
    assert expected == dict(document.lines)
    assert len(expected) == len(document.lines)


def test_the_line_of_what_is_absent_is_that_of_its_neighbourhood() -> None:
    """A message about a missing key points at the mapping that lacks it."""
    document = load_yaml("a:\n  b: 1\n", "values.yaml")
    assert (2, 1, 1) == (document.line("a", "b"), document.line("a", "z", 0), document.line("z"))
    with pytest.raises(KeyError):
        document.lines[("a", "z")]


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "\ufeff", "---\n...\n"])
def test_an_empty_text_holds_nothing(text: str) -> None:
    """No document is None, not an error: who needs more says so."""
    document = load_yaml(text, "values.yaml")
    assert document.value is None
    assert document.line("server", "listen") in (1, 2)


def test_an_alias_is_a_copy() -> None:
    """What an alias brings is equal and independent, and its lines are those of the anchor's value."""
    document = load_yaml("a: &x {n: [1]}\nb: *x\n", "values.yaml")
    value = document.value
    assert isinstance(value, dict)
    assert value["a"] == value["b"]
    value["a"]["n"].append(2)
    assert value["b"] == {"n": [1]}
    assert (2, 1) == (document.lines[("b",)], document.lines[("b", "n")])


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "\n".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)
)

REFUSED: list[tuple[str, str, str]] = [
    ("a key twice", "a: 1\nb: 2\na: 3\n", "values.yaml:3:1: the key 'a' stands twice in this mapping, first on line 1"),
    ("a nested key twice", "a:\n  b: 1\n  b: 1\n", "values.yaml:3:3: the key 'b' stands twice"),
    ("an equal key in other quotes", "{a: 1, 'a': 2}", "values.yaml:1:8: the key 'a' stands twice"),
    ("a tag", "a: !!python/object/apply:os.system [id]", "values.yaml:1:4: tags such as tag:yaml.org,2002:python"),
    ("a tag on a scalar", "a: !!str 1", "values.yaml:1:4: tags such as"),
    ("a local tag on a mapping", "!x\na: 1", "values.yaml:1:1: tags such as !x are not read"),
    ("a number as a key", "80: x", "values.yaml:1:1: a key must be text, and this is 80"),
    ("a boolean as a key", "a: {true: x}", "values.yaml:1:5: a key must be text, and this is true"),
    ("no key", "? \n: x", "a key must be text, and this is empty"),
    ("a list as a key", "? [a]\n: x", "values.yaml:1:3: a key must be text, and here stands a mapping or a list"),
    ("an alias as a key", "a: &x b\n*x : c", "values.yaml:2:1: an alias cannot be a key"),
    ("a merge key", "a: &x {b: 1}\nc: {<<: *x}", "values.yaml:2:5: merge keys"),
    ("an unknown alias", "a: *nothing", "values.yaml:1:4: *nothing names no anchor that ends above"),
    ("a value inside itself", "a: &x [*x]", "values.yaml:1:8: *x names no anchor that ends above"),
    ("two documents", "a: 1\n---\nb: 2\n", "values.yaml:2:1: a second document begins here"),
    ("an open bracket", "a: [1,\nb: 2", "this is not YAML: while parsing a flow sequence"),
    ("a tab as indentation", "a:\n\tb: 1", "values.yaml:2:1: this is not YAML"),
    ("an open quote", "a: 'x\n", "this is not YAML: while scanning a quoted scalar"),
    ("a template in braces", "a: {{ b }}", "values.yaml:1:5: a key must be text"),
    ("a control character", "é: 1\nü: \x07", "values.yaml:2:4: a character stands here that YAML does not allow"),
    ("half a surrogate", "a: \udc80", "values.yaml:1:4: a character stands here that YAML does not allow"),
    ("a number without end", f"a: {'9' * 5000}", "values.yaml:1:4: this number is too long"),
    ("an alias bomb", BOMB, "here the document passes 200,000 values"),
    ("deep lists", "[" * 5000, f"values.yaml:1:{MAX_DEPTH + 1}: values stand more than {MAX_DEPTH} deep"),
    (
        "deep aliases",
        "a0: &a0 [x]\n" + "\n".join(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 200)),
        f"with this alias values stand more than {MAX_DEPTH} deep",
    ),
    ("another YAML", "%YAML 3.0\n---\na", "this is not YAML"),
]


@pytest.mark.parametrize(("text", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_refused_says_where_and_what_to_do(text: str, message: str) -> None:
    """Every refusal is a SettingsError that names label:line:column and a way out."""
    with pytest.raises(SettingsError) as caught:
        load_yaml(text, "values.yaml")
    assert message in caught.value.message
    assert caught.value.way_out


@given(st.text(max_size=200))
def test_no_text_ends_otherwise(text: str) -> None:
    """Whatever the text, there is a Document or a SettingsError, and every line is a line of the text."""
    try:
        document = load_yaml(text, "values.yaml")
    except SettingsError:
        return
    assert set(document.lines.values()) <= set(range(1, len(text.splitlines()) + 2))
