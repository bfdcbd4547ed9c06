"""mend: the fixes of findings, made where it can be proved that they change what they say and nothing else.

A fix is all edits of one finding, made together or not at all, by place and never by the text that stands there.
Edits of one pass do not overlap; what overlaps waits for the second pass, which begins with a fresh analysis.
"""

from __future__ import annotations

import bisect
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from penstock.config import parse
from penstock.mending.proof import Splice, changes_only, got_worse, readable, spliced
from penstock.model import FileSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from penstock.model import Config, Report, Span, Verdict

PASSES = 2
"""How often fixes are looked for: once, and once more for what was in the way of each other."""


class Place(NamedTuple):
    """What a file of a configuration is on the disk, or wherever it is kept.

    key: the same for two configurations that read the same file. refusal: why it must not be changed, a clause;
    empty where it may be.
    """

    key: str
    refusal: str = ""


class Fix(NamedTuple):
    """The edits of one finding. splices: by the key of their file."""

    rule: str
    span: Span
    splices: tuple[tuple[str, Splice], ...]


class NotMade(NamedTuple):
    """A fix that was not made, and why, in a clause."""

    rule: str
    span: Span
    why: str


@dataclass(frozen=True, slots=True)
class Mended:
    """The configurations as they are with the fixes made, in the order in which they came.

    made: the fixes, with the places that they had when they were found. unsafe: fixes that were not asked for.
    """

    configs: tuple[Config, ...]
    made: tuple[Fix, ...] = ()
    not_made: tuple[NotMade, ...] = ()
    unsafe: int = 0


def mend(
    configs: Sequence[Config],
    judge: Callable[[Config], Report],
    *,
    place: Callable[[FileSet, str], Place],
    with_unsafe: bool = False,
) -> Mended:
    """Make the fixes of what `judge` finds, in at most PASSES passes.

    place: what the file of that name is. A fix is left out when its file may not be changed or cannot be read, when
    another token than those that it names would change, when an error or another finding that blocks would come up,
    or when its finding stays; `not_made` says which. Suppressed findings are not fixed.
    """
    state = tuple((config, judge(config)) for config in configs)
    made: list[Fix] = []
    not_made: tuple[NotMade, ...] = ()
    unsafe = 0
    for _ in range(PASSES):
        attempt = _Pass(state, judge, place, with_unsafe)
        attempt.run()
        state, not_made, unsafe = attempt.state, tuple(attempt.not_made), attempt.unsafe
        made += attempt.made
        if not attempt.made:
            break
    return Mended(tuple(config for config, _ in state), tuple(made), not_made, unsafe)


@dataclass
class _Taken:
    """The stretches of files that edits of this pass have taken; what touches one is in its way."""

    stretches: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def take(self, fix: Fix) -> bool:
        """Take what the fix needs. False, and nothing taken, where something is in the way."""
        if not all(self._free(key, splice) for key, splice in fix.splices):
            return False
        for at, (key, splice) in enumerate(fix.splices):
            if not self._free(key, splice):  # by an earlier edit of the same fix
                for other, done in fix.splices[:at]:
                    self.stretches[other].remove((done.start, done.end))
                return False
            bisect.insort(self.stretches.setdefault(key, []), (splice.start, splice.end))
        return True

    def _free(self, key: str, splice: Splice) -> bool:
        taken = self.stretches.get(key, [])
        at = bisect.bisect_left(taken, (splice.start, splice.end))
        before = at == 0 or taken[at - 1][1] < splice.start
        return before and (at == len(taken) or splice.end < taken[at][0])


