"""Why the wallet of a flag may have gone quiet."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "silence",
        sa.Column("flag_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["flag_id"], ["flag.flag_id"]),
        sa.PrimaryKeyConstraint("flag_id"),
    )
