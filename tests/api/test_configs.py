"""The bodies around a publish: ids, deadlines, probes, tags."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from penstock.api.codec import Malformed
from penstock.api.configs import (
    ConfigReply,
    Publish,
    WireProbe,
    format_tag,
    from_probe,
    parse_tag,
    read_deadline,
    read_external_id,
    read_probes,
    to_live_config,
)
from penstock.api.files import File, Files
from penstock.ports import Probe

HOSTS = ("edge-1", "192.0.2.7")


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "http://127.9.9.9:8080/x?y=1", "https://[::1]:8443/", "http://localhost:80/",
     "http://edge-1/", "https://EDGE-1:443/a", "http://192.0.2.7/"],
)  # fmt: skip
def test_a_probe_may_ask_loopback_and_the_instances_own_host(url: str) -> None:
    """It goes over the wire and comes back the same."""
    probe = Probe(url, 301, "www.example.com", "Moved")
    assert read_probes([from_probe(probe)], addresses=HOSTS) == (probe,)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://169.254.169.254/latest/meta-data", "neither loopback nor the instance's own host"),
        ("http://edge-2/", "neither loopback"),
        ("http://127.0.0.1.example.com/", "neither loopback"),
        ("http://127.1/", "neither loopback"),
        ("http://2130706433/", "neither loopback"),
        ("http://127.0.0.1@evil.example/", "a probe is a URL"),
        ("http://user:pw@127.0.0.1/", "a probe is a URL"),
        ("file:///etc/passwd", "a probe is a URL"),
        ("gopher://127.0.0.1/", "a probe is a URL"),
        ("http:///x", "a probe is a URL"),
        ("", "a probe is a URL"),
        ("http://127.0.0.1:99999/", "is no URL"),
        ("http://[::1/", "is no URL"),
        ("http://127.0.0.1/ HTTP/1.1", "no spaces"),
    ],
)
def test_a_probe_to_anywhere_else_is_refused(url: str, why: str) -> None:
    """A manager that asked any URL for anybody would be a way into its network."""
    with pytest.raises(Malformed, match=why):
        read_probes([WireProbe(url=url)], addresses=HOSTS)


@pytest.mark.parametrize(
    "probe",
    [WireProbe(url="http://127.0.0.1/", status=99), WireProbe(url="http://127.0.0.1/", host="a\r\nX: y")],
)
def test_a_probe_that_cannot_be_sent_is_refused(probe: WireProbe) -> None:
    """A status that no server answers; a header within a header."""
    with pytest.raises(Malformed):
        read_probes([probe], addresses=HOSTS)


def test_external_ids_are_bounded_and_typed() -> None:
    """NIM allows 150 characters and two types; without one it is `other`."""
    assert read_external_id("x" * 150, "git") == ("x" * 150, "git")
    assert read_external_id("", "") == ("", "other")
    with pytest.raises(Malformed, match="maximum string length is 150"):
        read_external_id("x" * 151, "git")
    with pytest.raises(Malformed, match="allowed values"):
        read_external_id("x", "svn")


@pytest.mark.parametrize("seconds", [0.0, -1.0, 601.0, float("nan"), float("inf")])
def test_a_deadline_is_a_time_that_ends(seconds: float) -> None:
    """Ten minutes at most, as in NIM."""
    with pytest.raises(Malformed):
        read_deadline(Publish(deadline_seconds=seconds))
    assert read_deadline(Publish(deadline_seconds=600.0)) == 600.0


def test_a_tag_comes_back() -> None:
    """Also where a proxy made it weak."""
    tag = format_tag(7, "0123456789abcdef")
    assert tag == '"7-0123456789ab"'
    assert parse_tag(tag) == parse_tag(f"W/{tag}") == (7, "0123456789ab")


@pytest.mark.parametrize("tag", ["", "7-0123456789ab", '"7"', '"x-0123456789ab"', '"7-0123456789AB"', '"7-01"'])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="is not a tag"):
        parse_tag(tag)


def test_a_live_config_is_judged_by_its_bytes() -> None:
    """The digest is computed here; what the answer says of itself is not believed."""
    reply = ConfigReply(
        config_files=Files(files=(File(name="/e/n", contents="YQ=="),)),
        aux_files=Files(files=(File(name="/e/key", contents="Yg=="),)),
        update_time="2023-03-08T08:46:28.826Z",
        digest="f" * 64,
        external_id="abc",
    )
    live = to_live_config(reply, entry="/e/n", tag='"1-0"')
    assert live.files.files == {"/e/n": b"a", "/e/key": b"b"}
    assert live.base.digest == live.files.digest != reply.digest
    assert (live.base.tag, live.external_id) == ('"1-0"', "abc")
    assert live.base.updated_at == datetime(2023, 3, 8, 8, 46, 28, 826000, tzinfo=UTC)
    with pytest.raises(Malformed, match="updateTime"):
        to_live_config(ConfigReply(), entry="/e/n")
