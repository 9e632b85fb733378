"""Which trades look like wash trades, and what wallets themselves added to pools."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "provision",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.String(length=66), nullable=False),
        sa.Column("wallet", sa.String(length=42), nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("transaction_index", sa.Integer(), nullable=False),
        sa.Column("pool", sa.String(length=66), nullable=False),
        sa.Column("liquidity", sa.Text(), nullable=False),
        sa.Column("lower_tick", sa.Integer(), nullable=True),
        sa.Column("upper_tick", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("chain_id", "tx_hash", "wallet", "log_index"),
    )
    op.create_table(
        "suspicion",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.String(length=66), nullable=False),
        sa.Column("wallet", sa.String(length=42), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("pool", sa.String(length=66), nullable=False),
        sa.Column("doubt", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "tx_hash", "wallet", "ordinal"),
    )
