"""One table for what every feed said: the native coin's, and the stables' that check their pegs."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOVE = """
INSERT INTO feed_price (chain_id, token, block_number, usd, as_of)
SELECT chain_id, '0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee', block_number, usd, as_of FROM native_price
"""


def upgrade() -> None:
    """Move the native coin's prices into the common table."""
    op.create_table(
        "feed_price",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.String(length=42), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("usd", sa.Text(), nullable=True),
        sa.Column("as_of", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("chain_id", "token", "block_number"),
    )
    op.execute(MOVE)
    op.drop_table("native_price")
