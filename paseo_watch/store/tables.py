"""The tables. Times are Unix milliseconds by the service's own clock; hashes are raw bytes.

A change here needs a migration (store/migrations); a test holds the two together.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from paseo_watch.store.columns import JsonText, OutsideText, Serial

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "fk": "%(table_name)s_%(column_0_name)s_fk",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
    }
)

chains = Table(
    "chains",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("genesis", LargeBinary, nullable=False),
    Column("first_seen_ms", BigInteger, nullable=False),
    UniqueConstraint("name", "genesis"),
)

cursors = Table(
    "cursors",
    metadata,
    Column("chain_id", ForeignKey("chains.id"), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("moved_ms", BigInteger, nullable=False),
)

holes = Table(
    "holes",
    metadata,
    Column("chain_id", ForeignKey("chains.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary),
    Column("reason", Text, nullable=False),
    Column("detail", OutsideText, nullable=False),
    Column("events_raw", LargeBinary),
    Column("found_ms", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_ms", BigInteger, nullable=False),
    Column("healed_ms", BigInteger),
)

watcher_state = Table(
    "watcher_state",
    metadata,
    Column("chain_id", ForeignKey("chains.id"), primary_key=True),
    Column("watcher", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", JsonText, nullable=False),
)

facts = Table(
    "facts",
    metadata,
    Column("chain_id", ForeignKey("chains.id"), primary_key=True),
    Column("watcher", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("content", JsonText, nullable=False),
    Column("stored_ms", BigInteger, nullable=False),
    Index("facts_stored", "stored_ms"),
)

conditions = Table(
    "conditions",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("chain_id", ForeignKey("chains.id")),
    Column("rule", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("labels", JsonText, nullable=False),
    Column("notification", JsonText, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
)

notifications = Table(
    "notifications",
    metadata,
    Column("id", Text, primary_key=True),
    Column("chain", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("content", JsonText, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("block_number", BigInteger),
    Column("late", Boolean, nullable=False),
    Index("notifications_created", "created_ms"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("seq", Serial, primary_key=True),
    Column("id", Text, nullable=False),
    Column("notification_id", ForeignKey("notifications.id"), nullable=False),
    Column("receiver", Text, nullable=False),
    Column("sink", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_ms", BigInteger, nullable=False),
    Column("last_error", OutsideText),
    Column("created_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Column("first_failed_ms", BigInteger),
    UniqueConstraint("id"),
    Index("deliveries_queue", "status", "receiver", "sink", "seq"),
    Index("deliveries_notification", "notification_id"),
    Index("deliveries_ended", "ended_ms"),
    sqlite_autoincrement=True,  # a number is never given twice, not even to replace a pruned row's
)
