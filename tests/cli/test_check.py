"""`penstock check`: what it reads, what it prints where, and how it ends."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import penstock, process

GOOD = "events {}\nhttp {\n    server_tokens off;\n    server {\n        listen 8080;\n        return 404;\n    }\n}\n"
BROKEN = "events {}\nhttp {\n    server_tokens off;\n    server {\n        return 404\n    }\n}\n"


def write(name: str, text: str) -> Path:
    """A file of the working folder."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_clean_file_needs_no_project() -> None:
    """No result on stdout, and one line on stderr that says what was measured by what."""
    write("nginx.conf", GOOD)
    end = penstock("check", "nginx.conf")
    assert (end.code, end.stdout) == (0, "")
    assert re.fullmatch(r"No findings in 1 file \(nginx 1\.\d+\.\d+, \d+ rules\)\n", end.stderr)


def test_a_broken_file_is_1_and_shown_like_a_compilers() -> None:
    """The place, the rule and the source line are on stdout, the count on stderr."""
    write("nginx.conf", BROKEN)
    end = penstock("check", "nginx.conf")
    assert end.code == 1
    first, quoted, underline, *_ = end.stdout.splitlines()
    assert re.fullmatch(r"nginx\.conf:\d+:\d+ error syntax/[a-z-]+ .+", first)
    assert re.fullmatch(r"  \d+ \| .+", quoted)
    assert re.fullmatch(r"    \| +\^+", underline)
    assert re.fullmatch(r"\d errors?(, \d \w+)* in 1 file\n", end.stderr)


def test_json_is_all_on_stdout() -> None:
    """A program reads one object, and nothing else is printed."""
    write("nginx.conf", BROKEN)
    end = penstock("check", "nginx.conf", "--format", "json")
    assert (end.code, end.stderr) == (1, "")
    document = json.loads(end.stdout)
    assert document["version"] == 1
    assert document["files"] == ["nginx.conf"]
    assert document["summary"]["error"] == len([one for one in document["findings"] if one["severity"] == "error"]) > 0


def test_stdin() -> None:
    """`-` is standard input, which has a name in the report."""
    assert penstock("check", "-", stdin=GOOD.encode()).code == 0
    end = penstock("check", "-", stdin=BROKEN.encode())
    assert end.code == 1
    assert end.stdout.startswith("<stdin>:")


def test_without_a_project_and_without_files_there_is_nothing_to_check() -> None:
    """The error says both ways out."""
    end = penstock("check")
    assert (end.code, end.stdout) == (2, "")
    assert "penstock check /etc/nginx/nginx.conf" in end.stderr


def test_a_missing_file_is_2_with_its_neighbour() -> None:
    """A file that is not there is no clean file."""
    write("nginx.conf", GOOD)
    end = penstock("check", "ngnix.conf")
    assert (end.code, end.stdout) == (2, "")
    assert end.stderr == "error: there is no file ngnix.conf\n  Did you mean nginx.conf?\n"


def test_the_project_is_checked_without_paths() -> None:
    """Its entries and its configs, each once."""
    write("a/nginx.conf", GOOD)
    write("b/nginx.conf", BROKEN)
    write("penstock.toml", '[check]\nentries = ["a/nginx.conf", "b/nginx.conf"]\n[configs.b]\npath = "b/nginx.conf"\n')
    end = penstock("check", "--format", "json")
    assert end.code == 1
    assert json.loads(end.stdout)["files"] == ["a/nginx.conf", "b/nginx.conf"]


def test_a_fragment_is_checked_where_it_is_included() -> None:
    """A hook names the changed fragment; what is wrong around it is not its business with --named-files-only."""
    write(
        "nginx.conf", "events {}\nhttp {\n    server_tokens off;\n    include conf.d/*.conf;\n    nonsense_around;\n}\n"
    )
    write("conf.d/app.conf", "server {\n    listen 8080;\n    nonsense_inside;\n}\n")
    both = penstock("check", "conf.d/app.conf")
    assert both.code == 1
    assert "nonsense_around" in both.stdout
    assert "nonsense_inside" in both.stdout
    only = penstock("check", "--named-files-only", "conf.d/app.conf")
    assert only.code == 1
    assert "nonsense_around" not in only.stdout
    assert only.stdout.startswith("conf.d/app.conf:3:5 ")
    write("conf.d/app.conf", "server {\n    listen 8080;\n}\n")
    assert penstock("check", "--named-files-only", "conf.d/app.conf").code == 0


