"""Where the Lua code of a `*_by_lua_block` ends (openresty/lua-nginx-module: braces balance, as Lua reads them)."""

from __future__ import annotations

import re

LUA_BLOCK = re.compile(r"_by_lua_block\Z")
"""Finds the names of directives whose block is Lua code."""

_LUA = re.compile(
    r"""
      --\[(=*)\[ .*? (?: \]\1\] | \Z )          # a long comment
    | --[^\n]*+                                 # a comment
    | \[(=*)\[ .*? (?: \]\2\] | \Z )            # a long string
    | " (?: [^"\\\n] | \\. )*+ (?: "|(?=\n)|\Z)  # strings end with their line
    | ' (?: [^'\\\n] | \\. )*+ (?: '|(?=\n)|\Z)
    | ([{}])
    """,
    re.VERBOSE | re.DOTALL,
)


def lua_block_end(text: str, start: int) -> int | None:
    """The offset past the `}` that ends the block whose code begins at start; None where none does."""
    depth = 1
    for found in _LUA.finditer(text, start):
        brace = found[3]
        if brace == "{":
            depth += 1
        elif brace == "}":
            depth -= 1
            if not depth:
                return found.end()
    return None
