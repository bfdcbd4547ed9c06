"""The tokenizer refuses what the real nginx refuses, on the same line, and reads what it reads."""

from __future__ import annotations

import os
import random
import re
import subprocess
from pathlib import Path

import pytest

from penstock.config import load_path, parse

pytestmark = pytest.mark.nginx

NGINX = "/usr/sbin/nginx"
SYNTAX = re.compile(r"\[emerg\] .*?(unexpected|too long parameter).* in \S+:(\d+)$", re.MULTILINE)
HARMLESS = {
    "syntax/invalid-whitespace",
    "syntax/odd-whitespace",
    "syntax/lone-cr",
    "syntax/invalid-encoding",
    "syntax/nul-byte",
}  # nginx is silent

# `env` takes any one word in the main context: what follows is about words alone.
CASES = [
    b"env a;",
    b"env a}b;",
    b"env 'a'b;",
    b'env "a""b";',
    b"env 'a'#c\n;",
    b"env 'a' # c\n;",
    b"env 'a'\r;",
    b"env 'a\\'b';",
    b"env a;;",
    b";",
    b"{}",
    b"}",
    b"\n\n}\n",
    b"env a",
    b"env a\n\n",
    b"env a\\",
    b"env 'a",
    b"env 'a\n\n",
    b"env $",
    b"env ${;",
    b"env ${a};",
    b"env $${a;",
    b"env $\\{a;",
    b"env a\\;b;",
    b"env a\\\n;",
    b"env \\ ;",
    b"env (a);",
    b"env a#b;",
    b"env a # c\n;",
    b"'env' a;",
    b"env\ta\r\n;",
    b"env a\x00;",
    b"env a\x0bb;",
    b"env a\xc2\xa0b;",
    b"env '\xff';",
    b"# x\renv a b c;\n",
    b"env a;}",
    b"http {",
    b"http {\n\n",
    b"http {\n\n}\n}\n",
    b"http {\n root a }\n",
    b"env a b }",
    b"env " + b"x" * 4095 + b";",
    b"env " + b"x" * 4096 + b";",
    b"env " + "é".encode() * 2048 + b";",
    b"env '" + b"x" * 4094 + b"';",
    b"env '" + b"x" * 4095 + b"';",
    b"#" + b"x" * 4094 + b"\nenv a;",
    b"#" + b"x" * 4095 + b"\nenv a;",
    b"env a #" + b"x" * 5000 + b"\n;",
    b"#" + b"x" * 9000,
    b" " * 5000 + b"env a;",
    b"'env'" + b" " * 5000 + b"a;",
]


def nginx_says(path: Path) -> tuple[bool, int]:
    """Whether nginx's tokenizer takes the file, and the line where it stops."""
    command = [NGINX, "-t", "-p", str(path.parent), "-c", str(path), "-g", "pid nginx.pid; error_log stderr;"]
    end = subprocess.run(command, capture_output=True, check=False, timeout=60)
    found = SYNTAX.search(end.stderr.decode("utf-8", "replace"))
    return found is None, int(found[2]) if found else 0


def we_say(path: Path) -> tuple[bool, set[int]]:
    """Whether our tokenizer takes the file, and the lines that belong to its first problem."""
    problems = [problem for problem in parse(load_path(path)).problems if problem.kind not in HARMLESS]
    lines = {problem.span.line for problem in problems}
    for problem in problems:  # where nginx stumbles over it is told, too
        lines.update(int(number) for number in re.findall(r"line (\d+)", problem.hint))
        if problem.kind == "syntax/missing-semicolon":
            lines.add(1 + path.read_bytes().count(b"\n") if "file ends" in problem.message else problem.span.line + 1)
    return not problems, lines


@pytest.mark.parametrize("text", CASES, ids=[repr(case[:24]) + f" {len(case)}" for case in CASES])
def test_words(text: bytes, tmp_path: Path) -> None:
    """nginx takes it when we do; when it does not, its line is one that we name."""
    path = tmp_path / "nginx.conf"
    path.write_bytes(b"events {}\n" + text)
    takes, line = nginx_says(path)
    we_take, lines = we_say(path)
    assert we_take == takes
    assert takes or line in lines


def test_random_words(tmp_path: Path) -> None:
    """On random statements out of the signs that matter, both take and refuse the same."""
    choice = random.Random(22)
    path = tmp_path / "nginx.conf"
    apart = []
    for _ in range(150):
        text = "".join(
            choice.choices("ab; {}\"'\\#$\n", weights=[6, 3, 4, 4, 1, 1, 1, 1, 1, 1, 1, 2], k=choice.randint(1, 12))
        )
        path.write_text(f"events {{}}\nenv {text};\n")
        takes, _ = nginx_says(path)
        if parse_stops_later(path):
            continue
        if we_say(path)[0] != takes:
            apart.append(text)
    assert not apart


