"""Plan files, diffs and what may stand in them."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import NotFound, PenstockError, Refused, UsageError
from penstock.model import Base, FileSet, Group, Instance
from penstock.ports import Probe
from penstock.publish import BlastRadius, Plan, TargetPlan, Touched, read_plan, write_plan
from penstock.publish.diff import diff_of

KEY = b"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n-----END PRIVATE KEY-----\n"
WHEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def files_of(**files: bytes) -> FileSet:
    named = {f"/etc/nginx/{name.replace('__', '.')}": data for name, data in files.items()}
    return FileSet("/etc/nginx", "/etc/nginx/nginx.conf", {"/etc/nginx/nginx.conf": b"events {}\n", **named})


def plan_of(files: FileSet) -> Plan:
    instance = Instance("u1", "s1", "edge-1", "/etc/nginx/nginx.conf", "/etc/nginx", "1.22.1")
    target = TargetPlan(instance, Base("b" * 64, '"1-b"', WHEN), files, "+events {}\n", (Probe("http://127.0.0.1/"),))
    return Plan("prod", WHEN, "Ada", "why", "r1", (target,), BlastRadius(("edge-1",)), 60.0)


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = st.from_regex(r"[a-z][a-z0-9._é-]{0,8}", fullmatch=True).filter(lambda name: name not in {".", ".."})
times = st.datetimes(
    min_value=datetime(1970, 1, 2),
    max_value=datetime(2200, 1, 1),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
)
file_sets = st.dictionaries(names, st.binary(max_size=60) | text.map(str.encode), max_size=4).map(
    lambda files: FileSet(
        "/etc/nginx",
        "/etc/nginx/nginx.conf",
        {
            "/etc/nginx/nginx.conf": b"events {}\n",
            **{f"/etc/nginx/conf.d/{name}": data for name, data in files.items()},
        },
    )
)
instances = st.builds(Instance, text, text, text, st.just("/etc/nginx/nginx.conf"), st.just("/etc/nginx"), text)
probes = st.builds(Probe, text, st.integers(100, 599), text, text)
targets = st.builds(
    TargetPlan, instances, st.builds(Base, text, text, times), file_sets, text, st.lists(probes, max_size=2).map(tuple)
)
touched = st.builds(Touched, *[st.lists(text, max_size=2).map(tuple)] * 3)
plans = st.builds(
    Plan,
    target=text,
    created_at=times,
    author=text,
    message=text,
    source_revision=text,
    targets=st.lists(targets, max_size=3).map(tuple),
    blast=st.builds(BlastRadius, st.lists(text, max_size=2).map(tuple), touched, touched, touched),
    deadline_s=st.floats(0.1, 600),
    group=st.none() | st.builds(Group, text, text, st.lists(text, max_size=2).map(tuple)),
)


@given(plans)
def test_what_is_written_is_read(plan: Plan) -> None:
    """Equal in every field, under the same digest."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.plan"
        write_plan(plan, path)
        found = read_plan(path)
        assert found == plan
        assert found.digest == plan.digest


def test_a_plan_is_its_owners_alone_and_nothing_else_is_left(tmp_path: Path) -> None:
    """Mode 0600, also over an open file; no temporary file stays."""
    path = tmp_path / "a.plan"
    path.write_text("old")
    path.chmod(0o644)
    write_plan(plan_of(files_of()), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["a.plan"]


def leaves(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """The path of every leaf of a JSON document."""
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in leaves(inner, (*path, key))]
    if isinstance(value, list):
        return [leaf for key, inner in enumerate(value) for leaf in leaves(inner, (*path, key))]
    return [path]


def test_no_value_can_be_changed_unnoticed(tmp_path: Path) -> None:
    """Every leaf of the document, changed alone, is refused."""
    path = tmp_path / "a.plan"
    write_plan(plan_of(files_of(a__conf=b"\xff\x00")), path)
    document = json.loads(path.read_text())
    places = leaves(document)
    assert 25 < len(places)
    for place in places:
        changed = json.loads(json.dumps(document))
        at = changed
        for key in place[:-1]:
            at = at[key]
        value = at[place[-1]]
        at[place[-1]] = value + 1 if isinstance(value, int | float) else f"{value}x"
        path.write_text(json.dumps(changed))
        with pytest.raises(Refused):
            read_plan(path)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"\xff", b'{"format": "penstock-plan/1"}', b"[" * 100_000, b"null", b"1e999"]
)
def test_what_is_no_plan_is_refused(tmp_path: Path, content: bytes) -> None:
    """With the path and the way out."""
    path = tmp_path / "a.plan"
    path.write_bytes(content)
    with pytest.raises(Refused, match=r"a\.plan") as caught:
        read_plan(path)
    assert caught.value.way_out


