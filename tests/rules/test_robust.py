"""No rule fails on what a user wrote, however broken."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.rules.registry import examples, load_rules

from .examples import report

TEXTS = [path.read_text() for path in sorted(Path(__file__).with_name("good").glob("*.conf"))]
TEXTS += [example.text for rule in load_rules() for example in examples(rule)]
WORDS = ("", ";", "{", "}", "$", "$1", "${", "~", "(", "[", "*", "0", "http://", "@", "=", "/", ":", '""', "ssl", "-")


@settings(derandomize=True, deadline=None, max_examples=150)
@given(
    text=st.sampled_from(TEXTS),
    edits=st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(WORDS)), min_size=1, max_size=12),
)
def test_no_rule_raises_over_mangled_configurations(text: str, edits: list[tuple[int, str]]) -> None:
    """Words are replaced by others, or taken away: every rule still gives an answer."""
    words = text.split(" ")
    for at, word in edits:
        words[at % len(words)] = word
    assert report(" ".join(words), load_rules()).broken_rules == ()