def parse_stops_later(path: Path) -> bool:
    """Whether nginx would stop at a name or a count of arguments before it has read to the end."""
    directives = parse(load_path(path)).directives[1:]
    return any(d.name != "env" or len(d.args) != 1 or d.block is not None for d in directives)


def test_a_nul_hides_a_value(tmp_path: Path) -> None:
    """nginx takes `on<NUL>x` for `on`: a rule would read another value, so a NUL is a problem."""
    path = tmp_path / "nginx.conf"
    path.write_bytes(b"events {}\nhttp { autoindex on\0x; }\n")
    assert nginx_says(path) == (True, 0)
    command = [NGINX, "-t", "-q", "-p", str(tmp_path), "-c", str(path), "-g", "pid nginx.pid; error_log stderr;"]
    assert subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0
    assert [problem.kind for problem in parse(load_path(path)).problems] == ["syntax/nul-byte"]


def test_bom(tmp_path: Path) -> None:
    """nginx takes a byte order mark for a part of the first name; so it refuses, and we say why."""
    path = tmp_path / "nginx.conf"
    path.write_bytes(b"\xef\xbb\xbfevents {}\n")
    command = [NGINX, "-t", "-p", str(tmp_path), "-c", str(path), "-g", "pid nginx.pid; error_log stderr;"]
    end = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert 'unknown directive "\ufeffevents"' in end.stderr
    assert [problem.kind for problem in parse(load_path(path)).problems] == ["syntax/bom"]


def test_includes_come_in_nginxs_order(tmp_path: Path) -> None:
    """`nginx -T` names the files that it read, in order: the same that we load."""
    names = ["B.conf", "a.conf", "_.conf", "10.conf", "9.conf", ".hidden.conf", "é.conf", "a-b.conf", "x.txt", "[.conf"]
    for folder in ("d", "e"):
        (tmp_path / folder).mkdir()
        for name in names:
            (tmp_path / folder / name).write_text(f"# {name}\n")
    patterns = [
        *("d/*.conf", "d/?.conf", "d/??.conf", "e/[^a]*.conf", "e/[!0-9]*.con[f]", "*/[a-b].conf", "e/.*.conf"),
        *("d/[[].conf", "none/*", "*/a.conf", "*/none.conf", "*/*/a.conf", r"d/\a*.conf", r"d/\**.conf", "d/[a.conf*"),
        *("d/*[", "d/[z-a]*.conf", "d/[]a].conf", "d/[^]a]*.conf", "d/[a-]*.conf", "[d]/a.conf"),
        *(
            "./d/../d//[0-9]*.conf",
            "d/[[:digit:]]*.conf",
            r"d/[\[]*",
            r"d/[\]a].conf",
            "d/[![:alpha:]_]*.conf",
            "d/[a-b]-[b].conf",
            "d/[!z-a].conf",
            "d/[[:no:]]*",
        ),
    ]
    main = tmp_path / "nginx.conf"
    for pattern in patterns:
        main.write_text(f"events {{}}\ninclude {pattern};\n")
        command = [NGINX, "-T", "-p", str(tmp_path), "-c", str(main), "-g", "pid nginx.pid; error_log stderr;"]
        end = subprocess.run(command, capture_output=True, check=False, timeout=60)
        said = re.findall(r"^# configuration file (.*):$", end.stdout.decode(), re.MULTILINE)
        assert list(load_path(main).files) == [os.path.normpath(path) for path in said], pattern


@pytest.mark.parametrize(
    "block",
    ["map $uri $b", "types", "geo $b", "split_clients $uri $b", "charset_map koi8-r utf-8", "server", "upstream u"],
)
@pytest.mark.parametrize("pattern", ["in.conf", "in.*"])
def test_blocks_in_which_include_reads_a_file(block: str, pattern: str, tmp_path: Path) -> None:
    """Also in blocks of data, `include` reads what nginx reads, and `geo` knows no patterns."""
    main = tmp_path / "nginx.conf"
    main.write_text(f"events {{}}\nhttp {{ {block} {{ include {pattern}; }} }}\n")
    (tmp_path / "in.conf").write_text("a }\n")  # nginx stops in the file, if it reads it
    command = [NGINX, "-t", "-p", str(tmp_path), "-c", str(main), "-g", "pid nginx.pid; error_log stderr;"]
    end = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    config = parse(load_path(main))
    kinds = {problem.kind for problem in config.problems}
    assert (f"{tmp_path}/in.conf:1" in end.stderr) == any(directive.name == "a" for directive in config.walk())
    assert (f'open() "{tmp_path}/{pattern}" failed' in end.stderr) == ("include/not-found" in kinds)


def test_debians_configuration_is_sound() -> None:
    """The configuration that Debian ships parses without a problem, and its files are those that nginx reads."""
    files = load_path(Path("/etc/nginx/nginx.conf"))
    assert parse(files).problems == ()
    end = subprocess.run([NGINX, "-T"], capture_output=True, text=True, check=False, timeout=60)
    assert list(files.files) == re.findall(r"^# configuration file (.*):$", end.stdout, re.MULTILINE)
