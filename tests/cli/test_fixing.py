"""`penstock check --fix`: what is written, what is not, what is said, and how it ends."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.running import penstock

MAIN = "events {}\nhttp {\n    server_tokens off;\n    include conf.d/*.conf;\n}\n"
OPEN = "server {\n    listen 8080;\n    location /i { # location /i {\n        alias /srv/i/;\n    }\n}\n"
SHUT = OPEN.replace("location /i { #", "location /i/ { #")
TWICE = "server {\n    listen 8080;\n    location /i/ {}\n    location /i { alias /srv/i/; }\n}\n"


def write(name: str, text: str) -> Path:
    """A file of the working folder."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return path


def project(app: str = OPEN) -> Path:
    """A main file that includes one other; gives that one."""
    write("nginx.conf", MAIN)
    return write("conf.d/app.conf", app)


def test_an_included_file_is_fixed() -> None:
    """The edit is at the place of the finding, and not where the same text stands elsewhere."""
    app = project()
    assert penstock("check", "nginx.conf").code == 1
    end = penstock("check", "--fix", "nginx.conf")
    assert (end.code, end.stdout) == (0, "")
    assert end.stderr.startswith("1 finding fixed in 1 file\nNo findings in 2 files ")
    assert app.read_text() == SHUT
    assert Path("nginx.conf").read_text() == MAIN
    end = penstock("check", "--fix", "nginx.conf")
    assert end.stderr.startswith("0 findings fixed in 0 files\n")


def test_the_diff_writes_nothing_and_applies() -> None:
    """stdout is a patch and nothing else; the exit code is of what would remain."""
    app = project()
    end = penstock("check", "--diff", "nginx.conf")
    assert end.code == 0
    assert end.stdout.startswith("--- a/conf.d/app.conf\n+++ b/conf.d/app.conf\n")
    assert end.stderr.startswith("1 finding would be fixed in 1 file\nAfter that: No findings in 2 files ")
    assert app.read_text() == OPEN
    subprocess.run(["git", "apply", "-"], input=end.stdout, text=True, check=True)
    assert app.read_text() == SHUT


def test_what_remains_is_reported_and_is_1() -> None:
    """A fix that would bring an error is not made, and it is said why."""
    app = project(TWICE)
    end = penstock("check", "--fix", "nginx.conf")
    assert end.code == 1
    assert end.stdout.startswith("conf.d/app.conf:4:5 error security/alias-traversal ")
    assert end.stderr.startswith(
        "conf.d/app.conf:4 not fixed: it would bring a finding of location/duplicate "
        "(location `/i/` stands twice) [security/alias-traversal]\n0 findings fixed in 0 files\n"
    )
    assert app.read_text() == TWICE
    assert penstock("check", "--diff", "nginx.conf").code == 1


@pytest.mark.parametrize(
    "text", [OPEN.replace("\n", "\r\n"), OPEN.replace("/srv", "/caf\udce9")], ids=["CRLF", "Latin-1"]
)
def test_other_bytes_stay(text: str) -> None:
    """All but the edit is as it was."""
    app = project(text)
    penstock("check", "--fix", "nginx.conf")
    assert app.read_bytes() == text.replace("/i { #", "/i/ { #").encode("utf-8", "surrogateescape")


def test_a_file_that_two_configurations_include_is_fixed_once() -> None:
    """And only when it is right for both."""
    app = project()
    write("other.conf", MAIN)
    end = penstock("check", "--fix", "nginx.conf", "other.conf")
    assert end.code == 0
    assert end.stderr.startswith("1 finding fixed in 1 file\n")
    assert app.read_text() == SHUT
    app.write_text(OPEN)
    write("other.conf", MAIN.replace("include", "server { listen 8080; location /i/ {} include extra; }\n    include"))
    write("extra", "include loc;\n")
    write("nginx.conf", "events {}\nhttp { server_tokens off; server { listen 8080; include loc; } }\n")
    loc = write("loc", "location /i { alias /srv/i/; }\n")
    end = penstock("check", "--fix", "--named-files-only", "nginx.conf", "other.conf", "loc")
    assert end.code == 1
    assert "loc:1 not fixed: it would bring a finding of location/duplicate" in end.stderr
    assert loc.read_text() == "location /i { alias /srv/i/; }\n"


