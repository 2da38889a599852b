"""When a delivery failed for the first time: its age is counted from there."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Unknown for those that are waiting; their next failure counts as the first."""
    op.add_column("deliveries", sa.Column("first_failed_ms", sa.BigInteger))
