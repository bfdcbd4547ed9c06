"""What `include` names: patterns expanded as nginx does it, on a disk or in a FileSet.

nginx (ngx_conf_include): a name without `*`, `?` and `[` is opened as it is; others go through glob(3), whose
matches come in byte order, and whose wildcards do not match a leading dot. A pattern that matches nothing is no error.
"""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from penstock.model import FileSet

_OWN_INCLUDE = frozenset({"charset_map", "split_clients"})  # blocks in which `include` is a data line
_NO_PATTERNS = frozenset({"geo"})  # blocks that open the name as it stands (ngx_http_geo_include)


def is_include(name: str, count: int, block: str) -> bool:
    """Whether a directive of this name and argument count, directly in this block, reads other files."""
    return name == "include" and count == 1 and block not in _OWN_INCLUDE


def is_pattern(name: str, block: str = "") -> bool:
    """Whether nginx takes the argument of an include in this block for a pattern."""
    return ("*" in name or "?" in name or "[" in name) and block not in _NO_PATTERNS


def full_name(name: str, folder: str) -> str:
    """The absolute, normalised path; relative names are relative to the folder of the entry file."""
    path = posixpath.normpath(posixpath.join(folder, name))
    return path[1:] if path.startswith("//") else path


def expand(pattern: str, listing: Callable[[str], Iterable[str]]) -> tuple[str, ...]:
    """The paths that an absolute pattern matches, in nginx's order.

    listing: the names in a directory, none where it is no directory or cannot be read.
    """
    found = ["/"]
    for part in pattern.strip("/").split("/"):
        if is_pattern(part):
            wanted = _translate(_bytewise(part))
            hidden = part.startswith(".")
            found = [
                posixpath.join(folder, name)
                for folder in found
                for name in listing(folder)
                if (hidden or not name.startswith(".")) and wanted.fullmatch(_bytewise(name))
            ]
        else:
            found = [posixpath.join(folder, part) for folder in found]
    last = pattern.rsplit("/", 1)[-1]
    if not is_pattern(last):
        found = [path for path in found if last in listing(posixpath.dirname(path))]
    return tuple(sorted(found, key=lambda path: path.encode("utf-8", "surrogateescape")))


class FileNames:
    """The folders of a FileSet, with the names in each; files that could not be read are among them."""

    def __init__(self, files: FileSet) -> None:
        self._folders: dict[str, set[str]] = {}
        for path in (*files.files, *files.unreadable):
            at = path
            while at != "/":
                folder, name = posixpath.split(at)
                names = self._folders.setdefault(folder, set())
                if name in names:
                    break
                names.add(name)
                at = folder

    def listing(self, folder: str) -> Iterable[str]:
        """The names in a folder; none where there is no such folder."""
        return self._folders.get(folder, ())


def _bytewise(text: str) -> str:
    """One character a byte, as in nginx's C locale, where `?` matches a byte."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


@lru_cache(maxsize=256)
def _translate(part: str) -> re.Pattern[str]:
    """One path component of a pattern as a regular expression (POSIX fnmatch, C locale)."""
    regex = []
    at = 0
    while at < len(part):
        sign = part[at]
        at += 1
        if sign == "*":
            regex.append(".*")
        elif sign == "?":
            regex.append(".")
        elif sign == "\\" and at < len(part):
            regex.append(re.escape(part[at]))
            at += 1
        elif sign == "[" and (bracket := _bracket(part, at)):
            text, at = bracket
            regex.append(text)
        else:
            regex.append(re.escape(sign))
    return re.compile("".join(regex), re.DOTALL)


_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r" \t-\r",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}


def _bracket(part: str, at: int) -> tuple[str, int] | None:
    """A bracket expression that begins after `[`, and where it ends; None where `[` stands for itself."""
    negated = part[at : at + 1] in {"!", "^"}
    first = at = at + negated
    items = []
    while at < len(part) and (part[at] != "]" or at == first):
        named = _CLASS.match(part, at)
        if named:
            items.append(_CLASSES.get(named[1], ""))
            at = named.end()
            continue
        sign, at = _sign(part, at)
        if part[at : at + 1] == "-" and part[at + 1 : at + 2] not in {"", "]"}:
            last, at = _sign(part, at + 1)
            items.append(f"{re.escape(sign)}-{re.escape(last)}" if sign <= last else "")
        else:
            items.append(re.escape(sign))
    if at == len(part):
        return None
    inside = "".join(items)
    if not inside:  # a range from high to low, alone: no character is in it
        return ("." if negated else "(?!)"), at + 1
    return f"[{'^' if negated else ''}{inside}]", at + 1


_CLASS = re.compile(r"\[:(\w+):\]")


def _sign(part: str, at: int) -> tuple[str, int]:
    """One character inside brackets, and what comes after it; a backslash protects the next one."""
    if part[at] == "\\" and at + 1 < len(part):
        at += 1
    return part[at], at + 1
