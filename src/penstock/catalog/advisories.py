"""nginx's security advisories, and which releases each one concerns."""

from __future__ import annotations

import re
from typing import NamedTuple

_RANGE = re.compile(r"(\d+(?:\.\d+)+)(?:-(\d+(?:\.\d+)+))?")


class Advisory(NamedTuple):
    """One advisory. cve: with its prefix, or empty. severity: major, medium, minor, low or none, as nginx says.

    vulnerable: ranges of releases as written there ("1.1.3-1.15.5, 1.0.7-1.0.15"), both ends included.
    fixed: the releases without it ("1.31.3+, 1.30.4+": from these on, each in its own series).
    """

    cve: str
    title: str
    severity: str
    vulnerable: str
    fixed: str
    url: str

    def concerns(self, version: str) -> bool:
        """Whether an unpatched nginx of this release (not for Windows) is vulnerable.

        A stable release that got the fix is not, though its number lies in the range.
        """
        if self.vulnerable == "all":
            return True
        if self.vulnerable.startswith("nginx/Windows"):
            return False
        wanted = _numbers(version)
        for fixed in re.findall(r"(\d+(?:\.\d+)+)\+", self.fixed):
            good = _numbers(fixed)
            if good[:2] == wanted[:2] and good <= wanted:
                return False
        return any(
            _numbers(first) <= wanted <= _numbers(last or first) for first, last in _RANGE.findall(self.vulnerable)
        )


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split("."))