def test_a_fragment_of_nobody_stands_alone() -> None:
    """What is put around it is no finding of the user's."""
    write("peers.conf", "server 127.0.0.1:8080;\nnonsense_here;\n")
    end = penstock("check", "peers.conf", "--format", "json")
    assert end.code == 1
    assert {finding["path"] for finding in json.loads(end.stdout)["findings"]} == {"peers.conf"}


def test_a_mapping_finds_the_targets_files_here() -> None:
    """Includes that are absolute on the target are read from the repository."""
    write("nginx/nginx.conf", "events {}\nhttp {\n    include /etc/nginx/conf.d/*.conf;\n}\n")
    write("nginx/conf.d/app.conf", "server {\n    listen 8080;\n    nonsense_here;\n}\n")
    end = penstock("check", "nginx/nginx.conf", "--map", "/etc/nginx=nginx")
    assert end.code == 1
    assert "nginx/conf.d/app.conf:3:5" in end.stdout
    write("penstock.toml", '[check]\nentries = ["nginx/nginx.conf"]\n[check.map]\n"/etc/nginx" = "nginx"\n')
    assert "nginx/conf.d/app.conf:3:5" in penstock("check").stdout


FLAGS: dict[str, tuple[list[str], str]] = {
    "an unknown rule": (["--ignore", "suppresion"], "there is no rule or category 'suppresion'"),
    "an unknown profile": (["--profile", "strickt"], "there is no profile 'strickt'"),
    "an unknown release": (["--nginx-version", "9.9.9"], '"9.9.9" is not a release of nginx'),
    "a pair that is none": (["--map", "nginx"], "'nginx' is not TARGET=FOLDER"),
    "a settings file that is not there": (["--config", "gone.toml"], "gone.toml, named as the settings file,"),
}


@pytest.mark.parametrize("case", FLAGS)
def test_a_flag_that_names_nothing_is_2(case: str) -> None:
    """Nothing is checked by half of what was asked for."""
    arguments, message = FLAGS[case]
    write("nginx.conf", GOOD)
    end = penstock("check", "nginx.conf", *arguments)
    assert (end.code, end.stdout) == (2, "")
    assert message in end.stderr


def test_fail_on_decides_what_blocks() -> None:
    """The same findings end with 1 from the asked severity on, and with 0 below."""
    write("nginx.conf", GOOD.replace("return 404;", "return 404; # penstock: ignore[suppression/invalid] because"))
    codes = {level: penstock("check", "nginx.conf", "--fail-on", level).code for level in ("info", "warning", "error")}
    found = json.loads(penstock("check", "nginx.conf", "--format", "json").stdout)["summary"]
    assert codes["info"] == bool(found["info"] + found["warning"] + found["error"])
    assert codes["warning"] == bool(found["warning"] + found["error"])
    assert codes["error"] == bool(found["error"])


def test_colours_are_for_terminals() -> None:
    """A pipe gets none; FORCE_COLOR asks for them, and NO_COLOR wins."""
    write("nginx.conf", BROKEN)
    plain = [("NO_COLOR", ""), ("FORCE_COLOR", ""), ("TERM", "xterm")]
    assert "\x1b" not in process("check", "nginx.conf", environment=plain).stdout
    forced = [("NO_COLOR", ""), ("FORCE_COLOR", "1"), ("TERM", "dumb")]
    assert "\x1b[1;31merror" in process("check", "nginx.conf", environment=forced).stdout
    assert "\x1b" not in process("check", "nginx.conf", environment=[*forced, ("NO_COLOR", "1")]).stdout


HEAVY = {
    "asyncio",
    "git",
    "httpx2",
    "jinja2",
    "jsonschema",
    "msgspec",
    "rich",
    "socket",
    "sqlalchemy",
    "ssl",
    "starlette",
}


@pytest.mark.parametrize("words", [["check", "nginx.conf"], ["check"], ["--version"]], ids=" ".join)
def test_a_check_imports_nothing_heavy(words: list[str]) -> None:
    """A commit hook pays for no git, no network, no server and no template; a project without templates neither."""
    write("nginx.conf", GOOD)
    write("penstock.toml", '[check]\nentries = ["nginx.conf"]\n')
    program = (
        "import sys; from penstock.__main__ import run; code = run(sys.argv[1:]);"
        f"print(code, sorted(set({sorted(HEAVY)}) & set(sys.modules)), sep='\\n')"
    )
    end = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=True, timeout=60
    )
    assert end.stdout.splitlines()[-2:] == ["0", "[]"]
