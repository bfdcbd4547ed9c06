"""Every rule's examples hold: they are its manual, its tests and what `penstock explain` shows."""

from __future__ import annotations

import shutil
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from penstock.rules.registry import examples, load_rules

from .examples import mismatches, nginx_says

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.analysis import Example
    from penstock.analysis.rule import Rule

CASES = [
    pytest.param(rule, example, id=f"{rule.id}-{example.kind}-{number}")
    for rule in load_rules()
    for number, example in enumerate(examples(rule))
]
# Rules that say what `nginx -t` would say; their bad examples are held against it, but for those of another release.
REFUSED = ("directive/", "listen/", "location/duplicate", "upstream/", "tls/certificate-not-configured")
NOT_HERE = {"directive/not-in-version", "directive/removed"}
GOOD = [case for case in CASES if case.values[1].kind == "good"]  # type: ignore[union-attr]


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_finds_exactly_what_its_examples_want(rule: Rule[Any], example: Example) -> None:
    """A bad example gives the wanted findings on the wanted lines and no other; a good one gives none."""
    assert mismatches(rule, example) == []
    assert bool(example.wants) == (example.kind == "bad")


def test_no_example_is_written_twice() -> None:
    """A duplicate example tests nothing."""
    texts = Counter((rule.id, example.text) for rule in load_rules() for example in examples(rule))
    assert [name for name, count in texts.items() if 1 < count] == []


@pytest.mark.nginx
@pytest.mark.parametrize(("rule", "example"), GOOD)
def test_nginx_takes_the_good_examples(rule: Rule[Any], example: Example, certificate: Path, tmp_path: Path) -> None:
    """A good example is a configuration that the real nginx accepts."""
    if example.since:
        pytest.skip(f"needs nginx {example.since}, as its fence says")
    if example.needs:
        pytest.skip(f"needs {example.needs}, as its fence says")
    for name in ("example.crt", "example.key"):
        shutil.copy(certificate / name, tmp_path / name)
    assert nginx_says(example.text, tmp_path) == ""


@pytest.mark.nginx
@pytest.mark.parametrize(
    ("rule", "example"),
    [
        case
        for case in CASES
        if case.values[1].kind == "bad"  # type: ignore[union-attr]
        and case.values[0].id.startswith(REFUSED)  # type: ignore[union-attr]
        and case.values[0].id not in NOT_HERE  # type: ignore[union-attr]
    ],
)
def test_nginx_refuses_what_these_rules_say_it_refuses(
    rule: Rule[Any], example: Example, certificate: Path, tmp_path: Path
) -> None:
    """Taken one wanted line at a time: the example with the other wanted lines left out is refused, too."""
    for name in ("example.crt", "example.key"):
        shutil.copy(certificate / name, tmp_path / name)
    wanted = sorted({line for line, _ in example.wants})
    for line in wanted:
        lines = example.text.split("\n")
        for other in wanted:
            if other != line:
                lines[other - 1] = ""
        assert nginx_says("\n".join(lines), tmp_path), f"nginx takes line {line}"
