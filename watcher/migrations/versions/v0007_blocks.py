"""Hashes of the blocks by which what is read is held against what was read before."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; what was read before has no hashes, and is not held against anything."""
    op.create_table(
        "block",
        sa.Column("chain_id", sa.BigInteger, primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("hash", sa.String(66), nullable=False),
        sa.Column("parent", sa.String(66), nullable=False),
    )
