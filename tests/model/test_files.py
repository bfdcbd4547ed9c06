"""Names in a FileSet."""

from __future__ import annotations

import pytest

from penstock.model import FileSet


@pytest.mark.parametrize(
    "name", ["etc/nginx.conf", "//etc/nginx.conf", "/etc//nginx.conf", "/etc/../x", "/etc/", "", "/a\0b"]
)
def test_a_name_that_is_not_absolute_and_normalised_is_refused(name: str) -> None:
    """POSIX leaves `//` at the beginning to the system, and `normpath` keeps it: two names for one file."""
    with pytest.raises(ValueError, match="absolute, normalised"):
        FileSet("/etc", "/etc/nginx.conf", {name: b""})
