"""What a capture of a regular expression can hold, without running it: an over-approximation, atom by atom.

It reads the part of PCRE that configurations use. What it does not understand, it takes for "anything".
"""

from __future__ import annotations

import re
from functools import lru_cache

_ATOM = re.compile(
    r"""
      (?P<escape> \\. )
    | (?P<set> \[ \^? \]? (?: \\. | \[:\w+:\] | [^\]\\] )* \] )
    | (?P<open> \( (?: \? (?: [:>=!|] | <[=!] | P?<\w+> | '\w+' | [a-zA-Z-]+[:)] ) )? )
    | (?P<close> \) )
    | (?P<quantifier> [*+?] | \{ \d* ,? \d* \} )
    | (?P<mark> [|^$] )
    | (?P<any> \. )
    | (?P<literal> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_NAME = re.compile(r"\(\?(?:P?<(\w+)>|'(\w+)')")
_POSIX = {"[:alnum:]": "a-zA-Z0-9", "[:alpha:]": "a-zA-Z", "[:digit:]": "0-9", "[:xdigit:]": "0-9a-fA-F"}
_CONTROL = {"n": "\n", "r": "\r", "t": "\t"}


@lru_cache(maxsize=1024)
def groups(pattern: str) -> tuple[tuple[str, str, int], ...]:
    """(name or number, inner text, offset of its parenthesis) of every capturing group, named ones by both."""
    found: list[tuple[str, str, int]] = []
    opened: list[tuple[str, str, int, int]] = []
    number = 0
    for atom in _ATOM.finditer(pattern):
        if atom["open"]:
            name = _NAME.match(atom[0])
            captures = atom[0] == "(" or name is not None
            number += captures
            label = (name[1] or name[2]) if name else ""
            opened.append((str(number) if captures else "", label, atom.start(), atom.end()))
        elif atom["close"] and opened:
            index, label, start, inner = opened.pop()
            found.extend((key, pattern[inner : atom.start()], start) for key in (index, label) if key)
    return tuple(found)


def group(pattern: str, name: str) -> tuple[str, int] | None:
    """(inner text, offset) of the group of this name or number; `0` is the whole; None where there is none."""
    if name == "0":
        return pattern, 0
    return next(((inner, at) for key, inner, at in groups(pattern) if key == name), None)


@lru_cache(maxsize=4096)
def can_hold(inner: str, characters: str) -> bool:
    """Whether something that this pattern matches may have one of the characters in it."""
    return any(_matches(atom, character) for atom in _ATOM.finditer(inner) for character in characters)


def _matches(atom: re.Match[str], character: str) -> bool:
    if atom["any"]:
        return character != "\n"
    if atom["literal"]:
        return atom[0] == character
    if not atom["escape"] and not atom["set"]:
        return False
    text = atom[0]
    if atom["escape"] and text[1] in _CONTROL:
        return _CONTROL[text[1]] == character
    if atom["escape"] and not text[1].isalnum():
        return text[1] == character
    if text in {"\\b", "\\B", "\\A", "\\z", "\\Z", "\\G"}:
        return False
    for posix, plain in _POSIX.items():
        text = text.replace(posix, plain)
    try:
        return re.fullmatch(text, character) is not None
    except re.error:
        return True


@lru_cache(maxsize=1024)
def is_finite(inner: str) -> bool:
    """Whether it matches only what is written out: literals and alternatives, no classes, no repetition."""
    for atom in _ATOM.finditer(inner):
        if atom["set"] or atom["any"] or (atom["quantifier"] and atom[0] != "?"):
            return False
        if atom["escape"] and atom[0][1].isalnum():
            return False
    return True


def begins_with_slash(pattern: str, inner: str, at: int) -> bool:
    """Whether the group at this offset, matched on a URI, always begins with its `/` (a URI itself does)."""
    if "|" in inner:
        return False
    if inner.startswith(("/", "\\/")):
        rest = inner.lstrip("\\")[1:]
        return not rest.startswith(("?", "*", "{"))
    return pattern[:at] in {"", "^"} and inner.startswith((".*", ".+"))


def is_anchored(pattern: str) -> bool:
    """Whether it begins with `^`, ends with `$`, and has no alternative at its top."""
    if not pattern.startswith("^") or not pattern.endswith("$") or pattern.endswith("\\$"):
        return False
    depth = 0
    for atom in _ATOM.finditer(pattern):
        depth += bool(atom["open"]) - bool(atom["close"])
        if not depth and atom[0] == "|":
            return False
    return True
