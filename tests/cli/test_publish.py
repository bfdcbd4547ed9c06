"""plan, stage, publish, status, rollback and diff, through HTTP to a manager over a fleet in memory.

Each exit code of a publish comes from its own cause.
"""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.running import PENSTOCK, penstock
from tests.cli.simulated_manager import CONFIG, GROUPS, PASSWORD, USER

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent.parent
SETTINGS = """
[configs.web]
path = "nginx/nginx.conf"
[targets.alone]
config = "web"
instance = "alone"
[targets.other]
config = "web"
instance = "other"
[targets.pair]
config = "web"
group = "pair"
[targets.trio]
config = "web"
group = "trio"
[targets.nowhere]
config = "web"
instance = "gone"
[configs.each]
template = "template"
values = "values"
[targets.one-by-one]
config = "each"
group = "pair"
deadline_s = 20
[manager.groups]
pair = ["pair-1", "pair-2"]
"""


@dataclass(frozen=True, slots=True)
class Remote:
    """The manager's process."""

    url: str
    process: subprocess.Popen[str]

    def tell(self, line: str) -> None:
        """Choose an end; it holds when this returns."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"


def free_port() -> int:
    """A port of this machine that nobody holds now."""
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        port: int = attempt.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    """One manager for all tests of this file."""
    port = free_port()
    words = [sys.executable, "-m", "tests.cli.simulated_manager", str(tmp_path_factory.mktemp("manager")), str(port)]
    process = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield Remote(f"http://127.0.0.1:{port}", process)
    process.terminate()
    process.communicate(timeout=20)


@pytest.fixture
def remote(running: Remote, monkeypatch: pytest.MonkeyPatch) -> Remote:
    """The manager, asked by a user that it knows, from a project whose config is new to every instance."""
    for name, value in {"MANAGER": running.url, "USERNAME": USER, "PASSWORD": PASSWORD}.items():
        monkeypatch.setenv(f"PENSTOCK_{name}", value)
    for name in ("alone", "other", *GROUPS["pair"], *GROUPS["trio"]):
        running.tell(f"{name} active")
    Path("penstock.toml").write_text(SETTINGS)
    change(f"# {time.monotonic_ns()}")
    return running


def change(line: str) -> None:
    """The project's config, with another last line than before."""
    Path("nginx").mkdir(exist_ok=True)
    Path("nginx/nginx.conf").write_bytes(CONFIG + f"{line}\n".encode())


def change_each(line: str) -> None:
    """The project's template, with another line than before; each instance's files are its own."""
    for name, text in {
        "template/template.yaml": "schema: {type: object}\n",
        "template/nginx.conf.j2": f"{CONFIG.decode()}# {{{{ penstock.instance }}}} {line}\n",
        "values/base.yaml": "{}\n",
    }.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text)


def published(*arguments: str) -> tuple[int, str, dict[str, str]]:
    """(exit code, outcome, instance -> state) of a publish, as a program reads it."""
    end = penstock("publish", *arguments, "--format", "json")
    document = json.loads(end.stdout)
    return end.code, document["outcome"], {one["instance"]: one["state"] for one in document["results"]}


@pytest.mark.usefixtures("remote")
def test_a_plan_says_everything_and_publish_does_it() -> None:
    """plan, publish, status, history: each with its result on stdout."""
    plan = penstock("plan", "pair", "--message", "First release")
    assert plan.code == 0
    assert re.match(r"Plan [0-9a-f]{12} for pair: 2 of 2 instances to change\n  First release\n", plan.stdout)
    assert "+# " in plan.stdout
    assert "instances     pair-1, pair-2" in plan.stdout
    assert plan.stderr == "Written to pair.plan.json.\n"
    end = penstock("publish", "pair.plan.json")
    assert end.code == 0
    assert re.search(r"^pair-1  active ", end.stdout, re.MULTILINE)
    assert re.search(
        r"^pair: active on every target \(\d+\.\d s, recorded as [0-9a-f]{12}\)$", end.stdout, re.MULTILINE
    )
    assert "pair-2: active" in end.stderr
    status = penstock("status", "pair")
    assert status.code == 0
    assert status.stdout.count("as recorded") == 2
    assert "First release" in penstock("history", "log").stdout
    assert penstock("plan", "pair", "--exit-code").code == 0
    assert "Nothing would change" in penstock("plan", "pair").stderr


