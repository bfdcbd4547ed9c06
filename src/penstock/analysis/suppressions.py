"""Suppression comments: `# penstock: ignore[rule-id] reason`, at the end of a line or alone on the line before.

Several ids are separated by commas. A reason is required. What stands in the comment and suppresses nothing is itself
a finding, so that no comment outlives what it was written for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.analysis.profile import nearest
from penstock.analysis.rule import Context, Finding, NoOptions, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from penstock.model import Comment, Config, Span

_MARK = re.compile(r"#+\s*penstock\s*:")
_WHOLE = re.compile(r"#+\s*penstock\s*:\s*ignore\s*\[([^\]]*)\]\s*(.*)", re.DOTALL)
_WAY_OUT = "Write `# penstock: ignore[rule-id] reason`."


@dataclass(slots=True)
class Ignore:
    """One rule id of one comment. first, last: the lines on which a finding may begin or end to be meant."""

    comment: Comment
    rule: str
    reason: str
    first: int
    last: int
    used: bool = False

    def meets(self, rule: str, span: Span) -> bool:
        """Whether a finding of this rule at this span is meant."""
        if rule != self.rule or span.path != self.comment.span.path:
            return False
        return span.line <= self.last and self.first <= max(span.line, span.end_line)


class Suppressions:
    """The suppression comments of a configuration, and which of them were of use."""

    def __init__(self, config: Config) -> None:
        self._ignores: dict[tuple[str, str], list[Ignore]] = {}
        self._malformed: list[tuple[Comment, str]] = []
        marked = [comment for comment in config.comments if "penstock" in comment.text and _MARK.match(comment.text)]
        if not marked:
            return
        alone = {(comment.span.path, comment.span.line) for comment in config.comments if comment.alone}
        for comment in marked:
            self._read(comment, alone)

    def _read(self, comment: Comment, alone: Collection[tuple[str, int]]) -> None:
        found = _WHOLE.fullmatch(comment.text.strip())
        if not found:
            self._malformed.append((comment, "this comment is addressed to penstock and says nothing that it knows"))
            return
        ids, reason = found[1].split(","), found[2].strip(" \t\r-:—")
        if not reason:
            self._malformed.append((comment, "a suppression without a reason is not followed"))
            return
        path, line = comment.span.path, comment.span.line
        if comment.alone:
            line += 1
            while (path, line) in alone:
                line += 1
        for name in ids:
            rule = name.strip()
            self._ignores.setdefault((path, rule), []).append(Ignore(comment, rule, reason, line, line))

    def reason(self, rule: str, span: Span) -> str | None:
        """The reason for which a finding is suppressed, or None."""
        for ignore in self._ignores.get((span.path, rule), ()):
            if ignore.meets(rule, span):
                ignore.used = True
                return ignore.reason
        return None

    def findings(self, known: Collection[str], ran: Collection[str]) -> Iterator[Finding]:
        """What is wrong with the comments. known: all rule ids; ran: those that could have found something.

        To be called when every finding has been asked for.
        """
        for comment, message in self._malformed:
            yield Finding(comment.span, message, _WAY_OUT)
        for ignores in self._ignores.values():
            for ignore in ignores:
                yield from _judge(ignore, known, ran)


def _judge(ignore: Ignore, known: Collection[str], ran: Collection[str]) -> Iterator[Finding]:
    span, rule = ignore.comment.span, ignore.rule
    if rule.startswith(("syntax/", "include/")) and rule not in known:
        yield Finding(span, f"{rule} cannot be suppressed: what nginx cannot read, it refuses", "Mend the text.")
    elif rule not in known:
        yield Finding(span, f'there is no rule "{rule}" to ignore', nearest(rule, known))
    elif rule in ran and not ignore.used:
        yield Finding(span, f"{rule} finds nothing here that this comment could suppress", "Delete the comment.")


def _found_by_the_engine(_: Context, __: NoOptions) -> tuple[Finding, ...]:
    """Only who has seen all findings knows which comments were of use: `analyse` reports them under this rule."""
    return ()


BAD_SUPPRESSION = Rule(
    id="lint/bad-suppression",
    doc="""A suppression comment that does nothing

A finding can be accepted where it stands: `# penstock: ignore[rule-id] reason`, at the end of its line or alone on
the line before. A comment that names no existing rule, gives no reason, or suppresses nothing hides from the next
reader what was meant, and would silently swallow a finding that comes later.

```nginx bad
http {
    # penstock: ignore[security/autoindexx] the listing is public  # want "no rule .security/autoindexx."
    server { autoindex off; }
}
```

```nginx bad
http {
    server { autoindex off; } # penstock: ignore[lint/bad-suppression]  # want "without a reason"
}
```

```nginx good
http {
    # An ordinary comment, about penstock or not.
    server { autoindex off; }
}
```
""",
    severity=Severity.WARNING,
    sources=("https://nginx.org/en/docs/beginners_guide.html#conf_structure",),
    options=NoOptions(),
    check=_found_by_the_engine,
)
