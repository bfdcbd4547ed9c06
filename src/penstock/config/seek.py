"""Which files a file includes: found without building its tree, since loading asks this of every file."""

from __future__ import annotations

from penstock.config.includes import is_include
from penstock.config.tokens import scan
from penstock.model import Source


def included_names(data: bytes) -> list[str]:
    """The arguments of the `include` directives in a file's bytes, decoded, in order."""
    if b"include" not in data:
        return []
    names = []
    tokens = scan(Source("", data.decode("utf-8", "surrogateescape"))).tokens
    blocks: list[str] = []
    words: list[str] = []
    for text, _, quoted in tokens:
        if quoted or text not in {";", "{", "}"}:
            words.append(text)
            continue
        if text == "{":
            blocks.append(words[0])
        elif text == "}":
            blocks.pop()
        elif is_include(words[0], len(words) - 1, blocks[-1] if blocks else ""):
            names.append(words[1])
        words = []
    return names
