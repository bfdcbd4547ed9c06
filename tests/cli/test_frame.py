"""The outermost frame: every way to end is a sentence and an exit code."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import penstock as package
from penstock.__main__ import run
from penstock.cli import COMMANDS, exit_codes
from penstock.errors import PenstockError
from penstock.model import EXIT_CODES
from penstock.shipped import shipped
from tests.cli.running import PENSTOCK, penstock, process


def test_the_version() -> None:
    """`--version` is one line on stdout."""
    end = penstock("--version")
    assert (end.code, end.stdout, end.stderr) == (0, f"penstock {package.__version__}\n", "")


def test_the_table_has_every_code() -> None:
    """Whatever an error or an outcome can end with stands in the table, and in the help."""
    table = {code for code, _, _ in exit_codes.MEANINGS}
    kinds = [PenstockError]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    assert {kind.exit_code for kind in kinds} | set(EXIT_CODES.values()) <= table
    shown = penstock("--help").stdout
    for code, meaning, _ in exit_codes.MEANINGS:
        assert re.search(rf"^ +{code}  {re.escape(meaning)}$", shown, re.MULTILINE)


def test_every_module_with_a_command_is_a_command() -> None:
    """A command that is half-added fails here."""
    folder = Path(package.__file__).parent / "cli"
    files = [path for path in folder.glob("*.py") if re.search(r"^def command\(", path.read_text(), re.MULTILINE)]
    groups = [path.parent for path in folder.glob("*/__init__.py") if "\ncommand = " in path.read_text()]
    assert sorted(COMMANDS) == sorted(path.stem for path in (*files, *groups))


MISUSE = {
    "no command": ([], "Usage: penstock"),
    "a command that is none": (["chek"], "No such command 'chek'. Did you mean 'check'?"),
    "an option that is none": (["check", "--fromat", "json"], "No such option '--fromat'."),
    "a value that is none": (["check", "--format", "xml"], "'xml' is not one of 'checkstyle', 'github'"),
    "only named files, and none named": (["check", "--named-files-only"], "would report nothing"),
    "a sub-command that is none": (["history", "lgo"], "No such command 'lgo'. Did you mean 'log'?"),
}


@pytest.mark.parametrize("case", MISUSE)
def test_misuse_is_2(case: str) -> None:
    """A usage error says what is wrong on stderr, and nothing on stdout."""
    arguments, message = MISUSE[case]
    end = penstock(*arguments)
    assert end.code == 2
    assert message in end.stderr
    assert end.stdout == ""


def test_a_broken_settings_file_is_2(tmp_path: Path) -> None:
    """The message names the file, the key and the nearest name."""
    (tmp_path / "penstock.toml").write_text("[chekc]\n")
    end = penstock("check")
    assert (end.code, end.stdout) == (2, "")
    assert end.stderr == f"error: {tmp_path}/penstock.toml: chekc is not a setting\n  Did you mean check?\n"


def test_a_working_folder_that_is_gone_is_2(tmp_path: Path) -> None:
    """No bug of ours, and said in so many words."""
    (tmp_path / "gone").mkdir()
    os.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    end = penstock("check")
    os.chdir(tmp_path)
    assert (end.code, end.stdout) == (2, "")
    assert "the working folder does not exist any more" in end.stderr


def test_a_bug_is_70_and_a_report(tmp_path: Path) -> None:
    """A broken installation is no user's fault: the report has the traceback, and neither a secret nor a config."""
    broken = tmp_path / "site" / "penstock"
    shutil.copytree(Path(package.__file__).parent, broken)
    (tmp_path / "rules").symlink_to(shipped("rules"))
    (broken / "formats" / "text.py").write_text(
        "def present(reports, about):\n"
        '    raise RuntimeError(f"{reports[0][0].files} s3cr3t-token at https://ada:pw@host/ Bearer abcdef")\n'
    )
    (tmp_path / "nginx.conf").write_text("events {}\n# PRIVATE-CONFIG\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PENSTOCK_TOKEN": "s3cr3t-token"}
    end = subprocess.run(
        [*PENSTOCK, "check", "nginx.conf"],
        capture_output=True,
        text=True,
        env={**environment, "TMPDIR": str(tmp_path)},
        check=False,
        timeout=60,
    )
    assert (end.returncode, end.stdout) == (70, "")
    found = re.fullmatch(r"error: a bug in Penstock \(RuntimeError\); the report is (.*)\n", end.stderr)
    assert found
    report = Path(found[1])
    assert report.stat().st_mode & 0o777 == 0o600
    text = report.read_text()
    assert f"penstock {package.__version__}, python {sys.version.split()[0]}" in text
    assert "command: penstock check\n" in text
    assert re.search(r"formats/text\.py\", line 2, in present", text)
    for secret in ("s3cr3t-token", "ada:pw", "abcdef", "PRIVATE-CONFIG"):
        assert secret not in text


def stopped_by(number: signal.Signals) -> subprocess.CompletedProcess[str]:
    """The end of a check that waits for its standard input and gets a signal instead."""
    child = subprocess.Popen(
        [*PENSTOCK, "check", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 20
    wait = Path(f"/proc/{child.pid}/wchan")
    while "pipe" not in wait.read_text() and time.monotonic() < deadline:
        time.sleep(0.01)
    child.send_signal(number)
    stdout, stderr = child.communicate(timeout=20)
    return subprocess.CompletedProcess([], child.returncode, stdout, stderr)


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_a_signal_says_what_was_left(number: signal.Signals, code: int, word: str) -> None:
    """Ctrl-C and SIGTERM end with their own codes, and with what became of the work."""
    end = stopped_by(number)
    assert (end.returncode, end.stdout) == (code, "")
    assert end.stderr.strip() == f"{word}\n  nothing was changed"


def test_a_reader_that_goes_away_is_no_bug(tmp_path: Path) -> None:
    """`penstock check | head -1` prints no traceback."""
    (tmp_path / "nginx.conf").write_text("events {}\nnonsense;\n")
    reading, writing = os.pipe()
    os.close(reading)
    end = subprocess.run([*PENSTOCK, "check", "nginx.conf"], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (end.returncode, end.stderr) == (141, b"")


def test_run_gives_the_code_back() -> None:
    """Other code of ours can run a command line without ending the process."""
    assert run(["--version"]) == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str) -> None:
    """The script is the shell's own, and asks this program."""
    end = penstock("completion", shell)
    assert end.code == 0
    assert f"_PENSTOCK_COMPLETE={shell}_complete" in end.stdout
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=end.stdout, text=True, check=True)


def test_completion_answers(tmp_path: Path) -> None:
    """The shell gets commands, and the project's own targets."""
    (tmp_path / "penstock.toml").write_text(
        '[configs.web]\npath = "nginx.conf"\n[targets.staging]\nconfig = "web"\ninstance = "a"\n'
    )
    for words, answer in (("penstock pub", "plain,publish\n"), ("penstock status st", "plain,staging\n")):
        asked = [("_PENSTOCK_COMPLETE", "bash_complete"), ("COMP_WORDS", words), ("COMP_CWORD", str(words.count(" ")))]
        assert process(environment=asked).stdout == answer
