"""The README tells the truth: its commands run, and everything that is there is named in it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from penstock.cli import command, exit_codes
from penstock.formats import FORMATS
from penstock.ports import Probe
from penstock.settings import Auth, CheckSettings, ConfigSettings, ManagerSettings, TargetSettings

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
FILE = re.compile(r"<!-- file: (?P<name>\S+) -->\n```\w+\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
CONSOLE = re.compile(r"^```console\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Console:
    """One block of commands with what they print, as it stands in the README."""

    start: int
    end: int
    commands: tuple[str, ...]
    text: str


def consoles(text: str) -> list[Console]:
    """The blocks in their order."""
    return [
        Console(
            found.start("text"), found.end("text"), tuple(re.findall(r"^\$ (.*)$", found["text"], re.M)), found["text"]
        )
        for found in CONSOLE.finditer(text)
    ]


def run_block(block: Console, cwd: Path) -> str:
    """The block as it should stand: each command, what it prints on stdout and stderr, and its exit code if not 0."""
    out = []
    for line in block.commands:
        words = [sys.executable, "-m", *shlex.split(line)]
        end = subprocess.run(
            words,
            cwd=cwd,
            env={**os.environ, "COLUMNS": "100"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        out.append(f"$ {line}\n{end.stdout.rstrip()}\n" + (f"(exit code {end.returncode})\n" if end.returncode else ""))
    return "".join(out)


def test_the_tour_prints_what_it_says(tmp_path: Path) -> None:
    """Every file of the tour is written, every command run; the outputs are the README's.

    `PENSTOCK_UPDATE_GOLDEN=1` writes them into it.
    """
    text = README.read_text()
    for found in FILE.finditer(text):
        path = tmp_path / found["name"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found["text"])
    blocks = consoles(text)
    assert blocks
    printed = [run_block(block, tmp_path) for block in blocks]
    if os.environ.get("PENSTOCK_UPDATE_GOLDEN"):
        for block, new in reversed(list(zip(blocks, printed, strict=True))):
            text = text[: block.start] + new + text[block.end :]
        README.write_text(text)
        return
    assert [block.text for block in blocks] == printed


def test_every_command_is_in_the_manual() -> None:
    """No command is left out of the README."""
    text = README.read_text()
    with click.Context(command) as context:
        names = command.list_commands(context)
    assert names
    assert not [name for name in names if f"`penstock {name}" not in text]


def test_every_format_is_in_the_manual() -> None:
    """The table of formats has a row for each, and no other."""
    table = README.read_text().split("### Formats of findings")[1].split("### Exit codes")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", table, re.M)) == list(FORMATS)


@pytest.mark.parametrize("row", exit_codes.MEANINGS, ids=lambda row: str(row[0]))
def test_every_exit_code_is_in_the_manual(row: tuple[int, str, str]) -> None:
    """The README's table is the program's."""
    code, meaning, advice = row
    lines = [line.replace("`", "") for line in README.read_text().splitlines()]
    assert f"| {code} | {meaning} | {advice} |".replace("|  |", "| |") in lines


@pytest.mark.parametrize(
    "table",
    [CheckSettings, ConfigSettings, TargetSettings, Auth, Probe, ManagerSettings],
    ids=lambda table: table.__name__,
)
def test_every_setting_is_in_the_manual(table: type[NamedTuple]) -> None:
    """Each key that penstock.toml may have stands in the README's example."""
    example = README.read_text().split("### penstock.toml")[1].split("### Credentials")[0]
    keys = {"map" if field == "mapping" else field for field in table._fields} - {"name"}
    assert not sorted(key for key in keys if not re.search(rf"\b{key}\b", example))


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "templates/README.md"])
def test_links_lead_somewhere(name: str) -> None:
    """A relative link names a file that is there."""
    page = ROOT / name
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)\)", page.read_text())
    assert not [link for link in links if not (page.parent / link).exists()]
