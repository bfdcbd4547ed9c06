"""recover(): called by every process that opens a manager, so it must harm nothing and stop at nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from penstock.agent.local import LocalNginx
from penstock.agent.tree import exchange
from penstock.model import State
from tests.agent.nginxes import lay_out
from tests.agent.test_crash import SITE, killed_at

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from penstock.model import Result
    from tests.agent.nginxes import Nginx

pytestmark = pytest.mark.nginx


def test_a_publish_that_another_process_runs_is_left_alone(nginx: Nginx) -> None:
    """At no step does a recover() from elsewhere say or change anything, and the publish ends active."""
    said: list[Sequence[tuple[str, Result]]] = []

    def elsewhere(_: str) -> None:
        said.append(LocalNginx(allowed=[str(nginx.top)]).recover())

    assert nginx.publish({SITE: nginx.site("new")}, step=elsewhere).state is State.ACTIVE
    assert len(said) > 10
    assert not any(said)
    assert nginx.serves() == "new"


def test_a_dead_master_is_told_by_its_own_uid(nginx: Nginx) -> None:
    """The journal knows which instance it was, so that the manager can end its deployment."""
    uid = nginx.uid
    killed_at(nginx, "signal")
    nginx.stop()
    ((told, result),) = nginx.plane().recover()
    assert (told, result.state) == (uid, State.UNKNOWN)
    assert str(nginx.root) in result.message


@pytest.mark.parametrize("text", ["{", "[]", '{"root": "/"}'], ids=["cut", "not a journal", "other fields"])
def test_a_journal_that_cannot_be_read_stops_nobody_else(nginx: Nginx, tmp_path: Path, text: str) -> None:
    """It is UNKNOWN with the journal's name; the publish at the other root is ended; no publish begins over it."""
    (tmp_path / "aaa").mkdir()
    broken = lay_out(tmp_path / "aaa")
    killed_at(nginx, "signal")
    broken.beside.mkdir(mode=0o700)
    (broken.beside / "state.json").write_text(text)
    ends = dict(nginx.plane().recover())
    assert {uid: end.state for uid, end in ends.items()} == {
        str(broken.root): State.UNKNOWN,
        nginx.uid: State.ROLLED_BACK,
    }
    assert str(broken.beside / "state.json") in ends[str(broken.root)].message
    assert (broken.beside / "state.json").read_text() == text


def test_a_journal_about_another_place_is_not_followed(nginx: Nginx) -> None:
    """A copied `.penstock` names the root that it came from; nothing is swapped by it."""
    killed_at(nginx, "signal")
    path = nginx.beside / "state.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "conf_path": "/etc/nginx/nginx.conf"}))
    before = nginx.tree()
    ((uid, result),) = nginx.plane().recover()
    assert (uid, result.state) == (nginx.uid, State.UNKNOWN)
    assert nginx.tree() == before
    refused = nginx.publish({SITE: nginx.site("newer")})
    assert refused.state is State.REFUSED
    assert str(path) in refused.message
    assert nginx.tree() == before


def test_what_cannot_be_ended_is_not_published_over(nginx: Nginx) -> None:
    """The old tree stands in the workplace while the journal does: a publish must not clear it away."""
    killed_at(nginx, "signal")
    nginx.beside.joinpath("candidate").rename(nginx.top / "etc" / "away")
    nginx.beside.joinpath("candidate").write_bytes(b"not a folder\n")
    nginx.root.joinpath("nginx.conf").write_bytes(nginx.main("# by hand\n"))
    result = nginx.publish({SITE: nginx.site("newer")})
    assert result.state is State.REFUSED, result
    assert nginx.beside.joinpath("state.json").exists()


def test_files_changed_by_hand_after_the_death_are_told_and_not_put_in_force(nginx: Nginx) -> None:
    """The old folder is where it was, with the hand's change, nginx is not told of it, and the next publish goes."""
    killed_at(nginx, "exchange")
    nginx.conf.write_bytes(nginx.main("# by hand\n"))
    workers = nginx.plane().observe()[0].worker_pids
    ((_, result),) = nginx.plane().recover()
    assert result.state is State.UNKNOWN
    assert "somebody changed" in result.message
    assert nginx.conf.read_bytes() == nginx.main("# by hand\n")
    assert nginx.plane().observe()[0].worker_pids == workers
    assert nginx.publish({SITE: nginx.site("new")}).state is State.ACTIVE


@pytest.mark.parametrize("at", ["try", "exchange", "verify"])
def test_a_key_renewed_during_a_publish_is_not_lost(nginx: Nginx, at: str) -> None:
    """Files that the plan does not name change too (certificates); swapping them away would undo the renewal."""
    key = nginx.root / "ssl" / "site.key"

    def renew(step: str) -> None:
        if step == at:
            held = nginx.beside / "candidate" / "ssl" / "site.key"  # where a writer's open handle leads after the swap
            (held if at == "verify" else key).write_bytes(b"renewed\n")

    result = nginx.publish({SITE: nginx.site("new")}, step=renew)
    assert result.state is (State.ROLLED_BACK if at == "verify" else State.REFUSED), result
    assert "ssl/site.key" in result.message
    assert key.read_bytes() == b"renewed\n"
    assert nginx.serves() == "old"


def test_a_death_while_a_settled_publish_is_undone_is_not_called_active(nginx: Nginx) -> None:
    """The journal's settled word could be written and its fsync fail: the way back begins, and may be cut short."""
    killed_at(nginx, "keep")
    exchange(nginx.root, nginx.beside / "candidate")
    ((_, result),) = nginx.plane().recover()
    assert result.state is State.ROLLED_BACK, result
    assert nginx.serves() == "old"
