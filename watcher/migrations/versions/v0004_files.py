"""Records that files brought: round trips and trades, and the files themselves; wallet ids that are no addresses."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WALLETS = (("wallet", "address"), ("coverage", "wallet"), ("assessment", "wallet"), ("flag", "wallet"))


def upgrade() -> None:
    """Create the tables; let wallet ids be longer than an address."""
    if op.get_bind().dialect.name != "sqlite":  # SQLite keeps no widths
        for table, column in WALLETS:
            op.alter_column(table, column, type_=sa.String(length=64), existing_type=sa.String(length=42))
    op.create_table(
        "source_file",
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("file_id"),
    )
    op.create_table(
        "file_trip",
        sa.Column("wallet", sa.String(length=64), nullable=False),
        sa.Column("position_id", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.Column("cost_usd", sa.Text(), nullable=True),
        sa.Column("pnl_usd", sa.Text(), nullable=True),
        sa.Column("return_fraction", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["source_file.file_id"]),
        sa.PrimaryKeyConstraint("wallet", "position_id"),
    )
    op.create_table(
        "file_trade",
        sa.Column("wallet", sa.String(length=64), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("transaction_index", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("sold", sa.JSON(), nullable=False),
        sa.Column("bought", sa.JSON(), nullable=False),
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("venue_status", sa.String(length=10), nullable=False),
        sa.Column("fee_native_raw", sa.Text(), nullable=False),
        sa.Column("value_usd", sa.Text(), nullable=True),
        sa.Column("gas_usd", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["source_file.file_id"]),
        sa.PrimaryKeyConstraint("wallet", "chain_id", "tx_hash", "ordinal"),
    )
