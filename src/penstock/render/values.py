"""Values in layers: base, environment, site, instance, weakest first. Every value knows the file and line that set it.

Tables are merged key by key; lists and scalars of a stronger layer replace the weaker one's.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from penstock.documents import Document, load_yaml
from penstock.errors import NotFound, SettingsError
from penstock.settings.table import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Key: TypeAlias = "tuple[str | int, ...]"

RESERVED = "penstock"
"""The variable that holds what Penstock knows of the target; no layer may set it."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One layer's word on a value: where it stands, and what it says."""

    label: str
    line: int
    value: object


@dataclass(frozen=True)
class Values:
    """The merged values. tree: plain dicts, lists and scalars, not shared with anybody.

    layers: the documents that they were merged from, weakest first. defaults: what the template's schema filled in.
    secrets: paths whose value must not be shown (`writeOnly` in the schema).
    """

    tree: Mapping[str, object]
    layers: tuple[Document, ...] = ()
    defaults: Mapping[Key, Setting] = field(default_factory=lambda: MappingProxyType({}))
    secrets: frozenset[Key] = frozenset()

    def origin(self, path: Sequence[str | int]) -> tuple[str, int]:
        """(label, line) of the layer that set the value at a path, or the nearest thing around it that is set."""
        at = tuple(path)
        while True:
            settings = self.explain(at)
            if settings:
                return settings[-1].label, settings[-1].line
            if not at:
                return "the values", 1
            at = at[:-1]

    def explain(self, path: Sequence[str | int]) -> tuple[Setting, ...]:
        """Every layer that sets the value at a path, weakest first; the last one counts. Empty where none does."""
        at = tuple(path)
        settings = [self.defaults[at]] if at in self.defaults else []
        for layer in self.layers:
            if at in layer.lines:
                settings.append(Setting(layer.label, layer.lines[at], _value_at(layer.value, at)))
        return tuple(settings)

    def is_secret(self, path: Sequence[str | int]) -> bool:
        """Whether the value at a path must not be shown: it, something around it or something inside it is a secret."""
        at = tuple(path)
        return any(at[: len(secret)] == secret[: len(at)] for secret in self.secrets)

    def with_defaults(
        self, tree: Mapping[str, object], defaults: Mapping[Key, Setting], secrets: frozenset[Key]
    ) -> Values:
        """These values with what a schema fills in."""
        return replace(self, tree=tree, defaults=MappingProxyType(dict(defaults)), secrets=secrets)


def _value_at(value: object, path: Key) -> object:
    for key in path:
        assert isinstance(value, (dict, list))
        value = value[key]  # type: ignore[index]  # the document holds this path
    return value


def key_text(path: Sequence[str | int]) -> str:
    """A path as people write it: `upstreams[0].servers`."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def load_values(
    folder: Path, *, environment: str = "", site: str = "", instance: str = "", shown_from: Path | None = None
) -> Values:
    """The values of a folder for a target: base.yaml, environments/NAME.yaml, sites/NAME.yaml, instances/NAME.yaml.

    An empty name leaves its layer out; a site or an instance without a file has nothing of its own.
    shown_from: the folder that labels are relative to. Raises NotFound when base.yaml or the environment's file is
    absent, SettingsError for a file that is not a YAML mapping.
    """
    base = folder / "base.yaml"
    names = {"environments": environment, "sites": site, "instances": instance}
    if not base.is_file():
        raise NotFound(f"there is no {_shown(base, shown_from)}", way_out="It holds the values that hold everywhere.")
    paths = [base]
    for layer, name in names.items():
        if not name:
            continue
        path = folder / layer / f"{_checked(name, layer)}.yaml"
        if path.is_file():
            paths.append(path)
        elif layer == "environments":
            _fail_for_environment(path, name, shown_from)
    layers = tuple(_read_layer(path, folder, _shown(path, shown_from)) for path in paths)
    return merge(layers)


def merge(layers: Sequence[Document]) -> Values:
    """The values of these layers, weakest first. Raises SettingsError for a layer that is not a mapping."""
    tree: dict[str, object] = {}
    for layer in layers:
        if layer.value is None:
            continue
        if not isinstance(layer.value, dict):
            raise SettingsError(
                f"{layer.label}:{layer.line()}: a layer of values is a mapping", way_out="Write `name: value`."
            )
        if RESERVED in layer.value:
            raise SettingsError(
                f"{layer.label}:{layer.line(RESERVED)}: {RESERVED} is the name of what Penstock knows of the target",
                way_out="Choose another name.",
            )
        _lay_over(tree, layer.value)
    return Values(tree, tuple(layer for layer in layers if layer.value is not None))


def copied(value: object) -> object:
    """A value whose dicts and lists nobody else holds: two paths never share one."""
    if isinstance(value, dict):
        return {key: copied(inside) for key, inside in value.items()}
    if isinstance(value, list):
        return [copied(inside) for inside in value]
    return value


def _lay_over(below: dict[str, object], above: Mapping[str, object]) -> None:
    for key, value in above.items():
        weaker = below.get(key)
        if isinstance(weaker, dict) and isinstance(value, dict):
            _lay_over(weaker, value)
        else:
            below[key] = copied(value)


def _read_layer(path: Path, folder: Path, shown: str) -> Document:
    if not path.resolve().is_relative_to(folder.resolve()):
        raise SettingsError(
            f"{shown} is a link that leads out of {folder.name}/", way_out="Copy the file to its place."
        )
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as exc:
        raise SettingsError(f"{shown} is not UTF-8: byte {exc.start}", way_out="Save the file as UTF-8.") from exc
    except OSError as exc:
        raise SettingsError(f"{shown} could not be read: {exc.strerror}") from exc
    return load_yaml(text, shown)


def _checked(name: str, layer: str) -> str:
    """The name, when it can be a file's; a name from a manager must not choose another folder."""
    if name.startswith(".") or not name.isprintable() or "/" in name or "\\" in name:
        raise SettingsError(
            f"{name!r} in {layer} cannot name a file of values", way_out="Use letters, digits, - and _."
        )
    return name


def _fail_for_environment(path: Path, name: str, shown_from: Path | None) -> None:
    known = sorted(file.stem for file in path.parent.glob("*.yaml"))
    guess = nearest(name, known)
    raise NotFound(
        f"there are no values for the environment {name}: {_shown(path, shown_from)} does not exist",
        way_out=f"Did you mean {guess}?" if guess else f"There is: {', '.join(known) or 'no environment'}.",
    )


def _shown(path: Path, shown_from: Path | None) -> str:
    return str(path.relative_to(shown_from)) if shown_from and path.is_relative_to(shown_from) else str(path)
