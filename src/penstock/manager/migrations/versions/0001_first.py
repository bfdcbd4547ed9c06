"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "systems",
        sa.Column("uid", sa.Text, primary_key=True),
        sa.Column("hostname", sa.Text, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("tags", sa.JSON, nullable=False),
    )
    op.create_table(
        "instances",
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
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("registered_at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("online", sa.Boolean, nullable=False),
        sa.Column("serial", sa.Integer, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=True),
    )
    op.create_table(
        "blobs",
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "versions",
        sa.Column("uid", sa.Text, primary_key=True),
        sa.Column("target_uid", sa.Text, nullable=False),
        sa.Column("serial", sa.Integer, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("root", sa.Text, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("external_id", sa.Text, nullable=False),
        sa.Column("external_id_type", sa.Text, nullable=False),
        sa.UniqueConstraint("target_uid", "serial", name="uq_versions_target_serial"),
    )
    op.create_index("ix_versions_external_id", "versions", ["target_uid", "external_id"])
    op.create_table(
        "staged_configs",
        sa.Column("uid", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("nginx_uid", sa.Text, nullable=False),
        sa.Column("group_uid", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("external_id", sa.Text, nullable=False),
        sa.Column("external_id_type", sa.Text, nullable=False),
        sa.Column("config_files", sa.JSON, nullable=False),
        sa.Column("aux_files", sa.JSON, nullable=False),
    )
    op.create_table(
        "instance_groups",
        sa.Column("uid", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "group_members",
        sa.Column("instance_uid", sa.Text, sa.ForeignKey("instances.uid", ondelete="CASCADE"), primary_key=True),
        sa.Column("group_uid", sa.Text, sa.ForeignKey("instance_groups.uid", ondelete="CASCADE"), nullable=False),
    )
    op.create_table(
        "deployments",
        sa.Column("uid", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("target_uid", sa.Text, nullable=False),
        sa.Column("target_name", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("external_id", sa.Text, nullable=False),
        sa.Column("external_id_type", sa.Text, nullable=False),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("skipped", sa.JSON, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("idempotency_key", sa.Text, nullable=True),
        sa.Column("content_hash", sa.Text, nullable=False),
        sa.UniqueConstraint("target_uid", "idempotency_key", name="uq_deployments_target_key"),
    )
    op.create_index("ix_deployments_target", "deployments", ["target_uid", "created_at"])
    op.create_table(
        "deployment_members",
        sa.Column("deployment_uid", sa.Text, sa.ForeignKey("deployments.uid", ondelete="CASCADE"), primary_key=True),
        sa.Column("instance_uid", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("base_digest", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("evidence", sa.JSON, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
    )
    op.create_index(
        "uq_deployment_members_pending",
        "deployment_members",
        ["instance_uid"],
        unique=True,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "users",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("object", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drop every table, those that refer to others first."""
    for table in (
        "audit",
        "users",
        "deployment_members",
        "deployments",
        "group_members",
        "instance_groups",
        "staged_configs",
        "versions",
        "blobs",
        "instances",
        "systems",
    ):
        op.drop_table(table)
