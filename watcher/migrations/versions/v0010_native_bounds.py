"""Between which bounds a trade's native amount lies, where it is not settled."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("trade", sa.Column("native_bounds", sa.JSON(none_as_null=True), nullable=True))
