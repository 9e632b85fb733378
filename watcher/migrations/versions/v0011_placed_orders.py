"""Who placed orders that were paid before they were filled, and swaps by others on a wallet's behalf."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "placed_order",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.String(114), nullable=False),
        sa.Column("wallet", sa.String(42), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "uid"),
    )
    op.create_table(
        "on_behalf",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.String(66), nullable=False),
        sa.Column("wallet", sa.String(42), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "tx_hash", "wallet"),
    )
