"""What the looks at a master mean: data in, verdict out."""

from __future__ import annotations

import pytest

from penstock.agent.decide import Watch
from penstock.agent.masters import Worker

OLD, LEAVING = Worker(1, 10, leaving=False), Worker(1, 10, leaving=True)
NEW, OTHER = Worker(2, 20, leaving=False), Worker(3, 20, leaving=False)

Looks = list[tuple[float, list[Worker]]]


@pytest.mark.parametrize(
    ("looks", "verdict"),
    [
        ([(0.0, [OLD]), (0.5, [OLD])], None),
        ([(0.1, [LEAVING, NEW, OTHER]), (1.0, [NEW, OTHER])], None),
        ([(0.1, [LEAVING, NEW, OTHER]), (1.2, [NEW, OTHER])], ""),
        ([(0.1, [OLD, NEW, OTHER]), (1.0, [NEW, OTHER])], None),
        ([(0.1, [NEW]), (1.0, [NEW, OTHER]), (1.5, [NEW, OTHER])], None),
        ([(0.1, [NEW, OTHER]), (0.2, [NEW])], "1 new worker died soon after the start"),
        ([(0.1, [LEAVING]), (0.4, [LEAVING])], "no worker serves any more"),
        ([(0.1, [OLD]), (0.2, []), (0.3, [NEW, OTHER])], None),
        (
            [(9.9, [OLD]), (10.1, [OLD])],
            "0 of 2 new workers were there 10 s after the signal; 1 of the old ones still served",
        ),
        ([(9.9, [NEW]), (10.1, [NEW])], "1 of 2 new workers were there 10 s after the signal"),
    ],
)
def test_a_series_of_looks(looks: Looks, verdict: str | None) -> None:
    """The last look gives this verdict, and no earlier one gives any."""
    watch = Watch(frozenset({1}), wanted=2, began=0.0, deadline_s=10.0)
    verdicts = [watch.judge(now, workers, resting=False) for now, workers in looks]
    assert verdicts == [None] * (len(looks) - 1) + [verdict]


@pytest.mark.parametrize(
    ("looks", "verdict"),
    [
        ([(0.1, False, [OLD]), (3.0, False, [OLD]), (3.4, True, [OLD])], None),
        ([(0.1, False, [OLD]), (3.0, False, [OLD]), (3.4, True, [OLD]), (3.6, True, [OLD])], "nginx kept its old"),
        ([(0.1, True, [OLD]), (0.3, True, [OLD, NEW]), (0.9, True, [OLD, NEW])], None),
        ([(0.1, True, [OLD, NEW, OTHER]), (0.2, True, [NEW, OTHER]), (1.3, True, [NEW, OTHER])], ""),
    ],
    ids=["not long enough", "nothing came", "new ones came", "took effect"],
)
def test_a_master_that_rests_with_its_old_workers(
    looks: list[tuple[float, bool, list[Worker]]], verdict: str | None
) -> None:
    """Half a second after it dealt with the signal, no new worker will come."""
    watch = Watch(frozenset({1}), wanted=2, began=0.0, deadline_s=10.0)
    verdicts = [watch.judge(now, workers, resting=resting) for now, resting, workers in looks]
    assert verdicts[:-1] == [None] * (len(looks) - 1)
    assert verdicts[-1] == verdict or (verdict and str(verdicts[-1]).startswith(verdict))
