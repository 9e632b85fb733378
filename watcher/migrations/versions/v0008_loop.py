"""The loop after a flag: asked again, recovered, looked back on; messages of several kinds to several chats."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SQLITE = """
CREATE TRIGGER act_is_append_only_{verb} BEFORE {verb} ON act
BEGIN SELECT RAISE(ABORT, 'acts are append-only'); END
"""
POSTGRES = (
    """
CREATE FUNCTION refuse_change_of_acts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'acts are append-only'; END
$$
""",
    """
CREATE TRIGGER act_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON act
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_acts()
""",
)


def upgrade() -> None:
    """Add the columns and the tables."""
    is_postgres = op.get_bind().dialect.name == "postgresql"
    wallet_id = sa.String(length=64 if is_postgres else 42)
    op.add_column("flag", sa.Column("asked_score", sa.Text()))
    op.add_column("flag", sa.Column("recovered_at", sa.BigInteger()))
    op.add_column("flag", sa.Column("config_hash", sa.String(length=16), nullable=False, server_default=""))
    op.add_column("decision", sa.Column("message_id", sa.BigInteger()))
    op.add_column("decision", sa.Column("config_hash", sa.String(length=16), nullable=False, server_default=""))
    with op.batch_alter_table("outbox") as table:
        table.alter_column("flag_id", existing_type=sa.Integer(), nullable=True)
        table.add_column(sa.Column("kind", sa.String(length=8), nullable=False, server_default="flag"))
        table.add_column(sa.Column("chat_id", sa.BigInteger()))
        table.add_column(sa.Column("html", sa.Text()))
        table.add_column(sa.Column("about", sa.JSON()))
        table.add_column(sa.Column("silent", sa.Boolean(), nullable=False, server_default=sa.false()))
    # What a closed channel once refused is tried again: nothing fails for good any more.
    op.execute("UPDATE outbox SET state = 'pending' WHERE state = 'failed'")
    op.create_table(
        "act",
        sa.Column("act_id", sa.Integer(), nullable=False),
        sa.Column("wallet", wallet_id, nullable=False),
        sa.Column("verb", sa.String(length=10), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger()),
        sa.Column("flag_id", sa.Integer()),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger()),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["wallet"], ["wallet.address"]),
        sa.ForeignKeyConstraint(["flag_id"], ["flag.flag_id"]),
        sa.PrimaryKeyConstraint("act_id"),
    )
    op.create_table(
        "look_back",
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.decision_id"]),
        sa.PrimaryKeyConstraint("decision_id", "days"),
    )
    if is_postgres:
        for statement in POSTGRES:
            op.execute(statement)
    else:
        for verb in ("UPDATE", "DELETE"):
            op.execute(SQLITE.format(verb=verb))