@pytest.mark.usefixtures("remote")
def test_changes_are_3_only_when_asked() -> None:
    """For pipelines that decide by it."""
    assert penstock("plan", "alone", "--exit-code").code == 3
    assert penstock("diff", "live:alone", "--exit-code").code == 3
    assert penstock("diff", "live:alone").code == 0
    published("alone", "--yes")
    assert penstock("plan", "alone", "--exit-code").code == 0
    assert penstock("diff", "live:alone", "--exit-code").code == 0
    assert penstock("diff", "rev:HEAD:alone", "desired:alone/alone", "--exit-code").code == 0
    change("# another")
    assert penstock("diff", "rev:HEAD:alone", "desired:alone/alone", "--exit-code").code == 3


@pytest.mark.usefixtures("remote")
def test_a_target_is_published_with_a_yes() -> None:
    """Without one, and without anybody to ask, nothing is done."""
    asked = penstock("publish", "alone")
    assert asked.code == 2
    assert "--yes" in asked.stderr
    assert published("alone", "--yes") == (0, "active", {"alone": "active"})
    assert published("alone", "--yes") == (0, "unchanged", {"alone": "active"})


@pytest.mark.usefixtures("remote")
def test_a_refused_change_is_1_and_shows_every_finding() -> None:
    """The gate is the same as `penstock check`; no plan is written."""
    change("nonsense_one; nonsense_two;")
    plan = penstock("plan", "alone")
    assert plan.code == 1
    assert "nonsense_one" in plan.stdout
    assert "nonsense_two" in plan.stdout
    assert not Path("alone.plan.json").exists()
    assert penstock("publish", "alone", "--yes").code == 1


@pytest.mark.usefixtures("remote")
def test_a_stale_plan_is_4() -> None:
    """Somebody published meanwhile: the refusal says to plan again."""
    penstock("plan", "alone")
    change("# meanwhile")
    published("alone", "--yes")
    end = penstock("publish", "alone.plan.json")
    assert (end.code, end.stdout) == (4, "")
    assert "alone moved since the plan was made" in end.stderr
    assert "Make a new plan" in end.stderr


