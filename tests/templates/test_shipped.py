"""The shipped templates render what their examples show, and nginx accepts it. PENSTOCK_UPDATE_GOLDEN=1 refreshes."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from penstock.render import find_template, shipped_templates
from tests.templates.examples import EXAMPLES, ROOT, Example, layer_for_this_machine, render_example, write_out

SHARED = ("_process.j2", "_http.j2", "_tls.j2", "mime.types.j2")


def test_five_templates_ship() -> None:
    """These five can be named in any project."""
    names = ["grpc", "load-balancer", "redirect", "reverse-proxy", "static-site"]
    assert [f"penstock:{name}" for name in names] == list(shipped_templates())


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_an_example_renders_to_what_it_shows(example: Example) -> None:
    """Every byte of every file is as in examples/CASE/expected."""
    files = {Path(path).relative_to(ROOT): text for path, text in render_example(example).files.items()}
    folder = example.folder / "expected"
    if os.environ.get("PENSTOCK_UPDATE_GOLDEN"):
        shutil.rmtree(folder, ignore_errors=True)
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(text)
    golden = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert sorted(golden) == sorted(files)
    for path, text in golden.items():
        assert text.decode() == files[path].decode(), path


@pytest.mark.nginx
@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_nginx_accepts_an_example(example: Example, tmp_path: Path) -> None:
    """`nginx -t` says yes, and warns of nothing."""
    root = tmp_path / "root"
    layer = layer_for_this_machine(example, tmp_path, http=18480, https=18443)
    write_out(render_example(example, layer, root=str(root)))
    command = ["nginx", "-t", "-p", str(root), "-c", str(root / "nginx.conf"), "-e", str(tmp_path / "early.log")]
    end = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert end.returncode == 0, end.stderr
    warnings = [line for line in end.stderr.splitlines() if "[warn]" in line]
    assert not [
        line for line in warnings if 'the "user" directive makes sense only' not in line
    ]  # who tests is not root


def test_the_templates_agree_on_what_they_share() -> None:
    """A template cannot reach outside its folder, so each has its own copy of these; they must not drift apart."""
    templates = [find_template(name, project=Path()) for name in shipped_templates()]
    for name in SHARED:
        assert len({template.sources[name] for template in templates}) == 1, name
    for name in ("process", "nginx_version"):
        assert len({str(template.schema["properties"][name]) for template in templates}) == 1, name  # type: ignore[index]


@pytest.mark.parametrize("name", shipped_templates())
def test_a_template_says_what_it_is_for(name: str) -> None:
    """Each has a title, a description and two examples: a small one and a full one."""
    template = find_template(name, project=Path())
    assert template.title
    assert template.description
    assert 2 <= len(template.examples)
    assert "minimal" in template.examples


def test_the_manual_names_every_template_and_filter() -> None:
    """templates/README.md lists what there is, and nothing else."""
    import re

    from penstock.render.sandbox import Sandbox, Sources
    from penstock.shipped import shipped

    manual = (shipped("templates") / "README.md").read_text()
    assert sorted(re.findall(r"^\| `(penstock:[a-z-]+)`", manual, re.MULTILINE)) == list(shipped_templates())
    listed = re.search(r"^\* Filters: (.*)\.$", manual, re.MULTILINE)
    assert listed
    sandbox = Sandbox(Sources({}, str, lambda *_: None))
    assert listed[1].split(", ") == sorted(sandbox.filters)
