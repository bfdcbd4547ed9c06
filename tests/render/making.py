"""Templates and values made for one test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.documents import load_yaml
from penstock.errors import PenstockError
from penstock.render import find_template, render
from penstock.render.values import merge

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from penstock.model import FileSet
    from penstock.render import Template, Values

ROOT = "/etc/nginx"


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write files below a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def template_of(project: Path, sources: Mapping[str, str] | str, schema: str = "{}") -> Template:
    """The template `t` of a project, with these `.j2` files; a text alone is nginx.conf.j2."""
    files = {"nginx.conf": sources} if isinstance(sources, str) else sources
    write(project / "t", {f"{name}.j2": text for name, text in files.items()})
    write(project / "t", {"template.yaml": f"title: A test\nschema:\n{_indented(schema)}"})
    return find_template("t", project=project)


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.strip("\n").split("\n"))


def values_of(*layers: str) -> Values:
    """The values of these layers (YAML), weakest first, named base.yaml, layer1.yaml, ..."""
    names = ["base.yaml", *(f"layer{at}.yaml" for at in range(1, len(layers)))]
    return merge([load_yaml(text, name) for name, text in zip(names, layers, strict=True)])


def rendered(project: Path, sources: Mapping[str, str] | str, *layers: str, schema: str = "{}") -> FileSet:
    """What a template makes of layers of values."""
    template = template_of(project, sources, schema)
    return render(template, values_of(*layers), root=ROOT, facts={"instance": "edge-1"})


def text_of(project: Path, source: str, *layers: str, schema: str = "{}") -> str:
    """The text that one template file makes."""
    return rendered(project, source, *layers, schema=schema).files[f"{ROOT}/nginx.conf"].decode()


def refusal(project: Path, sources: Mapping[str, str] | str, *layers: str, schema: str = "{}") -> str:
    """The error that a render ends in, as the user reads it, with its type in front."""
    try:
        files = rendered(project, sources, *layers, schema=schema)
    except PenstockError as exc:
        return f"{type(exc).__name__}: {exc}"
    raise AssertionError(f"rendered to {dict(files.files)}")
