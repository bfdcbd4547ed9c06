"""The difference between two trees of the journal as a unified diff that names instances, not folders of ours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from penstock.history.layout import FLEET, instance_folder, unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.history.repository import Repository

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_NAME = re.compile(rf"(?<=[ab]/){FLEET}/[0-9a-f]{{2}}/([^/]+)/(.*?)(?= b/{FLEET}/| and b/{FLEET}/| differ$|\t?$)")
_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # git's name for a tree of nothing (sha1)


def diff_of(repository: Repository, old: str, new: str, *, instance: str = "") -> str:
    """The unified diff from one commit's tree to another's; an empty name is a tree of nothing.

    Bytes that are not UTF-8 are shown as U+FFFD.
    """
    if old == new:
        return ""
    only = instance_folder(instance) if instance else FLEET
    text = repository.run(
        "diff-tree", "-r", "-p", "-U3", "--no-ext-diff", "--no-textconv", "--no-renames", "--no-color", "--full-index",
        old or _EMPTY_TREE, new or _EMPTY_TREE, "--", only,
    ).decode("utf-8", "replace")  # fmt: skip
    return "".join(f"{line}\n" for line in _renamed(text.split("\n")[:-1]))


def _renamed(lines: list[str]) -> Iterator[str]:
    # Inside a hunk a line may look like a header ("--- a/fleet/..."), so hunks are counted through.
    old_left = new_left = 0
    for line in lines:
        if old_left > 0 or new_left > 0:
            old_left -= line[:1] in {" ", "-"}
            new_left -= line[:1] in {" ", "+"}
            yield line
            continue
        hunk = _HUNK.match(line)
        if hunk:
            old_left, new_left = (1 if count is None else int(count) for count in hunk.groups())
            yield line
        elif line.startswith(("diff --git ", "--- ", "+++ ", "Binary files ")):
            yield _NAME.sub(lambda match: "/".join(_shown(part) for part in (match[1], *match[2].split("/"))), line)
        else:
            yield line


def _shown(quoted: str) -> str:
    """The name as the user knows it, or quoted still where it would break the line or the path."""
    name = unquote(quoted)
    return name if name.isprintable() and "/" not in name else quoted
