"""Bodies: what fits is read leniently, what does not is refused in the sentence that NIM gives."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.api.codec import Malformed, decode, encode, with_members
from penstock.api.configs import Publish, StagedConfigWrite
from penstock.api.deployments import Deployment
from penstock.api.groups import GroupEdit
from penstock.api.inventory import ListedInstance


@pytest.mark.parametrize(
    ("body", "pointer", "reason"),
    [
        (b'{"configFiles":{"files":[{"contents":""}]}}', "/configFiles/files/0/name", 'property "name" is missing'),
        (b'{"auxFiles":{"files":[{"name":3}]}}', "/auxFiles/files/0/name", "value must be a string"),
        (b'{"ignoreConflict":"yes"}', "/ignoreConflict", "value must be a boolean"),
        (b'{"probes":{}}', "/probes", "value must be an array"),
        (b'{"configFiles":[]}', "/configFiles", "value must be an object"),
        (b"[]", "/", "value must be an object"),
        (b'"text"', "/", "value must be an object"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_with_its_place(body: bytes, pointer: str, reason: str) -> None:
    """The message has the form of kin-openapi, which clients of NIM print."""
    with pytest.raises(Malformed) as caught:
        decode(body, Publish)
    assert (caught.value.pointer, caught.value.reason) == (pointer, reason)
    assert str(caught.value) == (
        f'Request body has an error: doesn\'t match the schema: Error at "{pointer}": {reason}'
    )


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b'{"a":\xff}', b"[" * 5000])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    """No bytes get past the decoder as anything but a clear error, nesting without end included."""
    with pytest.raises(Malformed, match="failed to decode request body"):
        decode(body, Publish)


def test_unknown_fields_are_ignored_and_nulls_are_absent() -> None:
    """Clients send `size`, and Go sends null for an empty list."""
    body = b'{"configUID":"u","new":1,"auxFiles":null,"configFiles":{"files":null,"rootDir":"/","x":null}}'
    publish = decode(body, Publish)
    assert publish.staged == "u"
    assert encode(publish) == b'{"configFiles":{"files":[],"rootDir":"/"},"configUID":"u"}'


@pytest.mark.parametrize("spelling", ["configUID", "configUid"])
def test_both_spellings_of_the_staged_uid_are_read(spelling: str) -> None:
    """F5's own pages spell it one way and the Ansible role the other."""
    assert decode(json.dumps({spelling: "abc"}).encode(), Publish).staged == "abc"


def test_absent_is_told_apart_from_empty() -> None:
    """A PATCH without a field leaves it; with an empty one it empties it."""
    assert not isinstance(decode(b"{}", GroupEdit).instances, tuple)
    assert decode(b'{"instances":[]}', GroupEdit).instances == ()


def test_lists_are_never_null_in_what_is_sent() -> None:
    """A client that iterates over `details.failure` must not meet null."""
    body = b'{"createTime":"","id":"","message":"","status":"","updateTime":"","details":{"failure":null}}'
    sent = json.loads(encode(decode(body, Deployment)))
    assert sent["details"] == {"failure": [], "pending": [], "success": []}


def test_a_name_that_is_no_unicode_cannot_be_sent() -> None:
    """A lone surrogate stands for a byte that is not UTF-8; JSON has no way to say it."""
    with pytest.raises(Malformed, match="not UTF-8"):
        encode(ListedInstance(display_name="\udcff", system_uid="", uid=""))


def test_a_copy_with_other_members_leaves_the_first_as_it_was() -> None:
    """Wire values are frozen."""
    first = ListedInstance(display_name="a", system_uid="s", uid="u")
    assert with_members(first, uid="v").uid == "v"
    assert first.uid == "u"


@settings(derandomize=True, max_examples=300)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["configFiles", "files", "name", "contents", "configName", "x"]), inner)
        ),
        max_leaves=12,
    )
)
def test_any_json_is_read_or_refused(value: object) -> None:
    """No JSON document raises anything but Malformed."""
    for kind in (Publish, StagedConfigWrite):
        with contextlib.suppress(Malformed):
            assert isinstance(decode(json.dumps(value).encode(), kind), kind)
