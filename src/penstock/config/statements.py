"""The door to crossplane: its parser makes statements out of our tokens.

crossplane's own lexer knows lines only, drops the quotes and splits words where nginx does not; its parser is fed
from `tokens` instead. It runs in a private copy of the module, so that nobody else's crossplane is touched, and it
neither follows includes nor judges: contexts and arguments are the catalogue's business, by nginx version.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from typing import TYPE_CHECKING, Any, TypedDict

import crossplane.parser

from penstock.config.tokens import CLOSE, OPEN, Head

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

    from penstock.config.tokens import Scan, Token
    from penstock.model import Word

_DEPTH = 100  # crossplane's parser calls itself for each level; what lies deeper is parsed on its own


class Statement(TypedDict, total=False):
    """One statement as crossplane gives it. block: only where braces follow."""

    directive: Head
    args: list[Word]
    line: int
    block: list[Statement]


class _Feed(str):
    """A name for crossplane's messages that brings the tokens along."""

    __slots__ = ("tokens",)
    tokens: Iterator[Token]


@cache
def _parser() -> ModuleType:
    spec = crossplane.parser.__spec__
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    vars(module)["lex"] = _lex
    vars(module)["analyze"] = _judge_nothing
    vars(module)["_prepare_if_args"] = _leave_as_written
    return module


def _lex(feed: _Feed) -> Iterator[Token]:
    return feed.tokens


def _judge_nothing(**_: Any) -> None:
    """Stand in for crossplane's table of directives, which ends at nginx 1.17."""


def _leave_as_written(_: Statement) -> None:
    """Keep the parentheses of `if`: they are part of the words."""


def statements(scan: Scan) -> list[Statement]:
    """The statements of a file, nested as its braces are."""
    tokens = scan.tokens
    if scan.depth <= _DEPTH:
        return _parse(iter(tokens))
    partner = _partners(tokens)
    top: list[Statement] = []
    waiting = [(top, 0, len(tokens))]
    while waiting:
        into, start, end = waiting.pop()
        inner: list[tuple[int, int]] = []
        into.extend(_parse(_upper_levels(tokens, partner, start, end, inner)))
        for block, (first, last) in zip(_blocks_at(into, _DEPTH), inner, strict=True):
            waiting.append((block, first, last))
    return top


def _parse(tokens: Iterator[Token]) -> list[Statement]:
    feed = _Feed("config")
    feed.tokens = tokens
    payload = _parser().parse(feed, catch_errors=False, single=True)
    parsed: list[Statement] = payload["config"][0]["parsed"]
    if payload["errors"]:  # a tree that lacks something must not pass for the whole
        raise RuntimeError(f"crossplane does not take well-formed tokens: {payload['errors']}")
    return parsed


def _partners(tokens: Sequence[Token]) -> dict[int, int]:
    """The index of the closing brace for that of each opening one."""
    partner: dict[int, int] = {}
    opened: list[int] = []
    for index, token in enumerate(tokens):
        if token is OPEN:
            opened.append(index)
        elif token is CLOSE:
            partner[opened.pop()] = index
    return partner


def _upper_levels(
    tokens: Sequence[Token], partner: Mapping[int, int], start: int, end: int, inner: list[tuple[int, int]]
) -> Iterator[Token]:
    """The tokens down to _DEPTH; where the inside of each block at that depth stands goes into `inner`, in order."""
    depth = 0
    index = start
    while index < end:
        token = tokens[index]
        yield token
        if token is CLOSE:
            depth -= 1
        elif token is OPEN:
            depth += 1
            if depth == _DEPTH:
                inner.append((index + 1, partner[index]))
                index = partner[index]
                continue
        index += 1


def _blocks_at(parsed: list[Statement], depth: int) -> Iterator[list[Statement]]:
    """The blocks at this depth (from 1), in the order of the text."""
    stack = [iter(parsed)]
    while stack:
        for statement in stack[-1]:
            block = statement.get("block")
            if block is None:
                continue
            if len(stack) == depth:
                yield block
            else:
                stack.append(iter(block))
                break
        else:
            stack.pop()
