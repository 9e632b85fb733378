"""Between which bounds a trade's native amount lies, where it is not settled."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    for name in ("native_least", "native_most"):
        op.add_column("trade", sa.Column(name, sa.Text(), nullable=True))
