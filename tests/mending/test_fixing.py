"""The fix engine: what it makes of edits, right and wrong ones, and what it proves before it hands them out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.analysis import Profile, analyse
from penstock.analysis.rule import Edit, Finding, NoOptions, Rule, Severity
from penstock.config import load_bytes, parse
from penstock.mending import Mended, Place, mend
from penstock.mending.proof import Splice, changes_only, spliced
from penstock.model import Source
from penstock.rules.registry import load_rules
from tests.mending.configurations import NGINX, nginx_takes, valid_configurations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from penstock.analysis.rule import Context
    from penstock.model import Config, Directive, FileSet

    Edits = Callable[[Directive], tuple[Edit, ...]]

ROOT = "/etc/nginx"


def rule(name: str, directive: str, edits: Edits, *, unsafe: bool = False, twice: bool = False) -> Rule[NoOptions]:
    """A rule that finds each directive of this name that has the argument `bad`, and wants these edits."""

    def check(context: Context, _: NoOptions) -> Iterator[Finding]:
        for found in context.each(directive):
            if "bad" in found.args:
                yield Finding(found.span, f"{found.name} is bad", fix=edits(found), unsafe_fix=unsafe)
                if twice:
                    yield Finding(found.head_span, f"{found.name} is bad, again", fix=edits(found))

    return Rule(f"test/{name}", "A rule of the tests", Severity.WARNING, ("https://nginx.org",), NoOptions(), check)


def last_word(text: str) -> Edits:
    """Replace the last argument."""
    return lambda found: (Edit(found.word_span(found.args[-1]), text),)


def without(found: Directive) -> tuple[Edit, ...]:
    """Delete the directive."""
    return (Edit(found.span, ""),)


def run(
    files: Mapping[str, str],
    *rules: Rule[NoOptions],
    with_unsafe: bool = False,
    refusals: Mapping[str, str] | None = None,
) -> Mended:
    """What mending makes of these files, the first of which is the entry."""
    loaded = load_bytes(
        {name: text.encode("utf-8", "surrogateescape") for name, text in files.items()},
        root=ROOT,
        entry=next(iter(files)),
    )
    profile = Profile(name="all")

    def place(_: FileSet, path: str) -> Place:
        return Place(path, (refusals or {}).get(path, ""))

    return mend([parse(loaded)], lambda config: analyse(config, rules, profile), place=place, with_unsafe=with_unsafe)


def text_of(config: Config, name: str = "nginx.conf") -> str:
    """A file's text."""
    return config.files.files[f"{ROOT}/{name}"].decode("utf-8", "surrogateescape")


def mended(text: str, *rules: Rule[NoOptions]) -> tuple[str, list[str]]:
    """The text of a lone file with the fixes made, and why others were not."""
    result = run({"nginx.conf": text}, *rules)
    return text_of(result.configs[0]), [one.why for one in result.not_made]


OTHER_TOKENS = "it would change other tokens than those that it names"


class Case(NamedTuple):
    """A text, the edits that a rule wants for `env bad`, the text then, and the reason where it stays."""

    before: str
    edits: Edits
    after: str
    why: tuple[str, ...] = ()


def insert(at: Callable[[Directive], int], text: str) -> Edits:
    """Put text at an offset."""
    return lambda found: (Edit(found.source.span(at(found), at(found)), text),)


