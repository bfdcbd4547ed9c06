"""Templates as folders: a manifest, files to render, examples. All of it is read once, before anything is rendered.

NAME/template.yaml          title, description, entry, schema
NAME/nginx.conf.j2          rendered to <root>/nginx.conf
NAME/conf.d/site.conf.j2    rendered to <root>/conf.d/site.conf
NAME/_tls.j2                a part: for `include` and `import` only, because its name begins with `_`
NAME/examples/CASE/         values.yaml, and expected/ with the files that it renders to
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from penstock.documents import Document, load_yaml
from penstock.errors import NotFound, SettingsError
from penstock.settings.table import nearest
from penstock.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Mapping

MANIFEST = "template.yaml"
SUFFIX = ".j2"
SHIPPED_PREFIX = "penstock:"
MAX_FILE_BYTES = 1024 * 1024
"""A template file is written by hand: a bigger one is a mistake, and would be slow to compile."""

_KEYS = ("title", "description", "entry", "schema")


@dataclass(frozen=True)
class Template:
    """A template, wholly read. What renders it touches no disk.

    name: as it was asked for. label: the folder to name to the user. entry: the main file without `.j2`.
    schema: JSON Schema (draft 2020-12) of the values. files: the names of the `.j2` files that become files of the
    target, relative to the folder, sorted; parts (`_name.j2`) are only in `sources`. sources: name -> text, of all.
    manifest: template.yaml with its lines. examples: the folders of its examples, by name.
    """

    name: str
    label: str
    title: str
    entry: str
    schema: Mapping[str, object]
    files: tuple[str, ...]
    sources: Mapping[str, str]
    manifest: Document
    description: str = ""
    examples: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))

    def source_label(self, name: str) -> str:
        """What to call one of its files to the user."""
        return f"{self.label}/{name}"


def find_template(name: str, *, project: Path) -> Template:
    """The template of a name: `penstock:NAME` for a shipped one, else a folder of the project (absolute or relative).

    Raises NotFound with the nearest name that exists, and SettingsError for a template that is not well made.
    """
    if name.startswith(SHIPPED_PREFIX):
        return _read_shipped(name)
    folder = project / name
    label = str(folder.relative_to(project)) if folder.is_relative_to(project) else str(folder)
    if not (folder / MANIFEST).is_file():
        beside = _templates_in(folder.parent)
        guess = nearest(folder.name, beside)
        raise NotFound(
            f"there is no template {label}: it would be a folder with a {MANIFEST}",
            way_out=f"Did you mean {Path(label).parent / guess}?"
            if guess
            else f"Make {label}/{MANIFEST}, or use a shipped one: {', '.join(shipped_templates())}.",
        )
    return _read(folder, name=name, label=label)


def shipped_templates() -> tuple[str, ...]:
    """The names of the templates that ship with Penstock, as `find_template` takes them, sorted."""
    return tuple(SHIPPED_PREFIX + name for name in _templates_in(shipped("templates")))


def _templates_in(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(manifest.parent.name for manifest in folder.glob(f"*/{MANIFEST}")))


def _read_shipped(name: str) -> Template:
    known = shipped_templates()
    if name not in known:
        guess = nearest(name, known)
        raise NotFound(
            f"no template {name} ships with Penstock",
            way_out=f"Did you mean {guess}?" if guess else f"There is: {', '.join(known)}.",
        )
    return _read(shipped("templates") / name.removeprefix(SHIPPED_PREFIX), name=name, label=name)


def _read(folder: Path, *, name: str, label: str) -> Template:
    manifest = load_yaml(_text(folder / MANIFEST, folder, label), f"{label}/{MANIFEST}")
    keys = _keys(manifest)
    sources = _sources(folder, label)
    files = tuple(source for source in sources if not source.rpartition("/")[2].startswith("_"))
    entry = _string(manifest, keys, "entry") or "nginx.conf"
    if entry + SUFFIX not in files:
        guess = nearest(entry + SUFFIX, files).removesuffix(SUFFIX)
        raise SettingsError(
            f"{manifest.label}:{manifest.line('entry')}: the entry is {entry}, and there is no {label}/{entry}{SUFFIX}",
            way_out=f"Did you mean {guess}?" if guess else "entry names the main file, without .j2.",
        )
    schema = keys.get("schema", {})
    if not isinstance(schema, dict):
        raise SettingsError(
            f"{manifest.label}:{manifest.line('schema')}: schema must be a mapping",
            way_out="It is a JSON Schema of the values: type: object, properties: ...",
        )
    return Template(
        name=name,
        label=label,
        title=_string(manifest, keys, "title") or folder.name,
        description=_string(manifest, keys, "description"),
        entry=entry,
        schema=schema,
        files=files,
        sources=MappingProxyType(sources),
        manifest=manifest,
        examples=MappingProxyType(
            {case.parent.name: case.parent for case in sorted(folder.glob("examples/*/values.yaml"))}
        ),
    )


def _keys(manifest: Document) -> dict[str, object]:
    if not isinstance(manifest.value, dict):
        raise SettingsError(f"{manifest.label}:{manifest.line()}: a manifest is a mapping with: {', '.join(_KEYS)}")
    for key in manifest.value:
        if key not in _KEYS:
            guess = nearest(key, _KEYS)
            raise SettingsError(
                f"{manifest.label}:{manifest.line(key)}: {key} is not a key of a manifest",
                way_out=f"Did you mean {guess}?" if guess else f"A manifest takes: {', '.join(_KEYS)}.",
            )
    return manifest.value


def _string(manifest: Document, keys: Mapping[str, object], key: str) -> str:
    value = keys.get(key, "")
    if not isinstance(value, str):
        raise SettingsError(f"{manifest.label}:{manifest.line(key)}: {key} must be text", way_out="Write it in quotes.")
    return value.strip()


def _sources(folder: Path, label: str) -> dict[str, str]:
    """Every `.j2` file outside examples/, by its name relative to the folder, sorted by name."""
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob(f"*{SUFFIX}") if path.is_file()}
    return {
        name: _text(path, folder, label) for name, path in sorted(paths.items()) if not name.startswith("examples/")
    }


def _text(path: Path, folder: Path, label: str) -> str:
    """The text of a file of the template. Nothing that a link leads to outside its folder is read."""
    shown = f"{label}/{path.relative_to(folder)}"
    if not path.resolve().is_relative_to(folder.resolve()):
        raise SettingsError(f"{shown} is a link that leads out of the template", way_out="Copy the file to its place.")
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise SettingsError(f"{shown} could not be read: {exc.strerror}") from exc
    if MAX_FILE_BYTES < len(content):
        raise SettingsError(f"{shown} is larger than {MAX_FILE_BYTES:,} bytes", way_out="Split it.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as exc:
        line = content[: exc.start].count(b"\n") + 1
        raise SettingsError(
            f"{shown}:{line}: byte 0x{content[exc.start]:02x} is not UTF-8", way_out="Save the file as UTF-8."
        ) from exc
