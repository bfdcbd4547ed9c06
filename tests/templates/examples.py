"""The examples of the shipped templates, rendered: as they stand, and as they can run on this machine."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.documents import Document, load_yaml
from penstock.render import find_template, render, shipped_templates
from penstock.render.values import merge

if TYPE_CHECKING:
    from penstock.model import FileSet
    from penstock.render import Template

ROOT = "/etc/nginx"
INSTALLED = "1.22.1"
"""What the examples are rendered for where the real nginx reads them: the oldest that the templates know."""


@dataclass(frozen=True)
class Example:
    """One example of a shipped template."""

    template: Template
    case: str

    @property
    def folder(self) -> Path:
        return self.template.examples[self.case]

    @property
    def values(self) -> Document:
        return load_yaml((self.folder / "values.yaml").read_text(), f"{self.case}/values.yaml")

    def __str__(self) -> str:
        return f"{self.template.name.removeprefix('penstock:')}-{self.case}"


EXAMPLES = [
    Example(template, case)
    for template in (find_template(name, project=Path()) for name in shipped_templates())
    for case in template.examples
]


def render_example(example: Example, *layers: str, root: str = ROOT) -> FileSet:
    """An example's files, with stronger layers of values (YAML) over it."""
    documents = [load_yaml(layer, f"layer {at}") for at, layer in enumerate(layers, 1)]
    return render(example.template, merge([example.values, *documents]), root=root, facts={"instance": "edge-1"})


def layer_for_this_machine(example: Example, folder: Path, *, http: int, https: int) -> str:
    """Values that let an example run below a folder, on loopback, beside whatever else runs here."""
    certificate(folder)
    tls = example.values.value
    assert isinstance(tls, dict)
    layer = f"""
        process:
          user: {pwd.getpwuid(os.geteuid()).pw_name}
          pid: {folder}/nginx.pid
          error_log: {folder}/error.log
          access_log: {folder}/access.log
          temp_dir: {folder}/temp
        listen: ['127.0.0.1:{http}']
        nginx_version: {INSTALLED}
    """
    if "tls" in tls:
        layer += f"""
        tls: {{certificate: {folder}/fullchain.pem, key: {folder}/privkey.pem, listen: ['127.0.0.1:{https}']}}
    """
    return layer


def certificate(folder: Path) -> None:
    """A self-signed certificate and its key, made by openssl."""
    (folder / "temp").mkdir(exist_ok=True)
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    places = ["-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    subprocess.run(
        ["openssl", "req", *kind, "-days", "2", "-subj", "/CN=example.org", *places],
        check=True,
        capture_output=True,
        timeout=60,
    )


def write_out(files: FileSet) -> None:
    """Put a FileSet on the disk, where it says it stands."""
    for path, content in files.files.items():
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