def test_only_named_files_are_fixed_when_only_they_are_meant() -> None:
    """What stands elsewhere is neither reported nor changed."""
    app = project()
    other = write("conf.d/other.conf", OPEN.replace("8080", "8081"))
    end = penstock("check", "--fix", "--named-files-only", "conf.d/app.conf")
    assert end.code == 0
    assert end.stderr.startswith("1 finding fixed in 1 file\n")
    assert app.read_text() == SHUT
    assert "location /i {" in other.read_text()


def test_a_fragment_of_nobody_is_fixed() -> None:
    """What is put around it is not written anywhere."""
    app = write("app.conf", OPEN)
    assert penstock("check", "--fix", "app.conf").code == 0
    assert app.read_text() == SHUT
    assert list(Path().iterdir()) == [app]


def test_files_outside_of_the_folder_are_not_changed() -> None:
    """Neither by name nor through a link; both are told."""
    outside = write("shared/app.conf", OPEN)
    write("etc/nginx.conf", "events {}\nhttp { server_tokens off; include ../shared/app.conf; }\n")
    end = penstock("check", "--fix", "etc/nginx.conf")
    assert end.code == 1
    assert "shared/app.conf:3 not fixed: it lies outside of " in end.stderr
    write("etc/nginx.conf", "events {}\nhttp { server_tokens off; include app.conf; }\n")
    Path("etc/app.conf").symlink_to("../shared/app.conf")
    end = penstock("check", "--fix", "etc/nginx.conf")
    assert end.code == 1
    assert "etc/app.conf:3 not fixed: it is a link that leads out of the configuration's folder" in end.stderr
    assert outside.read_text() == OPEN


def test_links_inside_the_folder_are_written_through() -> None:
    """As Debian's sites-enabled."""
    write("nginx.conf", MAIN.replace("conf.d/*.conf", "enabled/*"))
    app = write("available/app", OPEN)
    Path("enabled").mkdir()
    link = Path("enabled/app")
    link.symlink_to("../available/app")
    assert penstock("check", "--fix", "nginx.conf").code == 0
    assert link.is_symlink()
    assert app.read_text() == SHUT


def test_a_mapped_file_is_fixed_here() -> None:
    """The target's name is not this disk's."""
    write("nginx/nginx.conf", MAIN.replace("conf.d", "/etc/nginx/conf.d"))
    app = write("nginx/conf.d/app.conf", OPEN)
    assert penstock("check", "--fix", "--map", "/etc/nginx=nginx", "nginx/nginx.conf").code == 0
    assert app.read_text() == SHUT


def test_what_is_suppressed_is_not_fixed() -> None:
    """Somebody has said that it is meant."""
    text = OPEN.replace("# location /i {", "# penstock: ignore[security/alias-traversal] all of it is public")
    app = project(text)
    assert penstock("check", "--fix", "nginx.conf").code == 0
    assert app.read_text() == text


def test_stdin_cannot_be_fixed() -> None:
    """There is no file to write."""
    end = penstock("check", "--fix", "-", stdin=OPEN.encode())
    assert end.code == 1
    assert "<stdin>:3 not fixed: it is no file on this disk" in end.stderr


def test_a_rendered_file_is_not_fixed() -> None:
    """Its template is to be changed, and is named."""
    write("templates/edge/template.yaml", "description: an edge\nentry: nginx.conf\nschema: {type: object}\n")
    template = write("templates/edge/nginx.conf.j2", "events {}\nhttp {\nserver_tokens off;\n" + OPEN + "}\n")
    write("values/base.yaml", "{}\n")
    write(
        "penstock.toml",
        '[configs.edge]\ntemplate = "templates/edge"\nvalues = "values"\n'
        '[targets.web]\nconfig = "edge"\ninstance = "web-1"\n',
    )
    before = template.read_bytes()
    end = penstock("check", "--fix")
    assert end.code == 1, end.stderr
    assert "not fixed: it is rendered: change the template, templates/edge/nginx.conf.j2" in end.stderr
    assert template.read_bytes() == before
