"""What watchers establish and keep for reports."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """An empty table: what was seen before was not kept."""
    op.create_table(
        "facts",
        sa.Column("chain_id", sa.Integer, nullable=False),
        sa.Column("watcher", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("stored_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "watcher", "kind", "key", name="facts_pk"),
        sa.ForeignKeyConstraint(["chain_id"], ["chains.id"], name="facts_chain_id_fk"),
    )
    op.create_index("facts_stored", "facts", ["stored_ms"])
