"""load: what stands on the disk, by the names that nginx uses."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.config import load_bytes, load_path, parse
from penstock.config.includes import is_include
from penstock.config.seek import included_names
from penstock.config.tokens import scan
from penstock.errors import NotFound, UsageError
from penstock.model import Source

if TYPE_CHECKING:
    from pathlib import Path


def lay(folder: Path, **files: str) -> Path:
    """The folder, with these files in it (`a__b` is the file `a/b.conf`, all are `.conf`)."""
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".conf")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_names_are_absolute_and_labels_are_as_typed(tmp_path: Path) -> None:
    """Files are named as nginx would name them; the user sees the path that they typed, and paths relative to here."""
    lay(tmp_path, nginx__nginx="include conf.d/*.conf;", **{"nginx__conf.d__a": "a;"})
    files = load_path(tmp_path.relative_to(tmp_path) / "nginx" / "nginx.conf")
    assert list(files.files) == [f"{tmp_path}/nginx/nginx.conf", f"{tmp_path}/nginx/conf.d/a.conf"]
    assert (files.root, files.entry) == (f"{tmp_path}/nginx", f"{tmp_path}/nginx/nginx.conf")
    assert [files.label(path) for path in files.files] == ["nginx/nginx.conf", "nginx/conf.d/a.conf"]


def test_labels_outside_of_here_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not below the current folder is shown with its whole path."""
    lay(tmp_path, nginx="include a.conf;", a="")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    files = load_path(tmp_path / "nginx.conf")
    assert {files.label(path) for path in files.files} == {str(tmp_path / "nginx.conf"), str(tmp_path / "a.conf")}


def test_symbolic_links_keep_their_names(tmp_path: Path) -> None:
    """sites-enabled/x, a link to sites-available/x, is read as the former."""
    lay(tmp_path, nginx="include on/*;", off__x="a;")
    (tmp_path / "on").mkdir()
    (tmp_path / "on" / "x").symlink_to("../off/x.conf")
    assert list(load_path(tmp_path / "nginx.conf").files)[1:] == [f"{tmp_path}/on/x"]


def test_a_mapping_names_files_as_on_the_target(tmp_path: Path) -> None:
    """In a checkout, absolute includes are found below the mapped folder, and labels say where."""
    lay(tmp_path, repo__nginx="include /etc/nginx/conf.d/*.conf; include mime.conf;", repo__mime="")
    lay(tmp_path, **{"repo__conf.d__a": "include /usr/share/x/y.conf;", "share__y": ""})
    mapping = {"/etc/nginx": "repo", "/usr/share/x/": str(tmp_path / "share")}
    files = load_path(tmp_path / "repo" / "nginx.conf", mapping=mapping)
    assert (files.root, files.entry) == ("/etc/nginx", "/etc/nginx/nginx.conf")
    assert {path: files.label(path) for path in list(files.files)[1:]} == {
        "/etc/nginx/conf.d/a.conf": "repo/conf.d/a.conf",
        "/etc/nginx/mime.conf": "repo/mime.conf",
        "/usr/share/x/y.conf": "share/y.conf",
    }
    assert not parse(files).problems


@pytest.mark.parametrize("link", ["/etc/nginx/available/a.conf", "../available/a.conf", "/etc/nginx/also/a.conf"])
def test_an_absolute_link_in_a_checkout_means_the_checkouts_file(link: str, tmp_path: Path) -> None:
    """Debian links /etc/nginx/sites-enabled/default absolutely; in a checkout that is not this machine's own file."""
    lay(tmp_path, repo__nginx="include enabled/*.conf;", repo__available__a="server_name checkout;")
    (tmp_path / "repo/also").symlink_to("/etc/nginx/available")
    (tmp_path / "repo/enabled").mkdir()
    (tmp_path / "repo/enabled/a.conf").symlink_to(link)
    files = load_path(tmp_path / "repo/nginx.conf", mapping={"/etc/nginx": str(tmp_path / "repo")})
    assert files.files["/etc/nginx/enabled/a.conf"] == b"server_name checkout;"
    assert not files.unreadable


def test_a_circle_of_links_is_recorded(tmp_path: Path) -> None:
    """Following links ends."""
    lay(tmp_path, repo__nginx="include a.conf;")
    (tmp_path / "repo/a.conf").symlink_to("/etc/nginx/b.conf")
    (tmp_path / "repo/b.conf").symlink_to("/etc/nginx/a.conf")
    files = load_path(tmp_path / "repo/nginx.conf", mapping={"/etc/nginx": str(tmp_path / "repo")})
    assert list(files.unreadable) == ["/etc/nginx/a.conf"]


def test_the_longest_mapping_wins(tmp_path: Path) -> None:
    """A folder inside a mapped folder may be mapped to another place."""
    lay(tmp_path, repo__nginx="include sub/a.conf;", other__a="x;")
    mapping = {"/etc/nginx": "repo", "/etc/nginx/sub": "other"}
    files = load_path(tmp_path / "repo" / "nginx.conf", mapping=mapping)
    assert files.files["/etc/nginx/sub/a.conf"] == b"x;"


UNREADABLE = {
    "directory": "it is a directory",
    "dangling": "it is a symbolic link to a file that is not there",
    "pipe": "it is not a regular file",
    "loop": "too many levels of symbolic links",
}


