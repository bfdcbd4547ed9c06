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
            "0 of 2 new workers were there 10 s after the signal, and 1 old ones still served",
        ),
        ([(9.9, [NEW]), (10.1, [NEW])], "1 of 2 new workers were there 10 s after the signal"),
    ],
)
def test_a_series_of_looks(looks: Looks, verdict: str | None) -> None:
    """The last look gives this verdict, and no earlier one gives any."""
    watch = Watch(frozenset({1}), wanted=2, began=0.0, deadline_s=10.0)
    verdicts = [watch.judge(now, workers) for now, workers in looks]
    assert verdicts == [None] * (len(looks) - 1) + [verdict]
