"""The engine: order, severity, profiles, options, failing rules, what could not be parsed."""

from __future__ import annotations

import pytest

from penstock.analysis import Profile, accept, analyse
from penstock.config import load_bytes, parse
from penstock.errors import Refused, SettingsError, UsageError
from penstock.model import Severity
from penstock.settings import RuleSetting

from .snippets import ENTRY, FAILS, RARE, STRICT, WORDS, config, lines, report

TEXT = "http {\n root /a;\n gzip on;\n index a;\n}\n"


@pytest.mark.parametrize(
    ("profile", "found"),
    [
        ("default", [(2, "test/words")]),
        ("strict", [(2, "test/words"), (3, "test/strict")]),
        ("all", [(2, "test/words"), (3, "test/strict"), (4, "test/rare")]),
    ],
)
def test_a_profile_runs_the_rules_that_list_it(profile: str, found: list[tuple[int, str]]) -> None:
    """`all` runs every rule."""
    assert found == lines(report(TEXT, [RARE, STRICT, WORDS], Profile(profile)))


@pytest.mark.parametrize(
    ("setting", "found"),
    [
        (RuleSetting(enabled=False), []),
        (RuleSetting(severity=Severity.ERROR), [("test/words", Severity.ERROR, "root stands here")]),
        (RuleSetting(options={"names": ["gzip"]}), [("test/words", Severity.WARNING, "gzip stands here")]),
    ],
)
def test_a_setting_changes_one_rule(setting: RuleSetting, found: list[tuple[str, Severity, str]]) -> None:
    """Off, another severity, other options."""
    verdicts = report(TEXT, [WORDS], Profile(rules={"test/words": setting})).verdicts
    assert found == [(each.rule, each.severity, each.finding.message) for each in verdicts]


def test_a_rule_that_is_named_runs_whatever_the_profile() -> None:
    """Somebody who sets a rule wants it."""
    assert lines(report(TEXT, [RARE], Profile(rules={"test/rare": RuleSetting()}))) == [(4, "test/rare")]


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        (Profile("defualt"), "no profile 'defualt'\n.*\"default\""),
        (Profile(rules={"test/word": RuleSetting()}), "no rule 'test/word'.*\n.*\"test/words\""),
        (Profile(rules={"test/words": RuleSetting(options={"nmaes": []})}), "no option 'nmaes'\n.*\"names\""),
        (
            Profile(rules={"test/words": RuleSetting(options={"names": "root"})}),
            "must be a list of strings, not 'root'",
        ),
        (Profile(rules={"test/words": RuleSetting(options={"names": [1]})}), "must be a list of strings"),
        (Profile(rules={"test/words": RuleSetting(options={"most": True})}), "must be a whole number, not True"),
        (Profile(rules={"test/words": RuleSetting(options={"strict": "yes"})}), "must be true or false, not 'yes'"),
        (Profile(rules={"test/fails": RuleSetting(options={"names": []})}), "It has no options"),
    ],
)
def test_what_does_not_exist_is_refused_with_the_nearest(profile: Profile, message: str) -> None:
    """Profiles, rules, options and their types."""
    with pytest.raises(SettingsError, match=message):
        report(TEXT, [WORDS, FAILS], profile)


def test_an_unknown_release_is_refused() -> None:
    """The catalogue has the last word on releases."""
    with pytest.raises(UsageError, match=r"9\.9\.9"):
        report(TEXT, [WORDS], Profile(nginx_version="9.9.9"))


def test_verdicts_come_in_the_order_of_the_files_then_of_the_text() -> None:
    """As nginx reads the files, not by their names; then line, column, rule."""
    text = "http {\n include z.conf;\n include a.conf;\n root /a; gzip on;\n}\n"
    found = report(text, [STRICT, WORDS], Profile("all"), z="root /z;\n", a="root /b;\n")
    assert [(each.finding.span.path[-6:], each.finding.span.line) for each in found.verdicts] == [
        ("x.conf", 4),
        ("x.conf", 4),
        ("z.conf", 1),
        ("a.conf", 1),
    ]
    assert [each.rule for each in found.verdicts][:2] == ["test/words", "test/strict"]


def test_a_file_that_is_included_twice_is_reported_once() -> None:
    """One line to mend is one finding."""
    text = "http {\n server { include a.conf; }\n server { include a.conf; }\n}\n"
    assert lines(report(text, [WORDS], a="root /x;\n")) == [(1, "test/words")]


def test_a_failing_rule_is_named_and_the_others_go_on() -> None:
    """Nothing of the failing rule is kept: half an answer would pass for a whole one."""
    found = report(TEXT, [FAILS, WORDS])
    assert lines(found) == [(2, "test/words")]
    assert found.broken_rules == (("test/fails", "ZeroDivisionError: one by none"),)


def test_a_failing_rule_closes_the_gate() -> None:
    """Nothing vouches for files that a rule could not judge."""
    parsed = config(TEXT)
    assert accept(parsed.files, analyse(parsed, [WORDS], Profile())).report.verdicts
    with pytest.raises(Refused, match="test/fails"):
        accept(parsed.files, analyse(parsed, [FAILS], Profile()))


@pytest.mark.parametrize(
    ("data", "kind", "severity"),
    [
        (b"http {\n", "syntax/unbalanced-braces", Severity.ERROR),
        (b"include nothing.conf;\n", "include/not-found", Severity.ERROR),
        (b"# caf\xe9\nevents {}\n", "syntax/invalid-encoding", Severity.WARNING),
        (b"# a\rb\nevents {}\n", "syntax/lone-cr", Severity.WARNING),
    ],
)
def test_what_cannot_be_parsed_is_a_verdict(data: bytes, kind: str, severity: Severity) -> None:
    """An error where nginx refuses, a warning where it reads on."""
    parsed = parse(load_bytes({ENTRY: data}, root="/etc/nginx", entry=ENTRY))
    assert (kind, severity) in [(each.rule, each.severity) for each in analyse(parsed, [], Profile()).verdicts]


def test_fail_on_is_the_profiles() -> None:
    """The same finding blocks or does not."""
    parsed = config(TEXT)
    assert not analyse(parsed, [WORDS], Profile()).blocking
    assert analyse(parsed, [WORDS], Profile(fail_on=Severity.WARNING)).blocking


def test_the_report_is_about_the_bytes() -> None:
    """Its digest is that of the files."""
    parsed = config(TEXT)
    assert analyse(parsed, [], Profile()).digest == parsed.files.digest
