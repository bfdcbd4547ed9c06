"""Configurations in a line or two, and rules for tests of the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from penstock.analysis import Profile, analyse
from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity
from penstock.config import load_bytes, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from penstock.model import Config, Report

ENTRY = "/etc/nginx/nginx.conf"


def config(text: str, **others: str) -> Config:
    """The configuration of this text; others: further files beside it, `a` as a.conf."""
    files = {ENTRY: text.encode()} | {f"/etc/nginx/{name}.conf": more.encode() for name, more in others.items()}
    return parse(load_bytes(files, root="/etc/nginx", entry=ENTRY))


def report(text: str, rules: Sequence[Rule[Any]], profile: Profile | None = None, **others: str) -> Report:
    """What the rules find in it."""
    return analyse(config(text, **others), rules, profile or Profile())


def lines(found: Report) -> list[tuple[int, str]]:
    """(line, rule) of every open verdict, in the report's order."""
    return [(verdict.finding.span.line, verdict.rule) for verdict in found.open]


@dataclass(frozen=True, slots=True)
class Words:
    """Options of WORDS."""

    names: tuple[str, ...] = ("root",)
    most: int = 0
    strict: bool = False


def find(context: Context, options: Words) -> Iterator[Finding]:
    """Every directive of the names that the options give."""
    for directive in context.each(*options.names):
        yield Finding(directive.head_span, f"{directive.name} stands here")


def fail(context: Context, options: NoOptions) -> Iterator[Finding]:
    """A rule with a fault of its own, after its first finding."""
    yield Finding(next(context.each("http")).head_span, "found before the fault")
    raise ZeroDivisionError("one by none")


WORDS = Rule("test/words", "Words", Severity.WARNING, ("https://example.com",), Words(), find)
STRICT = Rule(
    "test/strict", "Strict", Severity.ERROR, ("https://e.com",), Words(("gzip",)), find, frozenset({"strict"})
)
RARE = Rule("test/rare", "Rare", Severity.INFO, ("https://e.com",), Words(("index",)), find, frozenset())
FAILS = Rule("test/fails", "Fails", Severity.INFO, ("https://e.com",), NoOptions(), fail)
