"""Marks: what a holding would have brought, day by day."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "mark",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("wallet", sa.String(length=42), nullable=False),
        sa.Column("token", sa.String(length=42), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("marked_at", sa.BigInteger(), nullable=False),
        sa.Column("quantity_raw", sa.Text(), nullable=False),
        sa.Column("proceeds_usd", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "wallet", "token", "day"),
    )
