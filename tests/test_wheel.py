"""The wheel alone is a working Penstock: rules, templates and catalogue come out of it, and it is light."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MOST_PACKAGES = 30
MOST_BYTES = 40_000_000

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment that holds the wheel and what it needs, and nothing of this checkout."""
    work = tmp_path_factory.mktemp("wheel")
    _run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(work)], cwd=ROOT)
    (wheel,) = work.glob("*.whl")
    _run([sys.executable, "-m", "venv", str(work / "venv")], cwd=work)
    _run([str(work / "venv/bin/python"), "-m", "pip", "install", "-q", str(wheel)], cwd=work)
    return work / "venv"


def _run(words: list[str], *, cwd: Path, expect: int = 0) -> str:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_"))}
    end = subprocess.run(words, cwd=cwd, env=outside, capture_output=True, text=True, check=False, timeout=600)
    assert end.returncode == expect, f"{' '.join(words)} ended with {end.returncode}\n{end.stdout}\n{end.stderr}"
    return end.stdout


def test_it_checks_a_config_with_the_shipped_catalogue_and_rules(installed: Path, tmp_path: Path) -> None:
    """A misspelt directive is found, so the catalogue is there; an open listing too, so the policies are."""
    (tmp_path / "nginx.conf").write_text(
        "events {}\nhttp {\n  server_tokns off;\n  server { listen 80; location / { root /srv; autoindex on; } }\n}\n"
    )
    out = _run([str(installed / "bin/penstock"), "check", "nginx.conf"], cwd=tmp_path, expect=1)
    assert "nginx.conf:3:3" in out
    assert "directive/unknown" in out
    assert "security/autoindex" in out


def test_it_renders_a_shipped_template(installed: Path, tmp_path: Path) -> None:
    """`penstock:redirect` is found inside the package and its own example renders."""
    shipped = next(installed.glob("lib/python*/site-packages/penstock/_shipped/templates/redirect"))
    values = next(iter(sorted((shipped / "examples").iterdir()))) / "values.yaml"
    (tmp_path / "values").mkdir()
    (tmp_path / "values/base.yaml").write_bytes(values.read_bytes())
    (tmp_path / "penstock.toml").write_text(
        '[configs.edge]\ntemplate = "penstock:redirect"\nvalues = "values"\n'
        '[targets.edge]\nconfig = "edge"\ninstance = "edge-1"\nroot = "/etc/nginx"\n'
    )
    out = _run([str(installed / "bin/penstock"), "render", "edge"], cwd=tmp_path)
    assert "return 30" in out


def test_what_is_missing_is_said_with_the_command_that_installs_it(installed: Path, tmp_path: Path) -> None:
    """Without the manager extra, `penstock serve` says how to get it, and nothing else happens."""
    end = subprocess.run(
        [str(installed / "bin/penstock"), "serve"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert end.returncode == 2
    assert "pip install 'penstock[manager]'" in end.stderr


def test_its_environment_is_light(installed: Path) -> None:
    """Fewer than 30 packages and 40 MB, pip and its kin aside."""
    site = next(installed.glob("lib/python*/site-packages"))
    names = {path.name.split("-")[0].lower() for path in site.glob("*.dist-info")} - {"pip", "setuptools", "wheel"}
    size = sum(
        path.stat().st_size
        for path in site.rglob("*")
        if path.is_file()
        and path.relative_to(site).parts[0].split("-")[0] not in {"pip", "setuptools", "wheel"}
        and "__pycache__" not in path.parts
    )
    assert len(names) < MOST_PACKAGES, sorted(names)
    assert size < MOST_BYTES
