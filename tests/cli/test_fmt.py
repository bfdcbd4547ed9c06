"""`penstock fmt`: which files it takes, what it says, how it ends, and what it leaves of a file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cli.running import PENSTOCK, penstock

UGLY = "events{}\nhttp{ include conf.d/*;  }\n"
FINE = "events {}\nhttp {\n    include conf.d/*;\n}\n"
BROKEN = "events {}\nhttp {\n  sendfile on\n}\n"
HOOKS = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"


def write(name: str, text: str) -> Path:
    """A file of the working folder."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return path


def test_files_are_formatted_in_place() -> None:
    """The count is on stderr; the second run changes nothing."""
    path = write("nginx.conf", UGLY)
    end = penstock("fmt", "nginx.conf")
    assert (end.code, end.stdout, end.stderr) == (0, "", "1 file formatted, 0 left as it was\n")
    assert path.read_text() == FINE
    stamp = path.stat().st_mtime_ns
    end = penstock("fmt", "nginx.conf")
    assert (end.code, end.stderr) == (0, "0 files formatted, 1 left as it was\n")
    assert path.stat().st_mtime_ns == stamp


def test_check_writes_nothing_and_is_1_where_a_file_would_change() -> None:
    """Each file that would change is a line on stdout."""
    path = write("nginx.conf", UGLY)
    end = penstock("fmt", "--check", "nginx.conf")
    assert (end.code, end.stdout) == (1, "would be formatted: nginx.conf\n")
    assert path.read_text() == UGLY
    write("nginx.conf", FINE)
    assert penstock("fmt", "--check", "nginx.conf").code == 0


def test_diff_writes_nothing() -> None:
    """It is a patch that `patch -p1` takes."""
    path = write("nginx.conf", UGLY)
    end = penstock("fmt", "--diff", "nginx.conf")
    assert end.code == 0
    assert end.stdout.startswith("--- a/nginx.conf\n+++ b/nginx.conf\n@@")
    assert path.read_text() == UGLY
    assert penstock("fmt", "--diff", "--check", "nginx.conf").code == 1
    subprocess.run(["git", "apply", "-"], input=end.stdout, text=True, check=True)
    assert path.read_text() == FINE


def test_what_cannot_be_read_is_left_alone_and_told() -> None:
    """The others are formatted all the same."""
    broken, fine = write("broken.conf", BROKEN), write("nginx.conf", UGLY)
    end = penstock("fmt", "broken.conf", "nginx.conf")
    assert end.code == 1
    assert end.stderr.startswith("broken.conf:3:14 left alone: ")
    assert end.stderr.endswith("1 file formatted, 0 left as they were, 1 not read\n")
    assert (broken.read_text(), fine.read_text()) == (BROKEN, FINE)


def test_a_byte_order_mark_is_kept_and_told() -> None:
    """nginx refuses it, so it is not ours to take the file for a good one."""
    path = write("nginx.conf", "\ufeff" + UGLY)
    end = penstock("fmt", "nginx.conf")
    assert end.code == 1
    assert "byte order mark" in end.stderr
    assert path.read_text() == "\ufeff" + UGLY


@pytest.mark.parametrize(
    ("before", "after"),
    [("a  b;\r\n\r\n#c", "a b;\r\n\r\n#c\r\n"), ("a  'caf\udce9';\n", "a 'caf\udce9';\n")],
    ids=["CRLF", "Latin-1"],
)
def test_bytes_are_kept(before: str, after: str) -> None:
    """Line ends and bytes that are not UTF-8, in place and through stdin."""
    path = write("a.conf", before)
    assert penstock("fmt", "a.conf").code == 0
    assert path.read_bytes() == after.encode("utf-8", "surrogateescape")
    end = subprocess.run(
        [*PENSTOCK, "fmt", "-"], input=before.encode("utf-8", "surrogateescape"), capture_output=True, check=False
    )
    assert (end.returncode, end.stdout) == (0, after.encode("utf-8", "surrogateescape"))


def test_stdin_that_cannot_be_read_gives_nothing() -> None:
    """An editor must not replace its text by half of it."""
    end = penstock("fmt", "-", stdin=BROKEN.encode())
    assert (end.code, end.stdout) == (1, "")
    assert end.stderr.startswith("<stdin>:3:14 left alone: ")


