"""A release as an engineer makes it: the command line, `penstock serve` over TLS, real nginx."""

from __future__ import annotations

import http.server
import json
import re
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from tests.e2e.field import PASSWORD, Field, ended, in_the_field, until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.nginx, pytest.mark.slow, pytest.mark.xdist_group("e2e")]


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    with in_the_field(tmp_path_factory.mktemp("three"), instances=3) as here:
        yield here


@pytest.fixture
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    with in_the_field(tmp_path_factory.mktemp("one")) as here:
        yield here


def test_plan_stage_publish_status_rollback_history(three: Field) -> None:
    """Each command does over TLS what it says, on three nginx, and no password is in anything that was written."""
    plan = three.penstock("plan", "all", "-m", "First release")
    assert plan.code == 0, plan.stderr
    assert "3 of 3 instances to change" in plan.stdout
    staged = three.penstock("stage", "all.plan.json")
    assert (staged.code, staged.stderr) == (0, "3 staged, nothing is live by it.\n")
    assert three.serves() == [f"edge-{n}, set up by hand" for n in (1, 2, 3)]
    published = three.penstock("publish", "all.plan.json")
    assert published.code == 0, published.stderr
    assert "active on every target" in published.stdout
    assert three.serves() == [f"edge-{n} one" for n in (1, 2, 3)]
    again = three.penstock("publish", "all.plan.json")
    assert (again.code, "active on every target" in again.stdout) == (0, True)
    three.template("two")
    assert three.penstock("publish", "all", "--yes", "-m", "Second release").code == 0
    assert three.serves() == [f"edge-{n} two" for n in (1, 2, 3)]
    status = three.penstock("status", "all", "--format", "json")
    assert [one["in_sync"] for one in json.loads(status.stdout)["instances"]] == [True, True, True]
    rolled = three.penstock("rollback", "all", "--yes")
    assert rolled.code == 0, rolled.stderr
    assert three.serves() == [f"edge-{n} one" for n in (1, 2, 3)]
    log = three.penstock("history", "log")
    assert log.code == 0
    assert "Second release" in log.stdout
    assert three.penstock("history", "verify").code == 0
    shown = three.penstock("diff", "live:edge-1", three.edges[0].conf)
    assert shown.code == 0, shown.stderr
    said = three.log + "".join(end.stdout + end.stderr for end in (plan, staged, published, again, rolled, log))
    assert PASSWORD not in said
    written = [path for path in three.project.rglob("*") if path.is_file()]
    written += [path for path in (three.top / "manager" / "state").rglob("*") if path.is_file()]
    assert not [path for path in written if PASSWORD.encode() in path.read_bytes()]


def test_publishing_leaves_no_staged_config_of_its_own(one: Field) -> None:
    """What publishing staged is gone once its deployment ended; what `penstock stage` put there stays."""
    one.penstock("plan", "one")
    assert one.penstock("stage", "one.plan.json").code == 0
    assert one.penstock("publish", "one.plan.json").code == 0
    one.template("two")
    assert one.penstock("publish", "one", "--yes").code == 0
    _, listed, _ = one.ask("GET", "/api/platform/v1/configs")
    assert len(listed["items"]) == 1


ASKED_WRONGLY = {
    "a certificate of nobody known": ("untrusting", {}, 5, r"certificate of 127\.0\.0\.1:\d+ is not trusted"),
    "the certificate is named": ("untrusting", {}, 5, r"sha256 [0-9A-F]{2}:"),
    "a wrong password": ("one", {"PENSTOCK_PASSWORD": "engine-number-2"}, 2, "401|not accept|not believe"),
    "a group that is not there": ("typo", {}, 2, "Did you mean edge?"),
    "a URL that the file alone names": ("one", {"PENSTOCK_MANAGER": ""}, 2, "could redirect your credential"),
}


@pytest.mark.parametrize("case", ASKED_WRONGLY)
def test_a_request_that_cannot_be_made_ends_with_its_code(three: Field, case: str) -> None:
    """Nothing is attempted, and the reason is on stderr without the password."""
    target, environment, code, message = ASKED_WRONGLY[case]
    end = three.penstock("plan", target, **environment)
    assert (end.code, end.stdout) == (code, ""), end.stderr
    assert re.search(message, end.stderr), end.stderr
    assert "engine-number" not in end.stderr


def test_cacert_as_a_flag(three: Field) -> None:
    """--cacert believes what the settings do not name."""
    assert three.penstock("status", "untrusting", "--cacert", three.certificate).code == 0


def test_a_hand_edit_between_plan_and_publish_is_4(one: Field) -> None:
    """The instance and both versions are named, and the hand's work stays."""
    assert one.penstock("plan", "one").code == 0
    conf = one.edges[0].conf
    conf.write_text(conf.read_text() + "# by hand\n")
    end = one.penstock("publish", "one.plan.json")
    assert end.code == 4, end.stderr
    assert re.search(r"edge-1 moved since the plan was made: from [0-9a-f]{12} to [0-9a-f]{12}", end.stderr)
    assert conf.read_text().endswith("# by hand\n")


def test_of_two_publishers_at_once_one_gets_through(one: Field) -> None:
    """Two plans over one base: one is active, the other is a conflict, and nginx serves the winner's."""
    plans = []
    for text in ("left", "right"):
        one.template(text)
        assert one.penstock("plan", "one", "-o", f"{text}.plan.json").code == 0
        plans.append(f"{text}.plan.json")
    ends = [ended(process) for process in [one.begin("publish", plan) for plan in plans]]
    assert sorted(end.code for end in ends) == [0, 4], [end.stderr for end in ends]
    winner = ("left", "right")[[end.code for end in ends].index(0)]
    assert one.serves() == [f"edge-1 {winner}"]


def test_a_manager_that_is_not_there_is_5(one: Field) -> None:
    """SIGTERM ends the manager well; after it, no command changes anything, and 5 says to try later."""
    assert one.penstock("plan", "one").code == 0
    assert one.end_manager(signal.SIGTERM) == 0
    assert "Stopped; every deployment that ran was finished." in one.log
    end = one.penstock("publish", "one.plan.json")
    assert end.code == 5
    assert "no answer from 127.0.0.1" in end.stderr


class Answering(http.server.BaseHTTPRequestHandler):
    """Says 200 to every GET."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the standard library
        return


def test_a_refused_plan_can_be_published_again_once_the_node_is_fixed(one: Field) -> None:
    """A plan that went back because a probe had no answer goes active when the answer is there."""
    assert one.penstock("plan", "slow").code == 0
    first = one.penstock("publish", "slow.plan.json")
    assert first.code == 6, first.stdout + first.stderr
    assert one.serves() == ["edge-1, set up by hand"]
    plain = http.server.ThreadingHTTPServer(("127.0.0.1", one.slow_port), Answering)
    thread = threading.Thread(target=plain.serve_forever)
    thread.start()
    try:
        second = one.penstock("publish", "slow.plan.json")
    finally:
        plain.shutdown()
        plain.server_close()
        thread.join()
    assert second.code == 0, second.stdout + second.stderr
    assert one.serves() == ["edge-1 one"]
    until(lambda: not one.pending(), "the end")
