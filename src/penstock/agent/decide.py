"""What a series of looks at a master means for a reload: it took effect, it failed, or it cannot be said yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.agent.masters import Worker

_SECONDS_ALIVE = 1.0
_SECONDS_UNCHANGED = 0.5  # more than one look: between them the master may have been woken for something else
_SECONDS_UNSERVED = 0.2  # more than one look: a worker may start between the listing and the reading of /proc


@dataclass(slots=True)
class Watch:
    """A reload that is watched. began: the time of the signal; all times are seconds of one clock.

    old_pids: the workers from before the signal. wanted: how many workers the configuration starts, at least.
    """

    old_pids: frozenset[int]
    wanted: int
    began: float
    deadline_s: float
    fresh: frozenset[tuple[int, int]] = frozenset()
    _seen: frozenset[tuple[int, int]] = frozenset()
    _whole_since: float = field(default=0.0)
    _served_at: float = field(default=0.0)
    _busy_at: float = field(default=0.0)

    def judge(self, now: float, workers: Sequence[Worker], *, resting: bool) -> str | None:
        """Why the reload failed, empty when it took effect, None when the next look must tell.

        resting: the master had dealt with the signal when the workers were listed.

        It took effect when every wanted worker is new and has lived for a second, and no old one takes requests.
        """
        fresh = frozenset(
            (each.pid, each.start_ticks) for each in workers if each.pid not in self.old_pids and not each.leaving
        )
        old = [each.pid for each in workers if each.pid in self.old_pids and not each.leaving]
        died = self._seen - fresh
        if died:
            return f"{len(died)} new worker{'s' if 1 < len(died) else ''} died soon after the start"
        if fresh != self.fresh or len(fresh) < self.wanted or old:
            self._whole_since = now
        self._seen |= fresh
        self.fresh = fresh
        if fresh or not resting:
            self._busy_at = now
        elif old and max(self._busy_at, self.began) + _SECONDS_UNCHANGED <= now:
            return "nginx kept its old workers: it could not take what it read"
        if fresh or old:
            self._served_at = now
        elif max(self._served_at, self.began) + _SECONDS_UNSERVED < now:
            return "no worker serves any more"
        if self.wanted <= len(fresh) and not old and self._whole_since + _SECONDS_ALIVE <= now:
            return ""
        if self.began + self.deadline_s < now:
            late = f"{len(fresh)} of {self.wanted} new workers were there {self.deadline_s:.0f} s after the signal"
            return late + (f"; {len(old)} of the old ones still served" if old else "")
        return None