def test_stdin_stands_alone() -> None:
    """With a file beside it, stdout would be two things."""
    write("nginx.conf", UGLY)
    end = penstock("fmt", "-", "nginx.conf")
    assert end.code == 2
    assert end.stderr.startswith("error: - stands for stdin, which is formatted alone\n")


def test_a_folder_is_its_configurations_and_what_they_include() -> None:
    """Whatever the included files are called; what is hidden, and what lies elsewhere, is not touched."""
    write("etc/nginx.conf", "events{}\nhttp{ include mime.types; include ../other/shared; }\n")
    inside = write("etc/mime.types", "types{ a   b; }\n")
    elsewhere = write("other/shared", "gzip   on;\n")
    hidden = write("etc/.old/nginx.conf", UGLY)
    stray = write("etc/notes.txt", "a   b;\n")
    end = penstock("fmt", "etc")
    assert (end.code, end.stderr) == (0, "2 files formatted, 0 left as they were\n")
    assert inside.read_text() == "types {\n    a b;\n}\n"
    assert elsewhere.read_text() == "gzip   on;\n"
    assert hidden.read_text() == UGLY
    assert stray.read_text() == "a   b;\n"


def test_a_folder_without_configurations_is_2() -> None:
    """Nothing to do is most likely a wrong path."""
    Path("empty").mkdir()
    end = penstock("fmt", "empty")
    assert (end.code, end.stdout) == (2, "")
    assert "empty holds no *.conf and no *.nginx file" in end.stderr


def test_the_project_is_formatted_without_paths() -> None:
    """Its entries, and what they include in its folder."""
    main, app = write("nginx/nginx.conf", UGLY), write("nginx/conf.d/app", "server{}\n")
    assert penstock("fmt").code == 2
    write("penstock.toml", '[check]\nentries = ["nginx/nginx.conf"]\n')
    assert penstock("fmt").code == 0
    assert main.read_text() == FINE
    assert app.read_text() == "server {}\n"


def test_a_template_is_not_what_nginx_reads() -> None:
    """Its braces are another language's."""
    path = write("nginx.conf.j2", "a {{ b }};\n")
    end = penstock("fmt", "nginx.conf.j2")
    assert end.code == 2
    assert end.stderr.startswith("error: nginx.conf.j2 is a template")
    assert path.read_text() == "a {{ b }};\n"


def test_mode_owner_and_links_stay() -> None:
    """A link stays one, and leads to the formatted file; two names of a file are one file."""
    path = write("available/app.conf", "server{}\n")
    path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(path, 12345, 54321)
    owner = (path.stat().st_uid, path.stat().st_gid)
    link = Path("enabled/app.conf")
    link.parent.mkdir()
    link.symlink_to("../available/app.conf")
    end = penstock("fmt", "enabled/app.conf", "available/app.conf")
    assert end.stderr == "1 file formatted, 0 left as it was\n"
    assert link.readlink() == Path("../available/app.conf")
    assert path.read_text() == "server {}\n"
    now = path.stat()
    assert (now.st_mode & 0o7777, now.st_uid, now.st_gid) == (0o640, *owner)
    assert list(Path("available").iterdir()) == [path]


def test_the_indent_is_an_option() -> None:
    """Within reason."""
    path = write("nginx.conf", UGLY)
    assert penstock("fmt", "--indent", "2", "nginx.conf").code == 0
    assert path.read_text() == FINE.replace("    ", "  ")
    assert penstock("fmt", "--indent", "0", "nginx.conf").code == 2


def test_the_hook_calls_what_is_there() -> None:
    """The pre-commit hook's own words, on a file that it would be given."""
    (hook,) = [hook for hook in yaml.safe_load(HOOKS.read_text()) if hook["id"] == "penstock-fmt"]
    path = write("nginx.conf", UGLY)
    program, *words = hook["entry"].split()
    assert program == "penstock"
    end = subprocess.run([sys.executable, "-m", program, *words, "nginx.conf"], capture_output=True, check=False)
    assert end.returncode == 0
    assert path.read_text() == FINE
