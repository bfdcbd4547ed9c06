"""The pipelines in examples/ci: YAML that parses, commands that exist, and an answer to every exit code."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from penstock.cli import command as penstock
from penstock.cli.exit_codes import MEANINGS

FOLDER = Path(__file__).parents[1] / "examples" / "ci"
PIPELINES = ("github.yml", "gitlab.yml")


def scripts(node: Any) -> list[str]:
    """Every shell script in a pipeline: what stands under run, script, before_script and after_script."""
    if isinstance(node, list):
        return [script for item in node for script in scripts(item)]
    if not isinstance(node, dict):
        return []
    found: list[str] = []
    for key, value in node.items():
        if key in {"run", "script", "before_script", "after_script"}:
            found += [value] if isinstance(value, str) else value
        else:
            found += scripts(value)
    return found


def shell_of(name: str) -> list[str]:
    text = (FOLDER / name).read_text()
    return scripts(yaml.safe_load(text)) if name.endswith(".yml") else [text]


def penstock_lines() -> list[tuple[str, tuple[str, ...]]]:
    """(file, arguments) of every call of penstock, without what the shell does with its output."""
    found = []
    for name in (*PIPELINES, "publish.sh"):
        for script in shell_of(name):
            for match in re.finditer(r"^\s*penstock (.+?)(?: >.*| \|\|.*)?$", script, re.MULTILINE):
                found.append((name, tuple(shlex.split(match[1]))))
    return found


@pytest.mark.parametrize("name", PIPELINES)
def test_a_pipeline_is_yaml_with_a_lint_a_plan_and_a_publish_stage(name: str) -> None:
    parsed = yaml.safe_load((FOLDER / name).read_text())
    jobs = parsed.get("jobs", parsed)
    assert {"lint", "plan", "publish"} <= set(jobs)
    texts = {job: "\n".join(scripts(jobs[job])) for job in ("lint", "plan", "publish")}
    assert "penstock check" in texts["lint"]
    assert "penstock plan" in texts["plan"]
    assert "ci/publish.sh" in texts["publish"]


def test_there_are_commands_to_check() -> None:
    calls = {(name, arguments[0]) for name, arguments in penstock_lines()}
    assert {(name, verb) for name in PIPELINES for verb in ("check", "plan", "status")} <= calls
    assert {("publish.sh", "plan"), ("publish.sh", "publish")} <= calls


@pytest.mark.parametrize(("name", "arguments"), penstock_lines())
def test_every_penstock_command_line_is_one_that_penstock_takes(name: str, arguments: tuple[str, ...]) -> None:
    context = click.Context(penstock, info_name="penstock")
    verb = penstock.get_command(context, arguments[0])
    assert verb is not None, f"{name}: there is no command {arguments[0]}"
    with verb.make_context(arguments[0], list(arguments[1:]), parent=context):
        pass  # making it has parsed the arguments; nothing has run


@pytest.mark.parametrize("name", [*PIPELINES, "publish.sh"])
def test_every_script_is_shell(name: str) -> None:
    for script in shell_of(name):
        done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
        assert done.returncode == 0, f"{script}\n{done.stderr}"


@pytest.mark.parametrize("name", PIPELINES)
def test_nothing_is_taken_by_a_moving_name(name: str) -> None:
    """Actions and images are named by a full version, never by a branch or `latest`."""
    text = (FOLDER / name).read_text()
    for action in re.findall(r"uses: (\S+)", text):
        assert re.fullmatch(r"[\w./-]+@v\d+\.\d+\.\d+", action)
    for image in re.findall(r"image: (\S+)", text):
        assert re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+[\w.-]*", image)
    assert re.search(r"PENSTOCK: penstock==\d+\.\d+\.\d+", text)


@pytest.mark.parametrize("name", PIPELINES)
def test_no_word_from_outside_is_pasted_into_a_script(name: str) -> None:
    """A branch or a tag may be named like a command: `${{ }}` in a script would run it."""
    assert [script for script in shell_of(name) if "${{" in script] == []


def ended(tmp_path: Path, *codes: int) -> tuple[int, list[str], str]:
    """(exit status, calls, what was said) of publish.sh where what it calls as penstock ends with these codes in turn.

    The codes of a publish that went wrong are made by the tests of publish itself, on real nginx; the question here is
    what the script does about each.
    """
    shutil.copy(FOLDER / "publish.sh", tmp_path)
    program = tmp_path / "bin" / "penstock"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/bash\necho "$@" >> calls\n[ "$1" = plan ] && touch production.plan.json\n'
        'code=$(head -n 1 codes)\nsed -i 1d codes\nexit "$code"\n'
    )
    program.chmod(0o755)
    page = tmp_path / "page"
    page.write_text('#!/bin/bash\necho "PAGED $1" >&2\n')
    page.chmod(0o755)
    (tmp_path / "codes").write_text("".join(f"{code}\n" for code in codes))
    done = subprocess.run(
        ["./publish.sh", "production", "Release 1"],
        cwd=tmp_path,
        env={"PATH": f"{program.parent}:/usr/bin:/bin", "RETRY_DELAY": "0", "PAGE": str(page)},
        capture_output=True,
        text=True,
        check=False,
    )
    calls = [line.split()[0] for line in (tmp_path / "calls").read_text().splitlines()]
    return done.returncode, calls, done.stderr


@pytest.mark.parametrize(
    ("codes", "status", "calls", "sentence"),
    [
        ((0, 0), 0, "plan publish", "production is done"),
        ((1,), 1, "plan", "Refused"),
        ((2,), 2, "plan", "Nothing was attempted"),
        ((3,), 3, "plan", "There are changes"),
        ((0, 4, 0, 0), 0, "plan publish plan publish", "planning again"),
        ((0, 5, 0), 0, "plan publish publish", "does not answer"),
        ((0, 5, 5, 5, 5), 5, "plan publish publish publish publish", "Gave up"),
        ((0, 6), 6, "plan publish", "the fleet is safe"),
        ((0, 7), 7, "plan publish", "PAGED production: some instances run the new version"),
        ((0, 8), 8, "plan publish", "PAGED production: it cannot be said what runs"),
        ((0, 70), 70, "plan publish", "penstock status production"),
    ],
)
def test_each_exit_code_has_its_answer(
    tmp_path: Path, codes: tuple[int, ...], status: int, calls: str, sentence: str
) -> None:
    was, called, said = ended(tmp_path, *codes)
    assert was == status
    assert called == calls.split()
    assert sentence in said


def test_no_exit_code_of_a_publish_is_forgotten() -> None:
    """The table in the code and the cases in the script name the same codes, up to what only an accident gives."""
    cases = {int(code) for code in re.findall(r"^        (\d+)\)", (FOLDER / "publish.sh").read_text(), re.MULTILINE)}
    assert cases == {code for code, _, _ in MEANINGS if code < 70}
