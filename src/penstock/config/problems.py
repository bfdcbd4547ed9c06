"""The kinds of Problem that `parse` reports: each is the id of the rule that speaks of it, with its title."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PROBLEM_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "include/cycle": "A file includes itself, directly or through others",
        "include/not-followed": "An include that was not followed: what it brings has not been looked at",
        "include/not-found": "An included file is not there, or cannot be read",
        "syntax/bom": "A file starts with a byte order mark",
        "syntax/invalid-encoding": "Bytes that are not UTF-8",
        "syntax/invalid-whitespace": "White space that nginx takes for a name, or for an argument of its own",
        "syntax/lone-cr": "A carriage return that does not end a line",
        "syntax/missing-semicolon": "A directive is not ended by a semicolon",
        "syntax/nul-byte": "A NUL byte, at which nginx cuts values short",
        "syntax/odd-whitespace": "White space that nginx takes for part of an argument",
        "syntax/parameter-too-long": "A parameter or comment that nginx's buffer cannot hold",
        "syntax/text-after-quote": "Text directly after a closing quote",
        "syntax/unbalanced-braces": "A brace without its partner",
        "syntax/unexpected-token": "A semicolon or brace where a directive should begin",
        "syntax/unterminated-string": "A quoted string without its closing quote",
    }
)


def printable(text: str) -> str:
    """The text without what a terminal would act on: it came out of a file, and goes into a message."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() else "?" for sign in text)
