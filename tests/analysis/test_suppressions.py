"""Suppression comments: what they cover, and what is wrong with those that cover nothing."""

from __future__ import annotations

import pytest

from penstock.analysis import Profile
from penstock.model import Severity
from penstock.settings import RuleSetting

from .snippets import FAILS, RARE, STRICT, WORDS, report

LINT = "lint/bad-suppression"


@pytest.mark.parametrize(
    "text",
    [
        "http {\n root /a; # penstock: ignore[test/words] shared with the old site\n}",
        "http {\n # penstock: ignore[test/words] shared with the old site\n root /a;\n}",
        "http {\n # penstock: ignore[test/words] shared with the old site\n # and another comment\n root /a;\n}",
        "http {\n #penstock:ignore[ test/words ] shared with the old site\n root /a;\n}",
        "http {\n root /a # penstock: ignore[test/words] shared with the old site\n ;\n}",
        "http {\n root\n /a; # penstock: ignore[test/words] shared with the old site\n}",
        "http {\n root /a; root /b; # penstock: ignore[test/words] shared with the old site\n}",
    ],
)
def test_a_comment_suppresses_on_its_line_or_the_next(text: str) -> None:
    """The verdict stays in the report, with the reason, and is not open."""
    found = report(text, [WORDS])
    assert not found.open
    assert {each.suppressed for each in found.verdicts} == {"shared with the old site"}


def test_one_comment_may_name_several_rules() -> None:
    """Separated by commas."""
    text = "http {\n root /a; gzip on; # penstock: ignore[test/words, test/strict] both are wanted\n}"
    found = report(text, [WORDS, STRICT], Profile("all"))
    assert not found.open
    assert len(found.verdicts) == 2


@pytest.mark.parametrize(
    ("comment", "message", "hint"),
    [
        ("# penstock: ignore[test/words]", "without a reason", "ignore[rule-id] reason"),
        ("# penstock: ignore[test/words]   ", "without a reason", "ignore[rule-id] reason"),
        ("# penstock: ignore test/words reason", "says nothing that it knows", "ignore[rule-id] reason"),
        ("# penstock: disable", "says nothing that it knows", "ignore[rule-id] reason"),
        ("# penstock: ignore[test/wrods] because", 'no rule "test/wrods"', '"test/words"'),
        ("# penstock: ignore[test/strict] because", "finds nothing here", "Delete"),
        ("# penstock: ignore[syntax/lone-cr] because", "cannot be suppressed", "Mend"),
    ],
)
def test_a_comment_that_does_nothing_is_a_finding(comment: str, message: str, hint: str) -> None:
    """And what it meant to suppress stays open."""
    found = report(f"http {{\n root /a; {comment}\n}}", [WORDS, STRICT], Profile("all"))
    assert [each.rule for each in found.open] == ["test/words", LINT]
    lint = found.open[1]
    assert lint.severity is Severity.WARNING
    assert message in lint.finding.message
    assert hint in lint.finding.hint


@pytest.mark.parametrize(
    "profile", [Profile(), Profile(rules={"test/rare": RuleSetting(enabled=False)})], ids=["not listed", "off"]
)
def test_a_comment_for_a_rule_that_does_not_run_is_left_alone(profile: Profile) -> None:
    """It may be of use in the profile of tomorrow."""
    assert not report("http {\n index a; # penstock: ignore[test/rare] wanted\n}", [RARE], profile).verdicts


def test_a_comment_for_a_rule_that_failed_is_left_alone() -> None:
    """Nobody knows whether it would have been of use."""
    assert not report("http { } # penstock: ignore[test/fails] wanted\n", [FAILS]).verdicts


def test_a_comment_covers_its_own_file_only() -> None:
    """The same line of another file is another place."""
    text = "http {\n include a.conf; # penstock: ignore[test/words] not here\n}"
    found = report(text, [WORDS], a="\nroot /a;\n")
    assert [each.rule for each in found.open] == [LINT, "test/words"]


def test_what_cannot_be_parsed_cannot_be_suppressed() -> None:
    """nginx does not read our comments."""
    found = report("http {\n # penstock: ignore[include/not-found] it comes later\n include a.conf;\n}", [])
    assert [each.rule for each in found.open] == [LINT, "include/not-found"]


def test_odd_space_inside_an_argument_can_be_meant() -> None:
    """nginx takes it, so it is a warning that a comment can answer; in a name it stays an error."""
    text = "http {\n # penstock: ignore[syntax/odd-whitespace] the file is called so\n root /a\xa0b;\n}"
    assert not report(text, []).open
    (warning,) = report("http {\n root /a\xa0b;\n}", []).open
    assert (warning.rule, warning.severity) == ("syntax/odd-whitespace", Severity.WARNING)
    error, *_ = report("http {\n root\xa0 /a;\n}", []).open
    assert (error.rule, error.severity) == ("syntax/invalid-whitespace", Severity.ERROR)


def test_bad_suppressions_can_be_switched_off() -> None:
    """The finding is a rule like others."""
    profile = Profile(rules={LINT: RuleSetting(enabled=False)})
    assert not report("http { } # penstock: nonsense\n", [], profile).verdicts