class _Pass:
    """One round: choose, try, prove."""

    def __init__(
        self,
        base: Sequence[tuple[Config, Report]],
        judge: Callable[[Config], Report],
        place: Callable[[FileSet, str], Place],
        with_unsafe: bool,
    ) -> None:
        self.judge = judge
        self.place = place
        self.with_unsafe = with_unsafe
        self.base = self.state = tuple(base)
        self.data: dict[str, bytes] = {}
        self.made: list[Fix] = []
        self.not_made: list[NotMade] = []
        self.unsafe = 0

    def run(self) -> None:
        """Make what can be made."""
        taken = _Taken()
        chosen = []
        for fix in self._wanted():
            if taken.take(fix):
                chosen.append(fix)
            else:
                self.not_made.append(NotMade(fix.rule, fix.span, "another fix is in its way; run it again"))
        if chosen:
            self._try(chosen)

    def _wanted(self) -> Sequence[Fix]:
        """The fixes that may be tried, by place, each once however many configurations want it."""
        found: dict[object, Fix] = {}
        for config, report in self.base:
            for verdict in report.open:
                if not verdict.finding.fix:
                    continue
                if verdict.finding.unsafe_fix and not self.with_unsafe:
                    self.unsafe += 1
                    continue
                fix = self._fix(config.files, verdict)
                if isinstance(fix, NotMade):
                    self.not_made.append(fix)
                else:
                    found.setdefault((fix.rule, fix.splices), fix)
        return sorted(found.values(), key=lambda fix: fix.splices)

    def _fix(self, files: FileSet, verdict: Verdict) -> Fix | NotMade:
        splices = []
        for edit in verdict.finding.fix:
            path = edit.span.path
            place = self.place(files, path)
            refusal = place.refusal
            if not refusal and place.key not in self.data:
                if readable(files.files[path]):
                    self.data[place.key] = files.files[path]
                else:
                    refusal = "the file cannot be read to its end"
            if refusal:
                return NotMade(verdict.rule, verdict.finding.span, refusal)
            splices.append((place.key, Splice(edit.span.start_byte, edit.span.end_byte, edit.text)))
        return Fix(verdict.rule, verdict.finding.span, tuple(sorted(splices)))

    def _try(self, fixes: Sequence[Fix]) -> None:
        """Make these fixes, beside those that were made already; where that cannot be proved, each half of them."""
        together = [*self.made, *fixes]
        state, why = self._outcome(together)
        if not why:
            self.state, self.made = state, together
        elif len(fixes) == 1:
            self.not_made.append(NotMade(fixes[0].rule, fixes[0].span, why))
        else:
            middle = len(fixes) // 2
            self._try(fixes[:middle])
            self._try(fixes[middle:])

    def _outcome(self, fixes: Sequence[Fix]) -> tuple[tuple[tuple[Config, Report], ...], str]:
        """The configurations with these fixes made, judged, and what speaks against it, in a clause."""
        splices: dict[str, list[Splice]] = {}
        for fix in fixes:
            for key, splice in fix.splices:
                splices.setdefault(key, []).append(splice)
        changed = {key: spliced(self.data[key], some) for key, some in splices.items()}
        for key, some in splices.items():
            if not changes_only(self.data[key], changed[key], some):
                return (), "it would change other tokens than those that it names"
        after = tuple(self._judged_again(config, report, changed) for config, report in self.base)
        why = got_worse(self.base, after) or self._without_effect(after, fixes)
        return after, why

    def _judged_again(self, config: Config, report: Report, changed: Mapping[str, bytes]) -> tuple[Config, Report]:
        files = config.files
        new = {path: changed.get(self.place(files, path).key, data) for path, data in files.files.items()}
        if new == dict(files.files):
            return config, report
        again = parse(FileSet(files.root, files.entry, new, files.origins, files.unreadable))
        return again, self.judge(again)

    def _without_effect(self, after: Iterable[tuple[Config, Report]], fixes: Sequence[Fix]) -> str:
        """Every fix takes at least its own finding away."""
        before, now = _counts(self.base), _counts(after)
        for rule, count in Counter(fix.rule for fix in fixes).items():
            if before[rule] - now[rule] < count:
                return "its finding would stay, or come up elsewhere"
        return ""


def _counts(judged: Iterable[tuple[Config, Report]]) -> Counter[str]:
    return Counter(verdict.rule for _, report in judged for verdict in report.open)
