"""The room that templates run in: nothing leaves it, nothing grows without end, nothing is random.

`ImmutableSandboxedEnvironment` and `StrictUndefined`, and of Jinja's filters, globals and methods only those on the
lists below: each either cannot make much out of little, or is bounded here. Whatever goes wrong is a `Refused` by name.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

MAX_OUTPUT_CHARACTERS = 16 * 1024 * 1024
MAX_STEPS = 200_000
"""Turns of loops and calls of macros in one render: ten thousand servers of ten lines need fewer, and it is seconds."""
MAX_LENGTH = 1024 * 1024
"""Characters of a text or items of a list that an operation may make."""
_MAX_NUMBER = 2**63

_FILTERS = frozenset(
    {
        "abs",
        "capitalize",
        "count",
        "d",
        "default",
        "dictsort",
        "first",
        "float",
        "groupby",
        "int",
        "items",
        "last",
        "length",
        "list",
        "lower",
        "map",
        "max",
        "min",
        "reject",
        "rejectattr",
        "reverse",
        "round",
        "select",
        "selectattr",
        "sort",
        "string",
        "title",
        "trim",
        "unique",
        "upper",
    }
)
_GLOBALS = frozenset({"range", "dict", "namespace", "joiner", "cycler"})
_TEXT_METHODS = frozenset(
    {
        "capitalize",
        "count",
        "endswith",
        "find",
        "index",
        "isalnum",
        "isalpha",
        "isascii",
        "isdecimal",
        "isdigit",
        "islower",
        "isnumeric",
        "isupper",
        "lower",
        "lstrip",
        "partition",
        "removeprefix",
        "removesuffix",
        "rfind",
        "rpartition",
        "rsplit",
        "rstrip",
        "split",
        "splitlines",
        "startswith",
        "strip",
        "title",
        "upper",
    }
)
_BARE = re.compile(r"[A-Za-z0-9_./:@%+=,~*&?|^-]+")
_VARIABLE = re.compile(r"\$[A-Za-z0-9_{]")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Trespass(jinja2.TemplateRuntimeError):
    """A template asked for more than a template may; its place is added where it is caught."""

    def __init__(self, message: str, way_out: str = "") -> None:
        super().__init__(message)
        self.sentence = message
        self.way_out = way_out


class UndefinedValue(jinja2.UndefinedError):
    """A template used a value that is not there. holder: what was asked for it, or None for a variable."""

    def __init__(self, holder: object, name: object, message: str) -> None:
        super().__init__(message)
        self.holder = holder
        self.name = name


class Missing(jinja2.StrictUndefined):
    """StrictUndefined that tells its error which name is missing, and in what."""

    __slots__ = ()

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[jinja2.TemplateRuntimeError] = jinja2.UndefinedError,
    ) -> None:
        if exc is jinja2.UndefinedError:
            exc = partial(UndefinedValue, None if obj is missing else obj, name)  # type: ignore[assignment]
        super().__init__(hint, obj, name, exc)


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment of one render, and what it has spent. Not to be used for a second render."""

    intercepted_binops = frozenset({"*", "**", "%", "+", "-"})

    def __init__(self, loader: jinja2.BaseLoader) -> None:
        super().__init__(
            loader=loader,
            undefined=Missing,
            autoescape=False,  # nginx is not HTML; `quote` is what it needs
            keep_trailing_newline=True,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
        )
        self.steps = 0
        self.written = 0
        self.filters = {name: function for name, function in self.filters.items() if name in _FILTERS}
        self.filters.update(quote=quote, onoff=onoff, join=_join, replace=_replace, indent=_indent)
        self.globals = {name: value for name, value in self.globals.items() if name in _GLOBALS}
        self.globals.update(range=_range, fail=_fail)

    def tick(self) -> str:
        """Count one turn of a loop or call of a macro; gives an empty text."""
        self.steps += 1
        if MAX_STEPS < self.steps:
            raise Trespass(f"the template takes more than {MAX_STEPS:,} steps")
        return ""

    def spend(self, value: object) -> str:
        """The text of a value that is printed, counted."""
        text = printed(value)
        self.written += len(text)
        if MAX_OUTPUT_CHARACTERS < self.written:
            raise Trespass(f"the template writes more than {MAX_OUTPUT_CHARACTERS:,} characters")
        return text

    def joined(self, *parts: object) -> str:
        """What `~` makes of its operands."""
        return str(bounded("".join(map(printed, parts))))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may use this attribute: of texts the listed methods only, of others what Jinja allows."""
        if isinstance(obj, (str, bytes)):
            return attr in _TEXT_METHODS
        return super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> None:
        """No stand-in for `str.format`: a width in it would make much out of little, so that it is refused."""

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """The result of an operator, if it stays small."""
        if operator == "*":
            return bounded(_times(left, right))
        if operator == "**" and not (isinstance(right, int) and 0 <= right <= 64 and abs(left) <= _MAX_NUMBER):
            raise Trespass("a power may have an exponent from 0 to 64")
        if operator == "%" and isinstance(left, str):
            raise Trespass("text is not formatted with %", "Join its parts with ~.")
        return bounded(super().call_binop(context, operator, left, right))


def bounded(value: Any) -> Any:
    """The value itself, unless it is too large for a template."""
    if isinstance(value, int):
        if _MAX_NUMBER < abs(value):
            raise Trespass("a number grows beyond 64 bits")
    elif isinstance(value, (str, list, tuple)) and MAX_LENGTH < len(value):
        raise Trespass(f"a value grows beyond {MAX_LENGTH:,} characters or items")
    return value


def _times(left: Any, right: Any) -> Any:
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
    """The value as one argument of an nginx directive, quoted where that is needed.

    nginx reads `\\"` and `\\\\` in double quotes as the bare character, and `\\n`, `\\r`, `\\t` as control characters
    (ngx_conf_read_token). It knows no way to write a `$` that begins a name literally: such a value is refused,
    unless variables are asked for.
    """
    text = printed(value)
    if not variables and _VARIABLE.search(text):
        raise Trespass(
            f"the value {text!r} would make nginx put a variable in", "Use `| quote(variables=true)` if that is meant."
        )
    if _BARE.fullmatch(text):
        return text
    escaped = "".join(_ESCAPES.get(character, character) for character in text)
    if any(character < " " or character == "\x7f" for character in escaped):
        raise Trespass(f"the value {text!r} holds a control character")
    return f'"{escaped}"'


def onoff(value: object) -> str:
    """`on` for true and `off` for false, as nginx writes flags."""
    if isinstance(value, jinja2.Undefined):
        return str(value)  # raises, and says which
    if not isinstance(value, bool):
        raise Trespass(f"`onoff` takes true or false, not {value!r}")
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


class Sources(jinja2.BaseLoader):
    """A loader over texts in memory: there is no folder that a name could lead out of.

    compile_source: makes the code of a text (env, source, name); it is where outputs get their lines.
    """

    def __init__(
        self,
        texts: Mapping[str, str],
        label: Callable[[str], str],
        compile_source: Callable[[jinja2.Environment, str, str], Any],
    ) -> None:
        self._texts = texts
        self._label = label
        self._compile = compile_source

    def get_source(self, _: jinja2.Environment, template: str) -> tuple[str, str, None]:
        """The text of a name. Raises TemplateNotFound for any other, whatever stands on the disk."""
        if template not in self._texts:
            raise jinja2.TemplateNotFound(template)
        return self._texts[template], self._label(template), None

    def load(self, environment: jinja2.Environment, name: str, globals: Any = None) -> jinja2.Template:  # noqa: A002 - Jinja's name
        """The compiled template of a name."""
        code = self._compile(environment, self.get_source(environment, name)[0], name)
        return environment.template_class.from_code(environment, code, globals or {}, None)
