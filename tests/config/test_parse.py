"""parse: the tree, with includes in place, and what it withstands."""

from __future__ import annotations

import random
import time

import pytest

from penstock.config import load_bytes, parse
from tests.config.reading import places, read, tree


def test_directives_know_their_place() -> None:
    """Offsets, parents and spans of a small file are exact."""
    text = "http {\n  root /a; # b\n  server { }\n}\n"
    config = read(text)
    http, root, server = config.walk()
    assert (http.parent, root.parent, server.parent) == (None, http, http)
    assert text[http.start : http.end] == text.rstrip("\n")
    assert text[root.start : root.end] == "root /a;"
    assert text[server.start : server.end] == "server { }"
    assert (root.head_span.column, root.head_span.end_column) == (3, 10)
    assert (http.block, root.block, server.block) == ([root, server], None, [])
    assert [comment.text for comment in config.comments] == ["# b"]


def test_byte_offsets_count_bytes() -> None:
    """Beyond ASCII, columns count characters and byte offsets bytes."""
    text = "# ä\nmap €  ö { é 'ß';\n ü x; }\n"
    config = read(text)
    data = text.encode()
    for directive in config.walk():
        for word in (directive.name, *directive.args):
            span = directive.word_span(word)
            assert data[span.start_byte : span.end_byte].decode() == text[word.start : word.end]
    last = list(config.walk())[-1]
    assert (last.span.line, last.span.column) == (3, 2)


def test_includes_stand_in_place() -> None:
    """The include stays, followed by what it brought; every inclusion makes directives of its own."""
    config = read("a { include x; z; }\nb { include x; }", x="c;\nd;")
    assert tree(config) == [
        ("a", [("include", "x"), ("c",), ("d",), ("z",)]),
        ("b", [("include", "x"), ("c",), ("d",)]),
    ]
    first, second = (directive for directive in config.walk() if directive.name == "c")
    assert first is not second
    assert first.source is second.source
    assert (first.parent, second.parent) == config.directives
    assert [[str(site.parent.name) for site in each.via if site.parent] for each in (first, second)] == [["a"], ["b"]]


def test_via_is_outermost_first() -> None:
    """A directive of a file three deep names the three includes that led to it."""
    config = read("include a;", a="\ninclude b;", b="\n\ninclude c;", c="x;")
    (found,) = (directive for directive in config.walk() if directive.name == "x")
    assert [(site.source.path, site.span.line) for site in found.via] == [
        ("/etc/nginx/nginx.conf", 1),
        ("/etc/nginx/a", 2),
        ("/etc/nginx/b", 3),
    ]


def test_names_are_relative_to_the_entrys_folder() -> None:
    """As in nginx, not to the file in which the include stands."""
    config = read("include d/a;", d__a="include b; include d/b;", b="top;", d__b="inner;")
    assert [str(directive.name) for directive in config.walk() if directive.name != "include"] == ["top", "inner"]


def test_patterns_come_in_byte_order() -> None:
    """As nginx sorts them; a leading dot is not matched by a star."""
    config = read("include d/*;", d__b="b;", d__a="a;", **{"d__.c": "c;", "d__10": "d;", "d__9": "e;"})
    assert [str(directive.name) for directive in config.walk()][1:] == ["d", "e", "a", "b"]


@pytest.mark.parametrize(
    ("block", "expanded"),
    [("map $a $b", True), ("types", True), ("geo $a", True), ("split_clients a $b", False), ("charset_map a b", False)],
)
def test_include_in_blocks_of_data(block: str, expanded: bool) -> None:
    """`include` reads a file in those blocks whose handler does so, and is a line of data in the others."""
    config = read(f"{block} {{ include x; }}", x="k v;")
    assert any(directive.name == "k" for directive in config.walk()) == expanded
    assert not config.problems


def test_what_is_missing_is_told_where_it_is_named() -> None:
    """A missing file is a problem of the include; a pattern that matches nothing is none."""
    config = read("a;\ninclude  gone;\ninclude none/*;")
    (problem,) = config.problems
    assert (problem.kind, problem.span.line, problem.span.column) == ("include/not-found", 2, 10)
    assert problem.message == "/etc/nginx/gone cannot be included: there is no such file"


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"main": "\ninclude nginx.conf; a;"}, 2),
        ({"main": "include x; a;", "x": "include x;"}, 1),
        ({"main": "include x; a;", "x": "include y;", "y": "\ninclude *;"}, 2),
    ],
)
def test_cycles_end(files: dict[str, str], line: int) -> None:
    """An include loop is a problem where it closes, and the rest is read."""
    main = files.pop("main")
    config = read(main, **files)
    assert {problem.kind for problem in config.problems} == {"include/cycle"}
    assert config.problems[0].span.line == line
    assert "-> " in config.problems[0].hint
    assert config.directives[-1].name == "a"


