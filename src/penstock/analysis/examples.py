"""A rule's examples: the fenced blocks of its manual, which are also its tests.

    ```nginx bad            a configuration in which the rule finds something
    ```nginx good           one in which it finds nothing
    ```nginx good since=1.25.1     one that only this release of nginx, or a later one, takes
    ```nginx good needs=stream     one that only an nginx with this module takes
    ```nginx bad version=1.22.1    one that is judged for this release instead of the newest

In a bad example each line with a finding carries `# want "regexp"`, once for each finding; the comment is not part of
the text that is analysed when it stands behind another comment.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from penstock.analysis.rule import Rule

_FENCE = re.compile(r"^```nginx (good|bad)((?: +[a-z]+=\S+)*) *\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
_WANTS = re.compile(r"""\s*#\s*want((?:\s+"[^"]*")+)\s*$""")


class Example(NamedTuple):
    """One fenced example. kind: good or bad. text: the configuration, without the `want` comments.

    wants: (line, regular expression) for each finding that is to come. nginx_version: the release to judge it for,
    empty for the newest. since, needs: the release and the module that a real nginx must have, or empty.
    """

    kind: str
    text: str
    wants: tuple[tuple[int, str], ...] = ()
    nginx_version: str = ""
    since: str = ""
    needs: str = ""


def examples(rule: Rule[Any]) -> tuple[Example, ...]:
    """The examples in a rule's manual, in their order."""
    return tuple(_example(*found.groups()) for found in _FENCE.finditer(rule.doc))


def _example(kind: str, flags: str, text: str) -> Example:
    wants: list[tuple[int, str]] = []
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        found = _WANTS.search(line)
        if found:
            lines[number - 1] = line[: found.start()]
            wants.extend((number, want) for want in re.findall(r'"([^"]*)"', found[1]))
    given = dict(flag.split("=", 1) for flag in flags.split())
    return Example(kind, "\n".join(lines), tuple(wants), *(given.get(key, "") for key in ("version", "since", "needs")))