@pytest.mark.parametrize("kind", UNREADABLE)
@pytest.mark.parametrize("pattern", ["d/x.conf", "d/*.conf"])
def test_what_cannot_be_read_is_recorded(kind: str, pattern: str, tmp_path: Path) -> None:
    """It is in `unreadable` with the reason, and parse tells it at the include."""
    lay(tmp_path, nginx=f"\ninclude {pattern};")
    (tmp_path / "d").mkdir()
    path = tmp_path / "d" / "x.conf"
    match kind:
        case "directory":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "loop":
            path.symlink_to("x.conf")
        case _:
            path.symlink_to("nowhere")
    files = load_path(tmp_path / "nginx.conf")
    assert files.unreadable == {str(path): UNREADABLE[kind]}
    (problem,) = parse(files).problems
    assert (problem.kind, problem.span.line) == ("include/not-found", 2)
    assert problem.message == f"d/x.conf cannot be included: {UNREADABLE[kind]}"


def test_permission_denied_is_recorded(tmp_path: Path) -> None:
    """A file that this user may not read is unreadable; asked as a user without privileges."""
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents:
        if folder.stat().st_uid == os.getuid() and not folder.stat().st_mode & 1:
            folder.chmod(folder.stat().st_mode | 0o011)
    lay(tmp_path, nginx="include secret.conf;", secret="a;")
    (tmp_path / "secret.conf").chmod(0)
    code = (
        "import os, pathlib, sys; from penstock.config import load_path\n"
        "if os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "print(dict(load_path(pathlib.Path(sys.argv[1])).unreadable))"
    )
    end = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "nginx.conf")],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert end.stdout.strip() == str({f"{tmp_path}/secret.conf": "permission denied"})


def test_a_missing_include_is_left_to_parse(tmp_path: Path) -> None:
    """A file that is simply not there is no unreadable one; the hint says how a checkout maps its paths."""
    lay(tmp_path, nginx="include gone.conf; include /nowhere/x.conf;")
    files = load_path(tmp_path / "nginx.conf")
    assert not files.unreadable
    here, there = parse(files).problems
    assert here.hint == f'It is sought as "{tmp_path}/gone.conf".'
    assert 'mapping = { "/nowhere" = "..." }' in there.hint


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("gone.conf", NotFound, "there is no file gone.conf"),
        ("nginx.conf/x", NotFound, "there is no file nginx.conf/x"),
        (".", UsageError, ". is a directory"),
        ("pipe", UsageError, "pipe cannot be read: it is not a regular file"),
        ("a\0b", UsageError, "cannot be"),
    ],
)
def test_an_entry_that_cannot_be_read_is_refused(name: str, error: type[Exception], says: str, tmp_path: Path) -> None:
    """Without an entry file there is nothing to do; the message names it as typed."""
    lay(tmp_path, nginx="")
    os.mkfifo(tmp_path / "pipe")
    path = type(tmp_path)(name)
    with pytest.raises(error, match=says.replace(".", r"\.")):
        load_path(path)


def test_load_bytes_takes_names_below_root() -> None:
    """Relative names are below root; absolute ones stand."""
    files = load_bytes({"nginx.conf": b"a;", "/etc/x": b"b;"}, root="/etc/nginx/", entry="nginx.conf")
    assert set(files.files) == {"/etc/nginx/nginx.conf", "/etc/x"}
    assert (files.root, files.entry) == ("/etc/nginx", "/etc/nginx/nginx.conf")


def test_load_bytes_refuses_what_is_no_file() -> None:
    """An entry that is missing, and a name with a NUL."""
    with pytest.raises(NotFound, match=r"/r/b is not among the 1 files"):
        load_bytes({"a": b""}, root="/r", entry="b")
    with pytest.raises(UsageError, match="NUL"):
        load_bytes({"a\0": b""}, root="/r", entry="a")


@given(
    st.lists(
        st.sampled_from(
            [
                "include ",
                "split_clients",
                "x_by_lua_block",
                "'",
                '"',
                "a",
                " ",
                ";",
                "{",
                "}",
                "#",
                "\n",
                "\\",
                "$",
                "\ufeff",
                "[[",
            ]
        ),
        max_size=30,
    ).map("".join)
)
def test_seeking_includes_agrees_with_reading(text: str) -> None:
    """The quick search that loading does finds the includes that the tokenizer finds, in a sound file."""
    result = scan(Source("x", text))
    if any(problem.kind not in {"syntax/bom", "syntax/text-after-quote"} for problem in result.problems):
        return
    names: list[str] = []
    blocks: list[str] = []
    words: list[str] = []
    for token, _, quoted in result.tokens:
        if quoted or token not in {";", "{", "}"}:
            words.append(token)
            continue
        if token == "{":
            blocks.append(words[0])
        elif token == "}":
            blocks.pop()
        elif is_include(words[0], len(words) - 1, blocks[-1] if blocks else ""):
            names.append(words[1])
        words = []
    assert included_names(text.encode("utf-8", "surrogateescape")) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("include a;", ["a"]),
        ("'include' \"a b\";", ["a b"]),
        ("include a", ["a"]),
        ("http { include a }", ["a"]),
        ("include # b\n a;", ["a"]),
        ("# include a;\nx 'include b;';", []),
        ("include a b; include;", []),
        (r"include a\"b;", ['a"b']),
        ("x_by_lua_block { include a; } include b;", ["b"]),
        ("map $a $b { include a; } split_clients a $b { include b; }", ["a"]),
        ("; { include a; } } include b;", ["a", "b"]),
        ("include a; x 'y; include b;", ["a"]),
    ],
)
def test_included_names(text: str, names: list[str]) -> None:
    """What stands in comments, strings and Lua is no include; a broken statement still may be one."""
    assert included_names(text.encode()) == names
