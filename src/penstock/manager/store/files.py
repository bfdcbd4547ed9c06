"""File contents, kept once each under their SHA-256."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from penstock.manager.store.tables import blobs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Listing = list[list[str]]  # [name, sha256] of each file, sorted by name
_BATCH = 500  # SQLite's oldest limit of parameters in one statement is 999


def store(connection: sa.Connection, files: Mapping[str, bytes]) -> Listing:
    """Keep the contents, and give the listing that brings them back."""
    listing = []
    content: dict[str, bytes] = {}
    for name in sorted(files):
        sha256 = hashlib.sha256(files[name]).hexdigest()
        listing.append([name, sha256])
        content[sha256] = files[name]
    for sha256, data in content.items():
        statement = insert(blobs).values(sha256=sha256, content=data).on_conflict_do_nothing()
        connection.execute(statement)
    return listing


def load(connection: sa.Connection, listing: Sequence[Sequence[str]]) -> dict[str, bytes]:
    """Name -> bytes of a listing."""
    wanted = sorted({sha256 for _, sha256 in listing})
    content: dict[str, bytes] = {}
    for start in range(0, len(wanted), _BATCH):
        chosen = sa.select(blobs.c.sha256, blobs.c.content).where(blobs.c.sha256.in_(wanted[start : start + _BATCH]))
        content.update({row.sha256: row.content for row in connection.execute(chosen)})
    return {name: content[sha256] for name, sha256 in listing}
