"""The room that templates run in: nothing leaves it, nothing grows without end, nothing is random.

`ImmutableSandboxedEnvironment` and `StrictUndefined`, and of Jinja's filters, globals and methods only those on the
lists below: each either cannot make much out of little, or is bounded here. Whatever goes wrong is a `Refused` by name.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from penstock.render.filters import FILTERS, GLOBALS, MAX_NUMBER, MAX_STEPS, Trespass, bounded, printed, times

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_OUTPUT_CHARACTERS = 16 * 1024 * 1024

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
        self.filters.update(FILTERS)
        self.globals = {name: value for name, value in self.globals.items() if name in _GLOBALS}
        self.globals.update(GLOBALS)

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
            return bounded(times(left, right))
        if operator == "**" and not (isinstance(right, int) and 0 <= right <= 64 and abs(left) <= MAX_NUMBER):
            raise Trespass("a power may have an exponent from 0 to 64")
        if operator == "%" and isinstance(left, str):
            raise Trespass("text is not formatted with %", "Join its parts with ~.")
        return bounded(super().call_binop(context, operator, left, right))


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
