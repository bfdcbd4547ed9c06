"""Many senders at once: one of those that saw the same version gets through."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.manager.rig import ENTRY, Rig

if TYPE_CHECKING:
    from tests.manager.fleets import Fleet

_SENDERS = 12


def test_of_many_that_saw_the_same_version_one_gets_through(rig: Rig, fleet: Fleet) -> None:
    """Over two managers on one database, as two processes would be: no update is lost."""
    other = Rig(rig.data, rig.fleet, rig.clock)
    path = rig.path_of("edge-1")
    for round_number in range(5):
        tag = rig.tag(path)
        bodies = [f"events {{}}\n# {round_number} {sender}\n" for sender in range(_SENDERS)]

        def send(index: int, tag: str = tag, bodies: list[str] = bodies) -> int:
            chosen = (rig, other)[index % 2]
            answer = chosen.post(path, bodies[index], headers={"If-Match": tag})
            if answer.status_code == 202:
                assert chosen.end(answer)["status"] == "successful"
            return answer.status_code

        with ThreadPoolExecutor(_SENDERS) as pool:
            statuses = list(pool.map(send, range(_SENDERS)))
        assert statuses.count(202) == 1
        assert set(statuses) <= {202, 409, 412}
        assert fleet.disk("edge-1")[ENTRY] == bodies[statuses.index(202)].encode()
    assert len(fleet.applied) == 5
    other.manager.close()


def test_of_many_retries_with_one_key_one_deployment_comes(rig: Rig, fleet: Fleet) -> None:
    """All get the same answer."""
    path = rig.path_of("edge-1")
    headers = {"Idempotency-Key": "k", "If-Match": rig.tag(path)}

    def send(_: int) -> tuple[int, str]:
        answer = rig.post(path, "events {}\n# one\n", headers=headers)
        return answer.status_code, answer.text

    with ThreadPoolExecutor(_SENDERS) as pool:
        answers = set(pool.map(send, range(_SENDERS)))
    assert len(answers) == 1
    assert next(iter(answers))[0] == 202
    rig.manager.close()
    assert fleet.applied == ["edge-1"]
    rig.reopen()
