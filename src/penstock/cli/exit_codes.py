"""The exit codes of every command, in one place. They are stable: a pipeline decides by them.

Where an error type or an Outcome stands behind a code, `errors.py` and `model.EXIT_CODES` hold the number.
"""

from __future__ import annotations

DONE = 0
FINDINGS = 1
USAGE = 2
CHANGES = 3
UNREACHABLE = 5
BUG = 70
INTERRUPTED = 130
PIPE_CLOSED = 141
TERMINATED = 143


class Terminated(SystemExit):
    """SIGTERM came. A SystemExit, so that asyncio lets it through at once."""

    def __init__(self) -> None:
        super().__init__(TERMINATED)


MEANINGS: tuple[tuple[int, str, str], ...] = (
    (0, "done, or nothing to do", "pass"),
    (1, "findings at or above --fail-on; refused by policy", "fail"),
    (2, "usage, settings or credential error; nothing was attempted", "fail"),
    (3, "there are changes; only with --exit-code", "decide"),
    (4, "conflict: the plan is stale, a version moved, a lock is held", "plan again"),
    (5, "manager unreachable, 429 or timeout, before any change", "retry"),
    (6, "publish failed a gate; every target is verified back on its earlier version", "fail; the fleet is safe"),
    (7, "mixed fleet: some targets new, some old", "page a person"),
    (8, "state unknown: a rollback failed, or activation is unproven", "page a person"),
    (70, "a bug in Penstock; a report was written", "file a bug"),
    (130, "interrupted (Ctrl-C); says what state was left", ""),
    (141, "whoever read the output went away", ""),
    (143, "terminated (SIGTERM); says what state was left", ""),
)
"""(code, what it means, what a pipeline should do)."""


def table() -> str:
    """The table as `penstock --help` shows it."""
    return "\n".join(f"  {code:>3}  {meaning}" for code, meaning, _ in MEANINGS)
