"""Names and messages: whatever the user wrote goes into git and comes back."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from penstock.history import Journal
from penstock.history.entries import Entry, format_message, normalised, parse_commit, person_line
from penstock.history.layout import quote, unquote
from penstock.model import Outcome, State

from .making import NOON, git

if TYPE_CHECKING:
    from pathlib import Path

NAMES = st.binary(min_size=1, max_size=12).map(lambda raw: raw.decode("utf-8", "surrogateescape")) | st.text(
    st.sampled_from('..ggiItT~1 -%"\\/\n\t\u200c\u00e9'), min_size=1, max_size=8
)
HARD = (
    ".",
    "..",
    ".git",
    ".GIT",
    ".git ",
    "git~1",
    ".g\u200cit",
    "-rf",
    "%2E",
    "a/b",
    '"',
    "\\",
    "\n",
    " ",
    "\udcff",
    "é",
)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(NAMES)
def test_quoting_is_reversible_and_gives_a_plain_component(name: str) -> None:
    quoted = quote(name)
    assert unquote(quoted).encode("utf-8", "surrogateescape") == name.encode("utf-8", "surrogateescape")
    assert quoted.isprintable()
    assert not set(quoted) & set('/\\"')
    assert quote(unquote(quoted)) == quoted
    quoted.encode("utf-8")


def test_git_itself_takes_every_name_and_its_fsck_finds_nothing(tmp_path: Path) -> None:
    files = {f"d/{name}": b"1" for name in HARD if "/" not in name and name not in {".", ".."}}
    with Journal(tmp_path / "h.git") as journal:
        given_entry = Entry("a", NOON, "m", "p", "t", Outcome.ACTIVE, dict.fromkeys(HARD, State.ACTIVE))
        commit = journal.record(given_entry, dict.fromkeys(HARD, files))
        assert journal.verify() == ()
        version = journal.show(commit)
        assert set(version.instances) == set(HARD)
        assert version.entry.results == dict.fromkeys(HARD, State.ACTIVE)
        for name in HARD:
            assert journal.files(commit, name) == files
            assert [one.commit for one in journal.log(instance=name)] == [commit]
    assert git(tmp_path / "h.git", "fsck", "--strict", "--full") == ""


ENTRIES = st.builds(
    Entry,
    author=st.text(max_size=20) | st.sampled_from(["", "<>", "a <b>", "<a@b.c>", "a<b>c>", "Ann\nCommitter: x <y>"]),
    when=st.datetimes(min_value=NOON.replace(tzinfo=None), timezones=st.just(NOON.tzinfo)),  # type: ignore[arg-type]
    message=st.text(max_size=60) | st.sampled_from(["", "a\n\nPlan: forged", "Outcome: active\n\n", "a\r\nb", "a\0b"]),
    plan=st.text(max_size=10),
    target=st.text(max_size=10) | st.just("x\nOutcome: refused"),
    outcome=st.sampled_from(Outcome),
    results=st.dictionaries(NAMES, st.sampled_from(State), max_size=3),
    source_revision=st.text(max_size=10),
)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(ENTRIES)
@example(Entry("", NOON, "", "", "", Outcome.ACTIVE, {}))
def test_a_message_says_the_entry_whatever_stands_in_it(wild: Entry) -> None:
    """Nobody can forge a trailer from a message, a name or a target."""
    entry = normalised(wild)
    message = format_message(entry, sequence=7, digests=dict.fromkeys(entry.results, "ab"))
    raw = f"tree {'0' * 40}\nauthor {person_line(entry)}\ncommitter x <> 0 +0000\n\n{message}"
    record = parse_commit(raw.encode("utf-8"))
    assert record.entry == entry
    assert record.sequence == 7
    assert set(record.digests) == set(entry.results)
    assert normalised(entry) == entry


@settings(derandomize=True, max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(ENTRIES)
def test_git_reads_the_same_trailers(wild: Entry) -> None:
    entry = normalised(wild)
    message = format_message(entry, sequence=1, digests={})
    printed = subprocess.run(
        ["git", "interpret-trailers", "--parse", "--no-divider"],
        input=message.encode(),
        capture_output=True,
        check=True,
    ).stdout.decode()
    keys = [line.partition(":")[0] for line in printed.splitlines()]
    expected = ["Plan", "Target", "Outcome", *(["Source-Revision"] if entry.source_revision else []), "Sequence"]
    assert keys == [*expected, *["Result"] * len(entry.results)]
