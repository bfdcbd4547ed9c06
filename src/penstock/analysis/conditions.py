"""The requirements of the policy language: a closed table of words, each a test of one directive.

Conditions, for `require` and `forbid`; each key of the mapping must hold:

    present: true                the directive itself (only sensible as `forbid`)
    args: [a, b]                 its arguments are exactly these
    args_in: [a, b]              every argument is one of these
    any_arg_in: [a, b]           some argument is one of these
    first_in: [a, b]             the first argument is one of these
    args_match: REGEXP           the arguments, joined by spaces, match somewhere
    child: NAME                  the block holds a directive of this name
    effective: NAME              not the directive's own arguments but those of the directive NAME that is in force in
                                 this block, inherited or its own, are what the other keys speak of;
    default: [a]                 and these, where none is (without `default`: the requirement does not hold)

Bounds, for `limit`, of one argument (`arg`, from 1; the first unless told otherwise):

    min, max                     as nginx writes them: 512k, 10m, 30s, 1h30m, 4096; `unit` is size, time or number
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from penstock.analysis.quantities import parse_quantity
from penstock.config import facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.analysis.fields import Fields
    from penstock.analysis.rule import Context
    from penstock.model import Directive

Words = tuple[str, ...]
OfWords = Callable[[Words], bool]


class Test(Protocol):
    """What a policy asks of a directive. Makers: Own, Child, Effective."""

    def holds(self, directive: Directive, context: Context) -> bool:
        """Whether all is well."""
        ...


class Own(NamedTuple):
    """A test of the directive's own arguments."""

    test: OfWords

    def holds(self, directive: Directive, context: Context) -> bool:  # noqa: ARG002 - one call for all tests
        """Whether the arguments pass."""
        return self.test(directive.args)


class Child(NamedTuple):
    """The block holds (or, negated, does not hold) a directive of this name."""

    name: str
    negate: bool

    def holds(self, directive: Directive, context: Context) -> bool:
        """Whether it does."""
        return bool(context.get(facts.inheritance).own(directive, self.name)) is not self.negate


class Effective(NamedTuple):
    """A test of the directive in force inside the block. default: its arguments where there is none, or None."""

    name: str
    test: OfWords
    default: Words | None

    def holds(self, directive: Directive, context: Context) -> bool:
        """Whether the arguments in force pass."""
        found = self.culprit(directive, context)
        words = self.default if found is None else found.args
        return words is not None and self.test(words)

    def culprit(self, directive: Directive, context: Context) -> Directive | None:
        """The directive in force, or None where nobody set it."""
        found = context.get(facts.inheritance).effective(directive, self.name)
        return found[-1] if found else None


def _as_nginx(words: Words) -> Words:
    """The words, switches in small letters: nginx takes `ON` for `on` (ngx_conf_set_flag_slot)."""
    return tuple(word.lower() if word.lower() in {"on", "off"} else word for word in words)


def _exactly(table: Fields) -> OfWords:
    wanted = _as_nginx(table.texts("args"))
    return lambda words: _as_nginx(words) == wanted


def _all_in(table: Fields) -> OfWords:
    wanted = frozenset(_as_nginx(table.texts("args_in")))
    return lambda words: wanted.issuperset(_as_nginx(words))


def _any_in(table: Fields) -> OfWords:
    wanted = frozenset(_as_nginx(table.texts("any_arg_in")))
    return lambda words: not wanted.isdisjoint(_as_nginx(words))


def _first_in(table: Fields) -> OfWords:
    wanted = frozenset(_as_nginx(table.texts("first_in")))
    return lambda words: bool(words) and _as_nginx(words[:1])[0] in wanted


def _matches(table: Fields) -> OfWords:
    try:
        pattern = re.compile(table.text("args_match"))
    except re.error as exc:
        table.fail("args_match", f"is no regular expression: {exc}")
    return lambda words: pattern.search(" ".join(words)) is not None


def _present(table: Fields) -> OfWords:
    table.yes("present")
    return lambda _: True


def _within_bounds(table: Fields) -> OfWords:
    unit = table.choice("unit", table.text("unit", default="number"), ("size", "time", "number"))
    kind = "offset" if unit == "size" else unit  # of the two kinds of size, the wider one
    index = table.number("arg", default=1, low=1) - 1
    bounds: dict[str, float | None] = {}
    for key in ("min", "max"):
        text = table.texts(key)[0] if table.has(key) else ""
        bounds[key] = parse_quantity(text, kind) if text else None
        if text and bounds[key] is None:
            table.fail(key, f"is no {unit}: {text!r}")
    low, high = bounds["min"], bounds["max"]
    if low is None and high is None:
        table.fail("", "sets no bound", way_out="It needs min, max or both.")

    def test(words: Words) -> bool:
        value = parse_quantity(words[index], kind) if index < len(words) else None
        # What cannot be read as a quantity here (a variable, `off`) is another rule's business.
        return value is None or ((low is None or low <= value) and (high is None or value <= high))

    return test


CONDITIONS: Mapping[str, Callable[[Fields], OfWords]] = {
    "present": _present,
    "args": _exactly,
    "args_in": _all_in,
    "any_arg_in": _any_in,
    "first_in": _first_in,
    "args_match": _matches,
}


def compile_conditions(table: Fields, *, negate: bool) -> Test:
    """The test that the mapping of `require` declares, or of `forbid`, under which it must not hold (negate).

    Raises SettingsError for a mapping that says nothing, or two things that do not go together.
    """
    if table.has("child"):
        return Child(table.text("child"), negate)
    tests = [make(table) for key, make in CONDITIONS.items() if table.has(key)]
    test = _in_force_or_own(table, lambda given: all(each(given) for each in tests) is not negate)
    if not tests:
        table.end()
        table.fail("", "says nothing of the arguments", way_out=f"It takes one of: {', '.join(CONDITIONS)}.")
    return test


def compile_limit(table: Fields) -> Test:
    """The test that the mapping of `limit` declares. Raises SettingsError for one without a bound."""
    return _in_force_or_own(table, _within_bounds(table))


def _in_force_or_own(table: Fields, test: OfWords) -> Test:
    effective = table.text("effective", default="")
    default = table.texts("default", default=()) if table.has("default") else None
    if default is not None and not effective:
        table.fail("default", "belongs to `effective`, which is not there")
    return Effective(effective, test, default) if effective else Own(test)