def test_an_unreachable_manager_is_5(remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens there."""
    port = free_port()
    monkeypatch.setenv("PENSTOCK_MANAGER", f"http://127.0.0.1:{port}")
    end = penstock("status", "alone")
    assert (end.code, end.stdout) == (5, "")
    assert f"127.0.0.1:{port}" in end.stderr
    assert remote.url not in end.stderr


@pytest.mark.usefixtures("remote")
def test_a_wrong_password_is_2(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the password is not in the message."""
    monkeypatch.setenv("PENSTOCK_PASSWORD", "difference-engine")
    end = penstock("status", "alone")
    assert (end.code, end.stdout) == (2, "")
    assert "difference-engine" not in end.stderr


@pytest.mark.usefixtures("remote")
def test_an_instance_that_is_not_there_is_2() -> None:
    """The manager's own names are the hint."""
    end = penstock("plan", "nowhere")
    assert (end.code, end.stdout) == (2, "")
    assert "'gone'" in end.stderr


@pytest.mark.parametrize("state", ["refused", "rolled_back"])
def test_a_publish_that_fails_safely_is_6(remote: Remote, state: str) -> None:
    """The instance is as it was, and that was verified."""
    remote.tell(f"other {state}")
    assert published("other", "--yes") == (6, state, {"other": state})


def test_one_that_fails_takes_the_others_back(remote: Remote) -> None:
    """What went active is put back to its base: 6, and every target says so."""
    remote.tell("trio-2 rolled_back")
    code, outcome, states = published("trio", "--yes")
    assert (code, outcome) == (6, "rolled_back")
    assert "active" not in states.values()


def test_a_mixed_fleet_is_7(remote: Remote) -> None:
    """What went active refuses to be put back: some are new and some are old, and a person must look."""
    change_each("mixed")
    remote.tell("pair-2 refused held")
    child = subprocess.Popen(
        [*PENSTOCK, "publish", "one-by-one", "--yes"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stderr is not None
    for line in child.stderr:
        if line.startswith("pair-1: active"):
            break
    remote.tell("pair-1 refused")
    remote.tell("pair-2 go")
    stdout, _ = child.communicate(timeout=60)
    assert child.returncode == 7
    assert "one-by-one: MIXED" in stdout


def test_an_unknown_end_is_8(remote: Remote) -> None:
    """It cannot be said what runs."""
    remote.tell("other unknown")
    code, outcome, states = published("other", "--yes")
    assert (code, outcome, states) == (8, "unknown", {"other": "unknown"})


@pytest.mark.usefixtures("remote")
def test_a_rollback_is_a_publish_of_the_version_before() -> None:
    """Its diff is shown first, it asks, and it is recorded."""
    change("# one")
    published("alone", "--yes", "--message", "one")
    change("# two")
    published("alone", "--yes", "--message", "two")
    only = penstock("rollback", "alone", "--plan-only")
    assert only.code == 0
    assert re.search(r"^-# two\n\+# one$", only.stdout, re.MULTILINE)
    assert penstock("diff", "alone.rollback.plan.json", "alone.rollback.plan.json", "--exit-code").code == 0
    assert penstock("rollback", "alone").code == 2
    end = penstock("rollback", "alone", "--yes", "--message", "Too early")
    assert end.code == 0
    assert "-# two" in end.stdout
    assert "alone: active on every target" in end.stdout
    assert "Too early" in penstock("history", "show").stdout
    assert "# one" in penstock("history", "show", "--instance", "alone").stdout
    assert penstock("rollback", "alone", "--to", "HEAD~99", "--yes").code == 2


@pytest.mark.usefixtures("remote")
def test_without_a_history_there_is_nothing_to_go_back_to() -> None:
    """A usage error: nothing was attempted."""
    end = penstock("rollback", "other", "--yes")
    assert (end.code, end.stdout) == (2, "")
    assert "there is no history" in end.stderr


@pytest.mark.usefixtures("remote")
def test_staging_makes_nothing_live() -> None:
    """The manager has it, and the instance runs what it ran."""
    penstock("plan", "alone")
    end = penstock("stage", "alone.plan.json")
    assert end.code == 0
    assert re.fullmatch(r"alone  [0-9a-f-]+\n", end.stdout)
    assert "1 staged, nothing is live by it." in end.stderr
    assert penstock("diff", "live:alone", "--exit-code").code == 3


@pytest.mark.usefixtures("remote")
def test_a_plan_that_was_edited_is_refused() -> None:
    """Its digest names what was agreed to."""
    penstock("plan", "alone")
    plan = Path("alone.plan.json")
    plan.write_text(plan.read_text().replace("return 404", "return 403"))
    assert penstock("publish", "alone.plan.json").code == 1
    assert penstock("publish", "gone.plan.json").code == 2


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_a_signal_stops_after_the_current_target(remote: Remote, number: signal.Signals, code: int, word: str) -> None:
    """What went active stays, what was not begun is as it was, and both are said."""
    change_each(f"stopped by {word}")
    remote.tell("pair-1 active held")
    child = subprocess.Popen(
        [*PENSTOCK, "publish", "one-by-one", "--yes"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stderr is not None
    for line in child.stderr:
        if line.startswith("pair-1: is published to"):
            break
    child.send_signal(number)
    assert child.stderr.readline().startswith("Stopping after the current target.")
    remote.tell("pair-1 go")
    _, stderr = child.communicate(timeout=60)
    assert child.returncode == code
    assert f"{word}\n  pair-1: active, " in stderr
    assert "\n  pair-2: refused, it was not tried: stopped before it\n" in stderr


def test_a_second_signal_leaves_at_once(remote: Remote) -> None:
    """The manager ends the publish by itself; the message says how to find out."""
    remote.tell("other active held")
    child = subprocess.Popen(
        [*PENSTOCK, "publish", "other", "--yes"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stderr is not None
    for line in child.stderr:
        if line.startswith("other: is published to"):
            break
    child.send_signal(signal.SIGINT)
    child.stderr.readline()
    child.send_signal(signal.SIGINT)
    _, stderr = child.communicate(timeout=60)
    remote.tell("other go")
    assert child.returncode == 130
    assert "other: unknown, interrupted while it was being published to" in stderr


def test_without_the_manager_extra_the_way_out_is_a_command() -> None:
    """A target without a URL needs the manager in this process; what is missing is said with what installs it."""
    Path("penstock.toml").write_text(
        '[configs.web]\npath = "nginx.conf"\n[targets.web]\nconfig = "web"\ninstance = "web"\n'
    )
    program = (
        "import sys; sys.modules['sqlalchemy'] = None\n"
        "from penstock.__main__ import run; sys.exit(run(['status', 'web']))"
    )
    end = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (end.returncode, end.stdout) == (2, "")
    assert "(sqlalchemy)" in end.stderr
    assert "pip install 'penstock[manager]'" in end.stderr
