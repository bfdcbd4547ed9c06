"""The instances as the data plane sees them now, written down as they change."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from penstock.errors import NotFound, Unreachable
from penstock.manager.store import groups, inventory, versions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import sqlalchemy as sa

    from penstock.manager.store.database import Database
    from penstock.model import FileSet
    from penstock.ports import DataPlane

_FRESH = timedelta(seconds=1)  # a list of many instances is followed by a question about each


class Fleet:
    """What there is to publish to. wanted_groups: group -> names of the instances that join it when first seen."""

    def __init__(
        self,
        database: Database,
        data_plane: DataPlane,
        *,
        wanted_groups: Mapping[str, tuple[str, ...]],
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._data_plane = data_plane
        self._wanted = wanted_groups
        self._clock = clock
        self._looking = threading.Lock()
        self._looked_at: datetime | None = None
        self._joined: set[str] = set()

    def refresh(self) -> None:
        """Look at the data plane, unless somebody just did."""
        with self._looking:
            now = self._clock()
            if self._looked_at and abs(now - self._looked_at) < _FRESH:
                return
            seen = self._data_plane.observe()
            with self._database.write() as connection:
                inventory.observe(connection, seen, now=now)
                self._join_groups(connection, {one.uid: one.name for one in seen}, now)
            self._looked_at = now

    def look_again(self) -> None:
        """Look at the data plane now."""
        with self._looking:
            self._looked_at = None
        self.refresh()

    def _join_groups(self, connection: sa.Connection, names: Mapping[str, str], now: datetime) -> None:
        """Make the groups of the settings, and put into them what this process sees for the first time."""
        for name, member_names in self._wanted.items():
            group = groups.find_group(connection, name) or groups.create_group(
                connection, name, display_name=name, description="", now=now
            )
            for uid in names.keys() - self._joined:
                if names[uid] in member_names and groups.group_of(connection, uid) is None:
                    groups.add_member(connection, group.uid, uid)
        self._joined.update(names)

    def read_disk(self, uid: str) -> tuple[inventory.Node, FileSet]:
        """The instance and what is on its disk now; a change made on the node becomes a version of its own.

        Raises NotFound for an unknown instance, and Unreachable for one that the data plane does not see now: what is
        on its disk cannot be said, and an older version would pass for it.
        """
        with self._database.read() as connection:
            node = inventory.get_node(connection, uid)
        try:
            files = self._data_plane.fetch(uid)
        except NotFound as error:
            raise Unreachable(f"{node.name} is offline, its configuration cannot be read: {error.message}") from error
        if node.digest == files.digest:
            return node, files
        with self._database.write() as connection:
            return versions.record_disk(connection, uid, files, now=self._clock()), files
