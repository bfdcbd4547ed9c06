"""The checks of the house are tests: style, types, layers, doors."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "penstock"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))

# Which module may import which library. A new dependency gets a row here and a line in ARCHITECTURE.md.
DOORS: dict[str, set[str]] = {
    "alembic": {"manager"},
    "argon2": {"manager"},
    "click": {"cli", "__main__.py"},
    "crossplane": {"config"},
    "cryptography": {"manager"},
    "git": {"history"},
    "httpx2": {"client"},
    "jinja2": {"render"},
    "jsonschema": {"render"},
    "keyring": {"client"},
    "msgspec": {"api"},
    "rich": {"formats", "cli"},
    "sqlalchemy": {"manager"},
    "starlette": {"manager"},
    "swagger_ui": {"manager"},
    "truststore": {"client"},
    "uvicorn": {"manager"},
    "yaml": {"documents"},
}


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """The command's end, run at the top of the repository with this Python's own tools."""
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=600
    )


@pytest.mark.parametrize("command", [("ruff", "check", "."), ("ruff", "format", "--check", ".")], ids=" ".join)
def test_style(command: tuple[str, ...]) -> None:
    """The code is as ruff wants it."""
    end = run(*command)
    assert end.returncode == 0, end.stdout + end.stderr


def test_types() -> None:
    """`mypy --strict` finds nothing."""
    end = run("mypy")
    assert end.returncode == 0, end.stdout + end.stderr


def test_layers() -> None:
    """Imports go down only, rules do not know each other, and the client does not know the server."""
    end = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert end.returncode == 0, end.stdout + end.stderr
    assert "0 broken" in end.stdout


def imported(path: Path) -> set[str]:
    """The top-level names of the modules that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_each_library_has_one_door() -> None:
    """A third-party library is imported in its own part of the house and nowhere else."""
    strays = []
    for path in MODULES:
        part = path.relative_to(PACKAGE).parts[0]
        for library in imported(path) - sys.stdlib_module_names - {"penstock"}:
            if part not in DOORS.get(library, set()):
                strays.append(f"{path.relative_to(ROOT)} imports {library}")
    assert not strays


def test_every_dependency_has_a_door() -> None:
    """What pyproject.toml asks for is used, and stands in ARCHITECTURE.md."""
    used = set().union(*(imported(path) for path in MODULES))
    architecture = (ROOT / "ARCHITECTURE.md").read_text()
    for library in DOORS:
        assert library in used, f"{library} has a door that nobody uses"
        assert library in architecture, f"ARCHITECTURE.md does not say what {library} saves"


@pytest.mark.parametrize("word", ["print", "exit", "breakpoint"])
def test_only_the_command_line_prints_and_exits(word: str) -> None:
    """Below `cli`, nothing prints and nothing ends the process."""
    strays = []
    for path in MODULES:
        if path.relative_to(PACKAGE).parts[0] in {"cli", "__main__.py"}:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == word:
                strays.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not strays


def test_only_the_command_line_reads_the_environment() -> None:
    """os.environ stands nowhere below `cli`."""
    strays = [
        str(path.relative_to(ROOT))
        for path in MODULES
        if path.relative_to(PACKAGE).parts[0] not in {"cli", "__main__.py"}
        and re.search(r"\bos\.(environ|getenv)\b", path.read_text())
    ]
    assert not strays


def test_files_fit_in_the_head() -> None:
    """No module is longer than 400 lines."""
    long = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in MODULES}
    assert not {name: lines for name, lines in long.items() if 400 < lines}


def test_names_say_what_they_hold() -> None:
    """There is no drawer for everything."""
    drawers = {"helpers.py", "helper.py", "utils.py", "util.py", "common.py", "misc.py", "base.py"}
    assert not [str(path.relative_to(ROOT)) for path in MODULES if path.name in drawers]


def test_every_public_thing_has_a_docstring() -> None:
    """ruff's D1 is on for src; this keeps it from being switched off by a file."""
    assert not [str(path.relative_to(ROOT)) for path in MODULES if "noqa: D1" in path.read_text()]
