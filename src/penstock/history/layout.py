"""Where an instance's files stand in the journal's tree, and how names become names that git accepts.

    fleet/<two hex digits of sha256(instance name)>/<quoted instance name>/<quoted path below root>
    attempts/<the same two digits>/<quoted instance name>

256 shards keep every tree small, so that one changed file among 10,000 instances rewrites five small trees.
`attempts` holds one small file per instance that a publish did not change (a failed one): git's own path-limited
log then finds the failed attempts of an instance as fast as its versions.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from penstock.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

FLEET = "fleet"
ATTEMPTS = "attempts"

# Bytes that stay as they are: printable ASCII without % " \ /, and what belongs to a UTF-8 sequence (checked apart).
_PLAIN = frozenset(byte for byte in range(0x20, 0x7F) if chr(byte) not in '%"\\/')
_ESCAPE = re.compile(rb"%([0-9A-F]{2})")


def quote(component: str) -> str:
    """One path component as a name that git's fsck accepts on every file system; `unquote` gives it back.

    Control characters, `%`, `"`, `\\`, `/` and bytes that are not UTF-8 become %XX. So does the first character of a
    name that git or a file system could take for its own: `.`, `..`, `.git*` in any case, `git~1`, a dot name with
    characters that HFS+ ignores (fsck's hasDotgit), and `-`, which a shell could take for an option.
    """
    quoted: list[str] = []
    for character in component:
        raw = character.encode("utf-8", "surrogateescape")
        printable = character.isprintable() if len(raw) > 1 else raw[0] in _PLAIN
        quoted.append(character if printable else "".join(f"%{byte:02X}" for byte in raw))
    text = "".join(quoted)
    lowered = component.lower()
    special = (
        component in {".", ".."}
        or lowered.startswith((".git", "git~", "-"))
        or (component.startswith(".") and not component.isascii())
    )
    return f"%{ord(text[0]):02X}{text[1:]}" if special else text


def unquote(name: str) -> str:
    """The component that `quote` made this of."""
    raw = _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), name.encode("utf-8", "surrogateescape"))
    return raw.decode("utf-8", "surrogateescape")


def shard(instance: str) -> str:
    """The two hex digits under which an instance stands."""
    return hashlib.sha256(instance.encode("utf-8", "surrogateescape")).hexdigest()[:2]


def instance_folder(instance: str, area: str = FLEET) -> str:
    """The folder of an instance in the journal's tree. Raises UsageError for a name that is empty or no text."""
    if not instance or not _is_text(instance):
        raise UsageError(f"{instance!r} is no name for an instance", way_out="Give the instance a name.")
    return f"{area}/{shard(instance)}/{quote(instance)}"


def quote_path(path: str, *, instance: str) -> str:
    """A path below the instance's root, each component quoted.

    Raises UsageError for a path that is absolute, not normalised, leaves the root or has a NUL.
    """
    parts = path.split("/")
    if "\0" in path or not _is_text(path) or any(part in {"", ".", ".."} for part in parts):
        raise UsageError(
            f"{instance}: {path!r} is not a path below the instance's root",
            way_out="Record files by their names relative to the root, without `..` and without a leading slash.",
        )
    return "/".join(quote(part) for part in parts)


def _is_text(name: str) -> bool:
    """Whether it has bytes: a surrogate that stands for no byte has none."""
    try:
        name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def unquote_path(path: str) -> str:
    """The path that `quote_path` made this of."""
    return "/".join(unquote(part) for part in path.split("/"))


def digest(files: Mapping[str, bytes]) -> str:
    """64 hex digits over names and bytes: the very digest that `FileSet.digest` has for these files."""
    total = hashlib.sha256()
    for path in sorted(files):
        name = path.encode("utf-8", "surrogateescape")
        total.update(b"%d:%b%d:" % (len(name), name, len(files[path])))
        total.update(files[path])
    return total.hexdigest()
