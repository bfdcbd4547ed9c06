"""Files: three dialects of base64, safe names only, limits with their place."""

from __future__ import annotations

import base64
import posixpath
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.api.codec import Malformed
from penstock.api.files import (
    CONTENTS_LIMIT,
    NO_FILES,
    File,
    Files,
    decode_contents,
    directory_map,
    encode_contents,
    from_file_set,
    name_fault,
    read_files,
    to_file_set,
)
from penstock.errors import Refused
from penstock.model import FileSet

AWKWARD = bytes(range(256)) * 3 + b"\xfb\xff\xfe"  # its base64 has both + and /, and padding


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(AWKWARD).decode(),
        base64.urlsafe_b64encode(AWKWARD).decode(),
        base64.urlsafe_b64encode(AWKWARD).decode().rstrip("="),
        base64.encodebytes(AWKWARD).decode(),
        textwrap.indent(base64.encodebytes(AWKWARD).decode(), "    ").replace("\n", "\r\n"),
    ],
    ids=["standard", "url-safe", "unpadded", "with newlines", "an indented YAML block"],
)
def test_every_dialect_of_base64_is_read(text: str) -> None:
    """The GitLab recipe, the Declarative API and Ansible each send another one."""
    assert decode_contents(text) == AWKWARD


@pytest.mark.parametrize("text", ["a", "!!!!", "YWJj*", "\u00e9", "YQ==YQ=="])
def test_what_is_no_base64_is_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="not base64"):
        decode_contents(text)


@settings(derandomize=True)
@given(st.binary(max_size=200))
def test_contents_come_back(data: bytes) -> None:
    """What is written is standard base64 on one line, and reads as the same bytes."""
    text = encode_contents(data)
    assert base64.b64decode(text, validate=True) == data
    assert decode_contents(text) == data


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nginx.conf", "is not absolute"),
        ("", "is not absolute"),
        ("/etc/nginx/../passwd", "climbs"),
        ("/..", "climbs"),
        ("/etc//nginx.conf", "not a normalised"),
        ("/etc/./nginx.conf", "not a normalised"),
        ("/etc/nginx/", "not a normalised"),
        ("//etc/nginx.conf", "not a normalised"),
        ("/", "not a normalised"),
        ("/etc/ngi\0nx.conf", "NUL"),
        ("/etc/\udcff", "not Unicode"),
    ],
)
def test_unsafe_names_are_refused_with_their_place(name: str, why: str) -> None:
    """A name from the network never leaves the directory that it says."""
    assert why in name_fault(name)
    files = Files(files=(File(name="/etc/nginx/nginx.conf"), File(name=name)))
    with pytest.raises(Malformed, match=why) as caught:
        read_files(NO_FILES, files)
    assert caught.value.pointer == "/auxFiles/files/1/name"


@settings(derandomize=True, max_examples=300)
@given(st.text(alphabet="/.a\0\u00e9", max_size=12))
def test_a_name_without_a_fault_makes_a_file_set(name: str) -> None:
    """What passes is absolute and normalised, so that a FileSet takes it."""
    if name_fault(name) == "":
        assert posixpath.normpath(name) == name
        assert FileSet("/", name, {name: b""}).holds(name)


def test_a_file_may_have_as_many_characters_as_nim_allows_and_no_more() -> None:
    """The limit is in characters of base64, and the place is named."""
    fits = Files(files=(File(name="/a", contents="A" * CONTENTS_LIMIT),))
    assert len(read_files(fits)["/a"]) == CONTENTS_LIMIT * 3 // 4
    over = Files(files=(File(name="/a", contents="A" * (CONTENTS_LIMIT + 1)),))
    with pytest.raises(Malformed) as caught:
        read_files(NO_FILES, over)
    assert str(caught.value) == (
        "Request body has an error: doesn't match the schema: "
        'Error at "/auxFiles/files/0/contents": maximum string length is 3145728'
    )


def test_a_name_given_twice_is_taken_only_with_the_same_bytes() -> None:
    """Two unequal files of one name would make the result depend on their order."""
    twice = Files(files=(File(name="/a", contents="YQ=="), File(name="/a", contents="YQ")))
    assert read_files(twice) == {"/a": b"a"}
    with pytest.raises(Malformed, match="given twice"):
        read_files(twice, Files(files=(File(name="/a", contents="Yg=="),)))


@pytest.mark.parametrize("names", [("/a", "/a/b"), ("/a/b", "/a"), ("/a", "/a.b", "/a/b/c")])
def test_a_name_is_not_both_a_file_and_a_directory(names: tuple[str, ...]) -> None:
    """No disk could hold it."""
    with pytest.raises(Malformed, match="/a is a file and cannot hold"):
        read_files(Files(files=tuple(File(name=name) for name in names)))


def test_a_file_set_crosses_the_wire_unchanged() -> None:
    """Files outside root travel too, by their absolute names; only those inside count for the digest."""
    files = FileSet(
        "/etc/nginx",
        "/etc/nginx/nginx.conf",
        {"/etc/nginx/nginx.conf": AWKWARD, "/etc/nginx/sub/a.conf": b"", "/usr/share/x.conf": b"x"},
    )
    sent = from_file_set(files)
    assert sent.root_dir == "/etc/nginx"
    assert [file.name for file in sent.files] == sorted(files.files)
    back = to_file_set(sent, entry="/etc/nginx/nginx.conf")
    assert (back, back.digest) == (files, files.digest)


def test_rootdir_does_not_move_absolute_names() -> None:
    """Some clients send rootDir `/` with the same names."""
    sent = Files(files=(File(name="/etc/nginx/nginx.conf", contents="YQ"),), root_dir="/")
    files = to_file_set(sent, entry="/etc/nginx/nginx.conf")
    assert (files.root, files.files) == ("/etc/nginx", {"/etc/nginx/nginx.conf": b"a"})


def test_a_name_that_json_cannot_carry_is_refused_by_name() -> None:
    """A file on the node whose name is not UTF-8."""
    with pytest.raises(Refused, match="cannot be sent"):
        from_file_set(FileSet("/e", "/e/n", {"/e/n": b"", "/e/\udcff": b""}))


def test_the_directory_map_lists_every_directory_with_its_files() -> None:
    """Sizes are in bytes."""
    files = FileSet("/e", "/e/n", {"/e/n": b"12", "/e/d/x": b"", "/e/a": b"1"})
    found = directory_map(files, update_time="t")
    assert {name: [(one.name, one.size) for one in directory.files] for name, directory in found.items()} == {
        "/e": [("a", 1), ("n", 2)],
        "/e/d": [("x", 0)],
    }
