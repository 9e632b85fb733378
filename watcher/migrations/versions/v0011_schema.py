"""The schema of version 0.2.0.

Eleven steps led to it before there was a release. It has the number of the last of them, so that a database of that
step goes on as it is; one of an earlier step is refused with the way out (``watcher.store.sql.database.prepare``).
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = None
branch_labels = depends_on = None

WALLET = sa.String(length=64).with_variant(sa.String(length=42), "sqlite")  # ids in files are longer than addresses
APPEND_ONLY = {"decision": "decisions", "act": "acts"}
"""Table → what it holds: rows that are never changed, whoever asks."""
SQLITE = """
CREATE TRIGGER {table}_is_append_only_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{rows} are append-only'); END
"""
POSTGRES = """
CREATE FUNCTION refuse_change_of_{rows}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{rows} are append-only'; END
$$;
CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_{rows}()
"""


def upgrade() -> None:
    """Create every table, and what keeps decisions and acts as they are."""
    op.create_table(
        "assessment",
        sa.Column("wallet", WALLET, nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("score", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("wallet", "as_of"),
    )
    op.create_table(
        "block",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=66), nullable=False),
        sa.Column("parent", sa.String(length=66), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "number"),
    )
    op.create_table(
        "coverage",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("wallet", WALLET, nullable=False),
        sa.Column("first_block", sa.BigInteger(), nullable=False),
        sa.Column("last_block", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "wallet", "first_block"),
    )
    op.create_table(
        "feed_price",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.String(length=42), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("usd", sa.Text(), nullable=True),
        sa.Column("as_of", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("chain_id", "token", "block_number"),
    )
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
    op.create_table(
        "memo",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "move",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.String(length=66), nullable=False),
        sa.Column("wallet", sa.String(length=42), nullable=False),
        sa.Column("token", sa.String(length=42), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("transaction_index", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("amount_raw", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "tx_hash", "wallet", "token"),
    )
    op.create_table(
        "on_behalf",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.String(length=66), nullable=False),
        sa.Column("wallet", sa.String(length=42), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "tx_hash", "wallet"),
    )
    op.create_table(
        "placed_order",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.String(length=114), nullable=False),
        sa.Column("wallet", sa.String(length=42), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "uid"),
    )
    op.create_table(
        "pool",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.String(length=42), nullable=False),
        sa.Column("factory", sa.String(length=42), nullable=True),
        sa.Column("tokens", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "address"),
    )
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
        "raw_transaction",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.String(length=66), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.Column("transaction_index", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "tx_hash"),
    )
    op.create_table(
        "raw_wallet",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.String(length=66), nullable=False),
        sa.Column("wallet", sa.String(length=42), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "tx_hash", "wallet"),
    )
    op.create_table(
        "reading",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("wallet", sa.String(length=42), nullable=False),
        sa.Column("from_block", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "wallet"),
    )
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
        "suspicion",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.String(length=66), nullable=False),
        sa.Column("wallet", sa.String(length=42), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("pool", sa.String(length=66), nullable=False),
        sa.Column("doubt", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "tx_hash", "wallet", "ordinal"),
    )
    op.create_table(
        "token",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.String(length=42), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=True),
        sa.Column("decimals", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("chain_id", "address"),
    )
    op.create_table(
        "trade",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.String(length=66), nullable=False),
        sa.Column("wallet", sa.String(length=42), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("transaction_index", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("sold", sa.JSON(), nullable=False),
        sa.Column("bought", sa.JSON(), nullable=False),
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("venue_status", sa.String(length=10), nullable=False),
        sa.Column("native_source", sa.String(length=10), nullable=True),
        sa.Column("native_bounds", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("fee_native_raw", sa.Text(), nullable=False),
        sa.Column("decoder", sa.Integer(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "tx_hash", "wallet", "ordinal"),
    )
    op.create_index("trade_by_wallet", "trade", ["wallet", "timestamp"], unique=False)
    op.create_table(
        "usage",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "chain_id", "method"),
    )
    op.create_table(
        "valuation",
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.String(length=66), nullable=False),
        sa.Column("wallet", sa.String(length=42), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("value_usd", sa.Text(), nullable=True),
        sa.Column("gas_usd", sa.Text(), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("chain_id", "tx_hash", "wallet", "ordinal"),
    )
    op.create_table(
        "wallet",
        sa.Column("address", WALLET, nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("chains", sa.JSON(), nullable=True),
        sa.Column("followed_since", sa.BigInteger(), nullable=False),
        sa.Column("unfollowed_at", sa.BigInteger(), nullable=True),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("address"),
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
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["source_file.file_id"],
        ),
        sa.PrimaryKeyConstraint("wallet", "chain_id", "tx_hash", "ordinal"),
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
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["source_file.file_id"],
        ),
        sa.PrimaryKeyConstraint("wallet", "position_id"),
    )
    op.create_table(
        "flag",
        sa.Column("flag_id", sa.Integer(), nullable=False),
        sa.Column("wallet", WALLET, nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("score", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("chart", sa.Text(), nullable=False),
        sa.Column("asked_score", sa.Text(), nullable=True),
        sa.Column("recovered_at", sa.BigInteger(), nullable=True),
        sa.Column("config_hash", sa.String(length=16), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["wallet"],
            ["wallet.address"],
        ),
        sa.PrimaryKeyConstraint("flag_id"),
    )
    op.create_index(
        "flag_one_open",
        "flag",
        ["wallet"],
        unique=True,
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "act",
        sa.Column("act_id", sa.Integer(), nullable=False),
        sa.Column("wallet", WALLET, nullable=False),
        sa.Column("verb", sa.String(length=10), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("flag_id", sa.Integer(), nullable=True),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["flag_id"],
            ["flag.flag_id"],
        ),
        sa.ForeignKeyConstraint(
            ["wallet"],
            ["wallet.address"],
        ),
        sa.PrimaryKeyConstraint("act_id"),
    )
    op.create_table(
        "decision",
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("flag_id", sa.Integer(), nullable=False),
        sa.Column("choice", sa.String(length=12), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("update_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("config_hash", sa.String(length=16), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["flag_id"],
            ["flag.flag_id"],
        ),
        sa.PrimaryKeyConstraint("decision_id"),
        sa.UniqueConstraint("update_id"),
    )
    op.create_table(
        "outbox",
        sa.Column("outbox_id", sa.Integer(), nullable=False),
        sa.Column("flag_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("kind", sa.String(length=8), server_default="flag", nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=True),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("about", sa.JSON(), nullable=True),
        sa.Column("silent", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(
            ["flag_id"],
            ["flag.flag_id"],
        ),
        sa.PrimaryKeyConstraint("outbox_id"),
    )
    op.create_table(
        "silence",
        sa.Column("flag_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["flag_id"],
            ["flag.flag_id"],
        ),
        sa.PrimaryKeyConstraint("flag_id"),
    )
    op.create_table(
        "look_back",
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"],
            ["decision.decision_id"],
        ),
        sa.PrimaryKeyConstraint("decision_id", "days"),
    )
    on_postgres = op.get_bind().dialect.name == "postgresql"
    for table, rows in APPEND_ONLY.items():
        for verb in [""] if on_postgres else ["UPDATE", "DELETE"]:
            op.execute((POSTGRES if on_postgres else SQLITE).format(table=table, rows=rows, verb=verb))