CASES = {
    "a word is replaced": Case("env bad; # env bad;\n", last_word("good"), "env good; # env bad;\n"),
    "a directive is deleted": Case("env a;\nenv bad;\nenv c;\n", without, "env a;\n\nenv c;\n"),
    "a directive is added": Case(
        "env bad;", lambda found: (Edit(found.span, "env good;\nenv more;"),), "env good;\nenv more;"
    ),
    "every finding is fixed": Case("env bad;env bad;\r\nenv  bad;", last_word("x"), "env x;env x;\r\nenv  x;"),
    "other bytes stay": Case(
        "env 'caf\udce9';\t#\r\n env bad ;\n\n", last_word("é"), "env 'caf\udce9';\t#\r\n env é ;\n\n"
    ),
    "the offset is in bytes": Case("# é€😀\nenv bad;", last_word("x"), "# é€😀\nenv x;"),
    "a value that swallows what follows": Case(
        "env bad;\nenv c;\n", last_word("#fff"), "env bad;\nenv c;\n", (OTHER_TOKENS,)
    ),
    "a value that opens a string": Case("env bad;\nenv 'c';", last_word("'x"), "env bad;\nenv 'c';", (OTHER_TOKENS,)),
    "a value that protects what follows": Case(
        "env bad ;\nenv c;", last_word("x\\"), "env bad ;\nenv c;", (OTHER_TOKENS,)
    ),
    "a deletion that takes the brace along": Case(
        "http { env bad; }",
        lambda found: (Edit(found.source.span(found.start, found.end + 2), ""),),
        "http { env bad; }",
        (OTHER_TOKENS,),
    ),
    "a deletion that joins two words": Case(
        "env bad x;", lambda found: (Edit(found.source.span(7, 8), ""),), "env bad x;", (OTHER_TOKENS,)
    ),
    "an insertion that joins a word": Case(
        "env bad;", insert(lambda found: found.args[0].end, "ly"), "env bad;", (OTHER_TOKENS,)
    ),
    "a new argument": Case(
        "env bad bad;",
        lambda found: (Edit(found.word_span(found.args[0]), "x y"), Edit(found.word_span(found.args[1]), "z")),
        "env x y z;",
    ),
    "a fix without an effect": Case(
        "env bad;", last_word("'bad'"), "env bad;", ("its finding would stay, or come up elsewhere",)
    ),
    "a fix with edits that overlap": Case(
        "env bad;",
        lambda found: (Edit(found.span, ""), Edit(found.word_span(found.args[0]), "x")),
        "env bad;",
        ("another fix is in its way; run it again",),
    ),
    "a fix that brings a missing file": Case(
        "env bad;",
        lambda found: (Edit(found.span, "include gone;"),),
        "env bad;",
        (f"it would bring a finding of include/not-found ({ROOT}/gone cannot be included: there is no such file)",),
    ),
    "a file that cannot be read": Case(
        "env bad;\nhttp {", last_word("x"), "env bad;\nhttp {", ("the file cannot be read to its end",)
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_cases(name: str) -> None:
    """One rule, one file."""
    case = CASES[name]
    assert mended(case.before, rule("env", "env", case.edits)) == (case.after, list(case.why))


def test_equal_deletions_are_made_once() -> None:
    """Two findings that want the same deletion must not take the brace after it."""
    before = "events { debug_connection bad; }\n"
    same = rule("same", "debug_connection", without, twice=True)
    other = rule("other", "debug_connection", without)
    result = run({"nginx.conf": before}, same, other)
    assert text_of(result.configs[0]) == "events {  }\n"
    assert len(result.made) == 1


def test_what_is_in_the_way_waits_for_the_second_pass() -> None:
    """Both rules are served, one after the other, each judged afresh."""
    first = rule("a", "env", lambda found: (Edit(found.span, "user bad;"),))
    second = rule("b", "user", last_word("good"))
    assert mended("env bad;", first, second) == ("user good;", [])


def test_there_are_two_passes_and_no_third() -> None:
    """Rules that undo each other come to an end."""
    there = rule("there", "env", lambda found: (Edit(found.name_span, "user"),))
    back = rule("back", "user", lambda found: (Edit(found.name_span, "env"),))
    result = run({"nginx.conf": "env bad;"}, there, back)
    assert text_of(result.configs[0]) == "env bad;"
    assert [fix.rule for fix in result.made] == ["test/there", "test/back"]


def test_one_bad_fix_does_not_hold_up_the_others() -> None:
    """Among many, the one that cannot be proved is left out, and only that one."""
    lines = [f"env bad{' ' * (at == 13)};" for at in range(40)]

    def edits(found: Directive) -> tuple[Edit, ...]:
        loose = found.source.text[found.args[0].end] == " "
        return (Edit(found.word_span(found.args[0]), "'x" if loose else "x"),)

    result = run({"nginx.conf": "\n".join(lines)}, rule("env", "env", edits))
    assert text_of(result.configs[0]) == "\n".join("env bad ;" if at == 13 else "env x;" for at in range(40))
    assert len(result.made) == 39
    assert [(one.span.line, one.why) for one in result.not_made] == [(14, OTHER_TOKENS)]


def test_unsafe_fixes_are_made_when_asked_for() -> None:
    """They are counted where they are not."""
    unsafe = rule("env", "env", last_word("x"), unsafe=True)
    held = run({"nginx.conf": "env bad;"}, unsafe)
    assert (text_of(held.configs[0]), held.made, held.unsafe) == ("env bad;", (), 1)
    asked = run({"nginx.conf": "env bad;"}, unsafe, with_unsafe=True)
    assert (text_of(asked.configs[0]), asked.unsafe) == ("env x;", 0)


def test_a_file_that_is_included_twice_is_fixed_once() -> None:
    """The configuration is judged again with it."""
    result = run(
        {"nginx.conf": "include a;\nhttp { include a; }\n", "a": "env bad;\n"}, rule("env", "env", last_word("x"))
    )
    assert text_of(result.configs[0], "a") == "env x;\n"
    assert len(result.made) == 1


def test_edits_in_two_files_are_made_together_or_not_at_all() -> None:
    """A definition and its use, for instance."""

    def edits(found: Directive) -> tuple[Edit, ...]:
        other = Source(f"{ROOT}/a", "user bad;")
        return (Edit(found.word_span(found.args[0]), "x"), Edit(other.span(5, 8), "x"))

    files = {"nginx.conf": "env bad;\ninclude a;\n", "a": "user bad;"}
    result = run(files, rule("env", "env", edits))
    assert (text_of(result.configs[0]), text_of(result.configs[0], "a")) == ("env x;\ninclude a;\n", "user x;")
    result = run(files, rule("env", "env", edits), refusals={f"{ROOT}/a": "it is not ours"})
    assert (text_of(result.configs[0]), text_of(result.configs[0], "a")) == tuple(files.values())
    assert [one.why for one in result.not_made] == ["it is not ours"]


PARTS = st.lists(st.sampled_from(["a b;", "c 'd';", " ", "\n", "# e\n", "f {", "}", 'é "g h";']), max_size=12).map(
    "".join
)
TEXTS = st.sampled_from(["", "x", "'", '"y"', ";", "{", "}", " # z", "\n", "\\", "w v;", "é"])


@given(PARTS, st.data())
def test_what_is_proved_leaves_the_rest_alone(text: str, data: st.DataObject) -> None:
    """Whatever is replaced: where the proof holds, the directives wholly outside of the edit are there, in order."""
    before = text.encode()
    start = data.draw(st.integers(0, len(before)))
    end = data.draw(st.integers(start, len(before)))
    splice = Splice(start, end, data.draw(TEXTS))
    if any(0x80 <= before[at] < 0xC0 for at in (start, end) if at < len(before)):
        return  # no span begins inside a character
    after = spliced(before, [splice])
    assert after == before[:start] + splice.text.encode() + before[end:]
    if parse(load_bytes({"a": before}, root=ROOT, entry="a")).problems or not changes_only(before, after, [splice]):
        return
    left = [one for one in heads(before) if one[1] <= start or end <= one[0]]
    growth = len(splice.text.encode()) - (end - start)
    found = heads(after)
    for first, last, words in left:
        shift = growth if end <= first else 0
        assert (first + shift, last + shift, words) in found


def heads(data: bytes) -> list[tuple[int, int, tuple[str, ...]]]:
    """Where each directive's words begin and end, in bytes, and what they are."""
    config = parse(load_bytes({"a": data}, root=ROOT, entry="a"))
    assert not config.problems
    return [
        (one.head_span.start_byte, one.head_span.end_byte, (str(one.name), *map(str, one.args)))
        for one in config.walk()
    ]


@pytest.mark.nginx
def test_nginx_takes_what_is_fixed(tmp_path: Path) -> None:
    """The shipped rules' own fixes, unsafe ones too: nothing that nginx takes is broken, and nothing is fixed twice."""
    if not Path(NGINX).exists():
        pytest.skip("no nginx on this machine")
    rules, profile = load_rules(), Profile(name="all", nginx_version="1.22.1")
    made = 0
    for text in valid_configurations():
        config = parse(
            load_bytes({"nginx.conf": text.encode("utf-8", "surrogateescape")}, root=ROOT, entry="nginx.conf")
        )
        result = mend(
            [config], lambda one: analyse(one, rules, profile), place=lambda _, path: Place(path), with_unsafe=True
        )
        made += len(result.made)
        if result.made:
            assert nginx_takes(text_of(result.configs[0]), tmp_path), text_of(result.configs[0])
            again = mend(
                result.configs,
                lambda one: analyse(one, rules, profile),
                place=lambda _, path: Place(path),
                with_unsafe=True,
            )
            assert not again.made
    assert made > 100
