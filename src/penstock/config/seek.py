"""Which files a file includes: found a statement at a time, for loading asks it of every file that parse reads again.

It reads exactly the includes that `tokens.scan` would; a property test holds the two together.
"""

from __future__ import annotations

import re

from penstock.config.includes import is_include
from penstock.config.lua import LUA_BLOCK, lua_block_end
from penstock.config.tokens import QUOTED, SPACE, WORD, unescape

_WORD = re.compile(rf"({WORD})|({QUOTED})", re.VERBOSE | re.DOTALL)
_STATEMENT = re.compile(
    rf"""
    (?: {SPACE}++ | \#[^\n]*+ )*+
    ( (?: {WORD} | {QUOTED} )?+ )                                       # its name
    ( (?: {SPACE}++ | \#[^\n]*+ | {WORD} | {QUOTED} )*+ )               # its arguments
    ( [;{{}}] | \Z )
    """,
    re.VERBOSE | re.DOTALL,
)


def included_names(data: bytes) -> list[str]:
    """The arguments of the `include` directives in a file's bytes, decoded, in order."""
    if b"include" not in data:
        return []
    text = data.decode("utf-8", "surrogateescape")
    names = []
    blocks: list[str] = []
    at = 1 if text.startswith("\ufeff") else 0
    while at < len(text) and (found := _STATEMENT.match(text, at)):
        at = found.end()
        name, arguments, mark = found.groups()
        if mark == "{":
            blocks.append(_value(name) if name else "")
            if LUA_BLOCK.search(blocks[-1]):
                at = lua_block_end(text, at) or len(text)
                blocks.pop()
            continue
        if "include" in name:
            words = _words(arguments)
            if is_include(_value(name), len(words), blocks[-1] if blocks else ""):
                names.append(words[0])
        if mark == "}" and blocks:
            blocks.pop()
    return names


def _words(text: str) -> list[str]:
    """The words of a stretch without `;`, `{` and `}`; comments left out."""
    bare = []
    at = 0
    while at < len(text):
        if text[at] in " \t\r\n":
            at += 1
        elif text[at] == "#":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        else:
            found = _WORD.match(text, at)
            assert found, "every character but these begins a word"
            bare.append(_value(found[0]))
            at = found.end()
    return bare


def _value(raw: str) -> str:
    return unescape(raw[1:-1] if raw[:1] in {"'", '"'} else raw)
