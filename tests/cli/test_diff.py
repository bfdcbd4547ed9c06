"""`penstock diff`: two versions from anywhere, and a diff that `patch` understands."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.cli.differing import unified

if TYPE_CHECKING:
    import pytest

NAMES = st.sampled_from(["nginx.conf", "conf.d/app.conf", "conf.d/other.conf"])
LINES = st.lists(st.sampled_from([b"a;", b"b;", b"", b"\xe9", b"x\r", b"-- y", b"+"]), max_size=12)
TREES = st.dictionaries(NAMES, st.tuples(LINES, st.booleans()).map(lambda made: _file(*made)).filter(bool), max_size=3)


def _file(lines: list[bytes], ended: bool) -> bytes:
    return b"\n".join(lines) + (b"\n" if ended and lines else b"")


@given(old=TREES, new=TREES)
@settings(max_examples=60)
def test_the_diff_makes_the_old_the_new(
    old: dict[str, bytes], new: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """`patch` turns one tree into the other, whatever lines and line ends the files have."""
    diff = unified(old, new)
    if old == new:
        assert diff == ""
        return
    folder = tmp_path_factory.mktemp("tree")
    for name, data in old.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    patch = diff.encode("utf-8", "surrogateescape")
    subprocess.run(["patch", "-p1", "--binary", "--quiet", "--force"], cwd=folder, input=patch, check=True)
    after = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert after == new


def test_bytes_that_are_no_text_are_not_shown() -> None:
    """A file with a NUL is said to differ, and no more."""
    assert unified({"a": b"x\0"}, {"a": b"y\0"}) == "Binary files a/a and b/a differ\n"


def test_an_empty_file_that_comes_is_named() -> None:
    """It has no line to show."""
    assert unified({}, {"a": b""}) == "--- /dev/null\n+++ b/a\n"


def test_where_the_last_line_does_not_end() -> None:
    """It is marked as git marks it."""
    assert unified({"a": b"x"}, {"a": b"x\n"}) == (
        "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+x\n"
    )