def test_a_plan_that_is_not_there_is_said(tmp_path: Path) -> None:
    """And one whose folder is not."""
    with pytest.raises(NotFound, match=r"a\.plan"):
        read_plan(tmp_path / "a.plan")
    with pytest.raises(UsageError, match="nowhere"):
        write_plan(plan_of(files_of()), tmp_path / "nowhere" / "a.plan")


SECRETS = [KEY, b"proxy_set_header Authorization 'Bearer abcdefghijklmnop';\n"]


@pytest.mark.parametrize("secret", SECRETS, ids=["key", "token"])
def test_no_secret_enters_a_plan_or_a_message(tmp_path: Path, secret: bytes) -> None:
    """Nothing is written, and the error names the place without the secret."""
    plan = plan_of(files_of(site__key=b"# one\n" + secret))
    with pytest.raises(PenstockError, match=r"site\.key:2") as caught:
        write_plan(plan, tmp_path / "a.plan")
    assert not list(tmp_path.iterdir())
    assert "MIIE" not in str(caught.value)
    assert "abcdefgh" not in str(caught.value)


DIFFS = [
    (files_of(), files_of(), ""),
    (files_of(a__conf=b"x;\n"), files_of(a__conf=b"y;\n"),
     "--- /etc/nginx/a.conf\n+++ /etc/nginx/a.conf\n@@ -1 +1 @@\n-x;\n+y;\n"),
    (files_of(), files_of(a__conf=b"y;"),
     "--- /dev/null\n+++ /etc/nginx/a.conf\n@@ -0,0 +1 @@\n+y;\n\\ No newline at end of file\n"),
    (files_of(a__conf=b"x;\n"), files_of(), "--- /etc/nginx/a.conf\n+++ /dev/null\n@@ -1 +0,0 @@\n-x;\n"),
    (files_of(a__conf=b"x;\r\n"), files_of(a__conf=b"x;\n"),
     "--- /etc/nginx/a.conf\n+++ /etc/nginx/a.conf\n@@ -1 +1 @@\n-x;\r\n+x;\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "text"), DIFFS)
def test_a_diff_is_a_unified_one(before: FileSet, after: FileSet, text: str) -> None:
    """By the names on the target, files that come and go against /dev/null."""
    assert diff_of(before, after) == text


@pytest.mark.parametrize("data", [KEY, b"\0binary", b"caf\xe9\n"], ids=["key", "binary", "latin-1"])
def test_a_diff_shows_no_key_and_no_binary(data: bytes) -> None:
    """Only that it changed, by its digests; whichever side the secret is on."""
    clean, other = files_of(a__conf=b"x;\n"), files_of(a__conf=data)
    for before, after in ((clean, other), (other, clean)):
        assert diff_of(before, after).startswith("/etc/nginx/a.conf: changed (sha256 ")
        assert "\n" not in diff_of(before, after)[:-1]


def test_equal_content_at_another_time_is_another_plan() -> None:
    """Else a second publish of it would find the first one's deployment."""
    plan = plan_of(files_of())
    assert plan.digest != replace(plan, created_at=WHEN + timedelta(seconds=1)).digest
