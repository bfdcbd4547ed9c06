"""From a template and values to a FileSet, and from whatever goes wrong on the way to a Refused with its place."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

import jinja2

from penstock.errors import Refused
from penstock.model import FileSet, Origin
from penstock.render.filters import Trespass
from penstock.render.lines import Trace
from penstock.render.manifest import SUFFIX
from penstock.render.sandbox import UndefinedValue
from penstock.render.schema import complete
from penstock.render.trace import TracingSandbox
from penstock.render.values import RESERVED, key_text
from penstock.settings.table import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import NoReturn

    from penstock.render.manifest import Template
    from penstock.render.values import Values

# What the code of a template can raise: Jinja's own, and Python's where types do not fit. A SyntaxError is Python's
# answer to what Jinja generated from more than 20 nested blocks.
_TEMPLATE_MISTAKES = (
    jinja2.TemplateError,
    TypeError,
    ValueError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RecursionError,
    SyntaxError,
)


def render(
    template: Template, values: Values, *, root: str, entry_name: str = "nginx.conf", facts: Mapping[str, object]
) -> FileSet:
    """The files that a template makes of values: `root/<name without .j2>`, the entry as `root/entry_name`.

    root: absolute, on the target. facts: what the variable `penstock` holds; `penstock.root` is always there.
    Each file's origin names, for every line, the template's line and the values that stand there.
    Same inputs, same bytes. Raises Refused with the place for values that do not fit the schema and for a template
    that does not render, SettingsError for a schema that is none.
    """
    values = complete(template, values)
    facts = {**facts, "root": root}
    files: dict[str, bytes] = {}
    origins: dict[str, Origin] = {}
    rendering = _Rendering(template.sources, template.source_label, values, facts)
    for name in template.files:
        path = name.removesuffix(SUFFIX)
        target = posixpath.join(root, entry_name if path == template.entry else path)
        if target in files:
            raise Refused(
                f"two files of {template.label} become {target}", way_out="The target's entry takes the name of one."
            )
        text, lines = rendering.text(name)
        files[target] = text.encode("utf-8", "surrogatepass")
        origins[target] = Origin(template.source_label(name), lines)
    return FileSet(root, posixpath.join(root, entry_name), files, origins)


def render_text(text: str, label: str, values: Values, facts: Mapping[str, object]) -> str:
    """One text in which `{{ values }}` may stand, under the same rules. label: what to call it to the user."""
    return _Rendering({label: text}, lambda name: name, values, facts).text(label)[0]


class _Rendering:
    """One render of several files: they share the bounds."""

    def __init__(
        self, sources: Mapping[str, str], label: Callable[[str], str], values: Values, facts: Mapping[str, object]
    ) -> None:
        self._sandbox = TracingSandbox(sources, label)
        self._label = label
        self._values = values
        self._variables = {**values.tree, RESERVED: facts}
        self._trace = Trace(values, facts)

    def text(self, name: str) -> tuple[str, tuple[tuple[str, int, str], ...]]:
        """The text of a file, and the origin of each of its lines."""
        try:
            template = self._sandbox.get_template(name)
            chunks = template.root_render_func(template.new_context(self._variables))
            return self._trace.collect(chunks, self._label(name))
        except _TEMPLATE_MISTAKES as exc:
            self._refuse(exc, name)

    def _refuse(self, exc: Exception, name: str) -> NoReturn:
        place = _place(exc) or self._label(name)
        if isinstance(exc, UndefinedValue):
            raise Refused(f"{place}: {self._undefined(exc)}", way_out=self._defined(exc)) from exc
        if isinstance(exc, Trespass):
            raise Refused(f"{place}: {exc.sentence}", way_out=exc.way_out) from exc
        if isinstance(exc, jinja2.TemplateSyntaxError):
            raise Refused(
                f"{exc.filename or self._label(name)}:{exc.lineno}: the template is not well formed: {exc.message}"
            ) from exc
        if isinstance(exc, jinja2.TemplateNotFound):
            raise Refused(
                f"{place}: the template has no file {exc.name!r}",
                way_out="A template includes files of its own folder only, named from the folder, .j2 included.",
            ) from exc
        if isinstance(exc, RecursionError):
            raise Refused(f"{place}: the template calls itself without end") from exc
        raise Refused(f"{place}: the template fails: {exc}") from exc

    def _undefined(self, exc: UndefinedValue) -> str:
        if exc.holder is None:
            return f"{exc.name} is not defined" if exc.name else str(exc)
        path = self._trace.path_of(exc.holder)
        holder = key_text(path) if path else f"a {type(exc.holder).__name__}"
        return f"{holder} has no {exc.name}"

    def _defined(self, exc: UndefinedValue) -> str:
        """Where the value could come from: the nearest name, or the layers."""
        holder = self._variables if exc.holder is None else exc.holder
        known = tuple(holder) if isinstance(holder, dict) else ()
        guess = nearest(str(exc.name), known)
        layers = ", ".join(dict.fromkeys(layer.label for layer in self._values.layers)) or "no layer"
        lead = f"Did you mean {guess}? " if guess else ""
        return f"{lead}Values come from {layers}; what may be absent is asked for with `is defined` or `default`."


def _place(exc: BaseException) -> str:
    """label:line of the innermost line of a template that was running."""
    at: TracebackType | None = exc.__traceback__
    place = ""
    while at is not None:
        template = at.tb_frame.f_globals.get("__jinja_template__")
        if isinstance(template, jinja2.Template):
            place = f"{template.filename}:{template.get_corresponding_lineno(at.tb_lineno)}"
        at = at.tb_next
    return place
