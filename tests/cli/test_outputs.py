"""Where findings go: the default format, files beside stdout, and the same from Python."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import penstock as library
from penstock.errors import UsageError
from tests.cli.running import penstock

if TYPE_CHECKING:
    from pathlib import Path

BAD = "events {}\nhttp { server { listen 80; proxy_pas x; } }\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    (tmp_path / "nginx.conf").write_text(BAD)
    return tmp_path


def test_several_formats_at_once(folder: Path) -> None:
    (folder / "found.xml").write_text("an old report")
    words = (
        "--output-file",
        "sarif=found.sarif",
        "--output-file",
        "junit=found.xml",
        "--output-file",
        "text=found.txt",
    )
    end = penstock("check", "nginx.conf", *words)
    assert end.code == 1
    assert end.stdout.startswith("nginx.conf:2:")
    assert json.loads((folder / "found.sarif").read_text())["version"] == "2.1.0"
    assert (folder / "found.xml").read_text().startswith("<?xml")
    assert (folder / "found.txt").read_text() == end.stdout + end.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["found.sarif", "found.txt", "found.xml", "nginx.conf"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["sarif"], "'sarif' is not FORMAT=PATH"),
        (["xml=a"], "'xml' is no format; there are checkstyle,"),
        (["json=gone/a"], "there is no folder"),
        (["json=a", "--diff"], "nothing for --output-file to write"),
    ],
)
def test_an_output_that_cannot_be_is_2_before_anything_is_read(words: list[str], sentence: str) -> None:
    end = penstock("check", "gone.conf", "--output-file", *words)
    assert (end.code, end.stdout) == (2, "")
    assert sentence in end.stderr


def test_a_folder_in_the_place_of_the_file_is_2_and_leaves_no_draft(folder: Path) -> None:
    (folder / "taken").mkdir()
    end = penstock("check", "nginx.conf", "--output-file", "json=taken")
    assert end.code == 2
    assert "taken cannot be written" in end.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["nginx.conf", "taken"]


@pytest.mark.parametrize(
    ("words", "variable", "start"),
    [([], "", "::error file=nginx.conf"), (["--format", "text"], "", "nginx.conf:2:"), ([], "text", "nginx.conf:2:")],
)
def test_github_actions_get_annotations_unless_a_format_is_given(
    words: list[str], variable: str, start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    if variable:
        monkeypatch.setenv("PENSTOCK_FORMAT", variable)
    assert penstock("check", "nginx.conf", *words).stdout.startswith(start)


def test_json_says_what_nginx_refuses() -> None:
    found = json.loads(penstock("check", "nginx.conf", "--format", "json").stdout)["findings"]
    (unknown,) = [row for row in found if row["rule"] == "directive/unknown"]
    assert (unknown["nginx_refuses"], unknown["confidence"]) == (True, "high")


def test_the_same_from_python() -> None:
    report = library.check("nginx.conf", nginx_version="1.24.0")
    assert "directive/unknown" in {verdict.rule for verdict in report.blocking}
    for wrong in ({"nginx_version": "0.0.1"}, {"profile": "lenient"}):
        with pytest.raises(UsageError):
            library.check("nginx.conf", **wrong)


def test_importing_penstock_imports_nothing_of_it() -> None:
    code = "import sys, penstock; print([name for name in sys.modules if name.startswith('penstock.')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
