"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make them all, in the order in which they refer to each other."""
    _chains_and_what_hangs_on_them()
    _conditions()
    _outbox()


def _chains_and_what_hangs_on_them() -> None:
    op.create_table(
        "chains",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("genesis", sa.LargeBinary, nullable=False),
        sa.Column("first_seen_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="chains_pk"),
        sa.UniqueConstraint("name", "genesis", name="chains_name_genesis_key"),
    )
    op.create_table(
        "cursors",
        sa.Column("chain_id", sa.Integer, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("moved_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("chain_id", name="cursors_pk"),
        sa.ForeignKeyConstraint(["chain_id"], ["chains.id"], name="cursors_chain_id_fk"),
    )
    op.create_table(
        "holes",
        sa.Column("chain_id", sa.Integer, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("events_raw", sa.LargeBinary),
        sa.Column("found_ms", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_ms", sa.BigInteger, nullable=False),
        sa.Column("healed_ms", sa.BigInteger),
        sa.PrimaryKeyConstraint("chain_id", "number", name="holes_pk"),
        sa.ForeignKeyConstraint(["chain_id"], ["chains.id"], name="holes_chain_id_fk"),
    )
    op.create_table(
        "watcher_state",
        sa.Column("chain_id", sa.Integer, nullable=False),
        sa.Column("watcher", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "watcher", "key", name="watcher_state_pk"),
        sa.ForeignKeyConstraint(["chain_id"], ["chains.id"], name="watcher_state_chain_id_fk"),
    )


def _conditions() -> None:
    op.create_table(
        "conditions",
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("chain_id", sa.Integer),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("labels", sa.Text, nullable=False),
        sa.Column("notification", sa.Text, nullable=False),
        sa.Column("since_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name="conditions_pk"),
        sa.ForeignKeyConstraint(["chain_id"], ["chains.id"], name="conditions_chain_id_fk"),
    )


def _outbox() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("chain", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("block_number", sa.BigInteger),
        sa.Column("late", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="notifications_pk"),
    )
    op.create_index("notifications_created", "notifications", ["created_ms"])
    op.create_table(
        "deliveries",
        sa.Column("seq", SERIAL, nullable=False, primary_key=True),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("notification_id", sa.Text, nullable=False),
        sa.Column("receiver", sa.Text, nullable=False),
        sa.Column("sink", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_ms", sa.BigInteger, nullable=False),
        sa.Column("last_error", sa.Text),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("ended_ms", sa.BigInteger),
        sa.PrimaryKeyConstraint("seq", name="deliveries_pk"),
        sa.UniqueConstraint("id", name="deliveries_id_key"),
        sa.ForeignKeyConstraint(["notification_id"], ["notifications.id"], name="deliveries_notification_id_fk"),
        sqlite_autoincrement=True,
    )
    op.create_index("deliveries_queue", "deliveries", ["status", "receiver", "sink", "seq"])
    op.create_index("deliveries_notification", "deliveries", ["notification_id"])
    op.create_index("deliveries_ended", "deliveries", ["ended_ms"])
