"""The tables, as SQLAlchemy Core sees them; `manager/migrations` makes them, and a test holds the two together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Moment(sa.types.TypeDecorator[datetime]):
    """A time with its zone, kept as whole milliseconds since 1970: the precision that the API prints.

    Were more kept, a client that sends back the time it was given would seem to send an older one.
    """

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Milliseconds, cut off not rounded."""
        return None if value is None else (value - _EPOCH) // timedelta(milliseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """The time in UTC."""
        return None if value is None else _EPOCH + timedelta(milliseconds=value)


metadata = sa.MetaData()

systems = sa.Table(
    "systems",
    metadata,
    sa.Column("uid", sa.Text, primary_key=True),
    sa.Column("hostname", sa.Text, nullable=False),
    sa.Column("display_name", sa.Text, nullable=False),
    sa.Column("tags", sa.JSON, nullable=False),  # sorted list of text
)

# serial: the fencing number. It grows with every version, and a deployment holds the next one while it runs.
instances = sa.Table(
    "instances",
    metadata,
    sa.Column("uid", sa.Text, primary_key=True),
    sa.Column("system_uid", sa.Text, sa.ForeignKey("systems.uid"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("hostname", sa.Text, nullable=False),
    sa.Column("executable", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("conf_path", sa.Text, nullable=False),
    sa.Column("root", sa.Text, nullable=False),
    sa.Column("configure_args", sa.JSON, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("registered_at", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
    sa.Column("online", sa.Boolean, nullable=False),
    sa.Column("serial", sa.Integer, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),  # empty until its disk was read once
    sa.Column("updated_at", Moment, nullable=True),
)

blobs = sa.Table(
    "blobs",
    metadata,
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
)

# A version of an instance's configuration, or of a group's (target_uid). files: list of [name, sha256].
versions = sa.Table(
    "versions",
    metadata,
    sa.Column("uid", sa.Text, primary_key=True),
    sa.Column("target_uid", sa.Text, nullable=False),
    sa.Column("serial", sa.Integer, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("root", sa.Text, nullable=False),
    sa.Column("entry", sa.Text, nullable=False),
    sa.Column("files", sa.JSON, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("author", sa.Text, nullable=False),  # empty: changed on the node itself
    sa.Column("external_id", sa.Text, nullable=False),
    sa.Column("external_id_type", sa.Text, nullable=False),
    sa.UniqueConstraint("target_uid", "serial", name="uq_versions_target_serial"),
)
sa.Index("ix_versions_external_id", versions.c.target_uid, versions.c.external_id)

# config_files, aux_files: {"root_dir", "files": [[name, sha256]]}.
staged_configs = sa.Table(
    "staged_configs",
    metadata,
    sa.Column("uid", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("nginx_uid", sa.Text, nullable=False),
    sa.Column("group_uid", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("external_id", sa.Text, nullable=False),
    sa.Column("external_id_type", sa.Text, nullable=False),
    sa.Column("config_files", sa.JSON, nullable=False),
    sa.Column("aux_files", sa.JSON, nullable=False),
)

instance_groups = sa.Table(
    "instance_groups",
    metadata,
    sa.Column("uid", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("display_name", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
)

# An instance belongs to one group at most, as in NIM.
group_members = sa.Table(
    "group_members",
    metadata,
    sa.Column("instance_uid", sa.Text, sa.ForeignKey("instances.uid", ondelete="CASCADE"), primary_key=True),
    sa.Column("group_uid", sa.Text, sa.ForeignKey("instance_groups.uid", ondelete="CASCADE"), nullable=False),
)

# kind: instance or group. owner: the process that carries it out. skipped: list of [uid, name].
deployments = sa.Table(
    "deployments",
    metadata,
    sa.Column("uid", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("target_uid", sa.Text, nullable=False),
    sa.Column("target_name", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Column("external_id", sa.Text, nullable=False),
    sa.Column("external_id_type", sa.Text, nullable=False),
    sa.Column("files", sa.JSON, nullable=False),
    sa.Column("skipped", sa.JSON, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("idempotency_key", sa.Text, nullable=True),
    sa.Column("content_hash", sa.Text, nullable=False),
    sa.UniqueConstraint("target_uid", "idempotency_key", name="uq_deployments_target_key"),
)
sa.Index("ix_deployments_target", deployments.c.target_uid, deployments.c.created_at)

deployment_members = sa.Table(
    "deployment_members",
    metadata,
    sa.Column("deployment_uid", sa.Text, sa.ForeignKey("deployments.uid", ondelete="CASCADE"), primary_key=True),
    sa.Column("instance_uid", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("fence", sa.Integer, nullable=False),  # the serial that the instance has if this goes active
    sa.Column("base_digest", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # a word of model.State
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("evidence", sa.JSON, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
)
# One deployment at a time for each instance: the database itself refuses a second.
sa.Index(
    "uq_deployment_members_pending",
    deployment_members.c.instance_uid,
    unique=True,
    sqlite_where=sa.text("state = 'pending'"),
    postgresql_where=sa.text("state = 'pending'"),
)

users = sa.Table(
    "users",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("object", sa.Text, nullable=False),
)