def test_a_file_included_twice_is_told_of_once() -> None:
    """Its problems and comments are not repeated for each inclusion."""
    config = read("include x; include x; include x;", x="# note\ninclude gone;\na b")
    assert places(config.problems) == [("syntax/missing-semicolon", 3, 4), ("include/not-found", 2, 9)]
    assert len(config.comments) == 1


def test_includes_that_multiply_end() -> None:
    """Twenty files that each include the next one twice would be a million inclusions of the last one."""
    files = {f"f{number}": f"include f{number + 1}; include f{number + 1};" for number in range(40)}
    started = time.process_time()
    config = read("include f0;", **files, f40="a;")
    assert "include/not-followed" in {problem.kind for problem in config.problems}
    assert time.process_time() - started < 60


def test_includes_too_deep_end() -> None:
    """A chain longer than nginx could open ends in a problem."""
    files = {f"f{number}": f"include f{number + 1};" for number in range(2000)}
    config = read("include f0;", **files, f2000="a;")
    assert [problem.kind for problem in config.problems] == ["include/not-followed"]


LUA = [
    ("content_by_lua_block { a }", " a "),
    ("content_by_lua_block { if {} then { } end }", " if {} then { } end "),
    ('content_by_lua_block { x = "}" }', ' x = "}" '),
    ("content_by_lua_block { x = '\\'}' }", " x = '\\'}' "),
    ("content_by_lua_block { -- }\n }", " -- }\n "),
    ("content_by_lua_block { --[[ } ]] }", " --[[ } ]] "),
    ("content_by_lua_block { --[==[ }\n ]] ]==] }", " --[==[ }\n ]] ]==] "),
    ("content_by_lua_block { x = [[ } ]] }", " x = [[ } ]] "),
    ("content_by_lua_block { x = [=[ ]] } ]=] }", " x = [=[ ]] } ]=] "),
    ("set_by_lua_block $v{ return 1; }", " return 1; "),
    ("ssl_client_hello_by_lua_block {}", ""),
]


@pytest.mark.parametrize(("text", "body"), LUA, ids=[case[0] for case in LUA])
def test_lua_is_left_alone(text: str, body: str) -> None:
    """The code of a Lua block is one text; braces in its strings and comments do not count."""
    config = read(f"http {{ {text} after; }}")
    assert not config.problems
    _, lua, after = config.walk()
    assert (lua.body, lua.block, after.name) == (body, [], "after")
    assert lua.source.text[lua.start : lua.end] == text


def test_conditions_keep_their_words() -> None:
    """The words of `if` are those that nginx sees, parentheses included."""
    (condition,) = read('if ($a = "b") { }').walk()
    assert [str(word) for word in condition.args] == ["($a", "=", "b", ")"]


def test_an_entry_that_could_not_be_read() -> None:
    """A FileSet whose entry is unreadable gives an empty Config with a problem."""
    files = load_bytes({"nginx.conf": b""}, root="/r", entry="nginx.conf")
    empty = type(files)(root="/r", entry="/r/nginx.conf", files={}, unreadable={"/r/nginx.conf": "permission denied"})
    config = parse(empty)
    assert config.directives == ()
    assert "permission denied" in config.problems[0].message


@pytest.mark.parametrize("depth", [99, 100, 101, 250, 5000])
@pytest.mark.parametrize("closed", [True, False], ids=["closed", "open"])
def test_any_depth(depth: int, closed: bool) -> None:
    """Blocks may nest beyond Python's recursion limit; nginx has none either."""
    config = read("a {" * depth + "b;" + "c; }" * depth * closed)
    assert sum(1 for directive in config.walk() if directive.name == "a") == depth
    deepest = next(directive for directive in config.walk() if directive.name == "b")
    assert sum(1 for _ in deepest.ancestors) == depth
    assert [directive.block[-1].name for directive in config.walk() if directive.block] == (
        ["c"] * depth if closed else ["a"] * (depth - 1) + ["b"]
    )
    assert bool(config.problems) != closed


@pytest.mark.parametrize(
    "data",
    [
        random.Random(1).randbytes(5_000_000),
        bytes(random.Random(2).choices(b"ab {};\"'\\\n#$", k=5_000_000)),
        b"a {" * 100_000,
        b"a " * 500_000,
        b'"' * 5_000_000,
        b"\xa0" * 2_500_000,
        b"a\xc2\xa0 " * 1_000_000,
        b"#\r" * 2_500_000,
        b"a{}" * 100_000 + b"a{",
        b"a_by_lua_block {" + b"[=" * 1_000_000,
        b"\\" * 5_000_001,
        b"include *;" * 30_000,
    ],
    ids=lambda data: f"{len(data)} bytes {data[:6]!r}",
)
def test_megabytes_of_nonsense(data: bytes) -> None:
    """Five megabytes of anything are read in seconds of this processor."""
    started = time.process_time()
    read(data)
    assert time.process_time() - started < 20
