"""What templates may call: filters that nginx needs, and stand-ins for those of Jinja that make much of little."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn

import jinja2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

MAX_STEPS = 200_000
"""Turns of loops and calls of macros in one render: ten thousand servers of ten lines need fewer, and it is seconds."""
MAX_LENGTH = 1024 * 1024
"""Characters of a text or items of a list that an operation may make."""
MAX_NUMBER = 2**63

_BARE = re.compile(r"[A-Za-z0-9_./:@%+=,~*&?|^-]+")
_VARIABLE = re.compile(r"\$[A-Za-z0-9_{]")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Trespass(jinja2.TemplateRuntimeError):
    """A template asked for more than a template may; its place is added where it is caught."""

    def __init__(self, message: str, way_out: str = "") -> None:
        super().__init__(message)
        self.sentence = message
        self.way_out = way_out


def bounded(value: Any) -> Any:
    """The value itself, unless it is too large for a template."""
    if isinstance(value, int):
        if MAX_NUMBER < abs(value):
            raise Trespass("a number grows beyond 64 bits")
    elif isinstance(value, (str, list, tuple)) and MAX_LENGTH < len(value):
        raise Trespass(f"a value grows beyond {MAX_LENGTH:,} characters or items")
    return value


def times(left: Any, right: Any) -> Any:
    """The product, unless it would be a text or list that is too large: that is known before it is made."""
    for many, count in ((left, right), (right, left)):
        if isinstance(many, (str, list, tuple)) and isinstance(count, int) and MAX_LENGTH < len(many) * count:
            raise Trespass(f"a value grows beyond {MAX_LENGTH:,} characters or items")
    return left * right


def printed(value: object) -> str:
    """The text of a value in a config. Only text and numbers have one: `True` and `None` mean nothing to nginx."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        raise Trespass(f"a value that is {str(value).lower()} is printed", "Use `| onoff`, or an `if`.")
    if isinstance(value, (int, float)):
        return str(value)
    if value is None:
        raise Trespass("a value that is null is printed", "Use an `if`, or `| default(...)`.")
    if isinstance(value, jinja2.Undefined):
        return str(value)  # raises, and says which
    if isinstance(value, (dict, list, tuple)):
        raise Trespass(f"a whole {'mapping' if isinstance(value, dict) else 'list'} is printed", "Loop over it.")
    raise Trespass(f"a {type(value).__name__} is printed", "Print text or numbers.")


def quote(value: object, variables: bool = False) -> str:
    """The value as one argument of an nginx directive, quoted where needed. No error shows it: it may be a secret.

    nginx reads `\\"` and `\\\\` in double quotes as the bare character, and `\\n`, `\\r`, `\\t` as control characters
    (ngx_conf_read_token). It knows no way to write a `$` that begins a name literally: such a value is refused,
    unless variables are asked for.
    """
    text = printed(value)
    if not variables and _VARIABLE.search(text):
        raise Trespass(
            "a value with a `$name` in it would make nginx put a variable in",
            "Use `| quote(variables=true)` if that is meant.",
        )
    if _BARE.fullmatch(text):
        return text
    escaped = "".join(_ESCAPES.get(character, character) for character in text)
    if any(character < " " or character == "\x7f" for character in escaped):
        raise Trespass("a value that is quoted holds a control character")
    return f'"{escaped}"'


def onoff(value: object) -> str:
    """`on` for true and `off` for false, as nginx writes flags."""
    if isinstance(value, jinja2.Undefined):
        return str(value)  # raises, and says which
    if not isinstance(value, bool):
        raise Trespass(f"`onoff` takes true or false, not a {type(value).__name__}")
    return "on" if value else "off"


def _fail(message: object) -> NoReturn:
    """For what a schema cannot say: `{{ fail("...") }}` refuses the values with the template's own sentence."""
    raise Trespass(printed(message))


def _range(*bounds: int) -> range:
    steps = range(*bounds)
    if MAX_STEPS < len(steps):
        raise Trespass(f"a range may have {MAX_STEPS:,} numbers at most")
    return steps


def _join(values: Iterable[object], separator: str = "", attribute: str | int | None = None) -> str:
    length, texts = 0, []
    for value in values:
        text = printed(value if attribute is None else value[attribute])  # type: ignore[index]  # or a TypeError
        length += len(text) + len(separator)
        if MAX_LENGTH < length:
            raise Trespass(f"a value grows beyond {MAX_LENGTH:,} characters or items")
        texts.append(text)
    return separator.join(texts)


def _replace(text: str, old: str, new: str) -> str:
    text = printed(text)
    if MAX_LENGTH < len(text) + text.count(old) * len(new):
        raise Trespass(f"a value grows beyond {MAX_LENGTH:,} characters or items")
    return text.replace(old, new)


def _indent(text: str, width: int = 4, first: bool = False) -> str:
    if not 0 <= width <= 80:
        raise Trespass("`indent` takes a width from 0 to 80")
    lines = printed(text).split("\n")
    padded = [" " * width + line if line and (first or 0 < at) else line for at, line in enumerate(lines)]
    return str(bounded("\n".join(padded)))


FILTERS: Mapping[str, Callable[..., object]] = MappingProxyType(
    {"quote": quote, "onoff": onoff, "join": _join, "replace": _replace, "indent": _indent}
)
"""What stands beside, or in place of, Jinja's own filters."""

GLOBALS: Mapping[str, Callable[..., object]] = MappingProxyType({"range": _range, "fail": _fail})
"""What stands beside, or in place of, Jinja's own functions."""
