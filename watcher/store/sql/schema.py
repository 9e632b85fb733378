"""The tables. Integers beyond 63 bits and money are text; times are unix seconds."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
    text,
)

from watcher.store.sql.columns import Instant, Money, Uint256

metadata = MetaData()

# A wallet id from a file may be longer than an address. SQLite keeps no widths, and changes none.
WALLET_ID = String(64).with_variant(String(42), "sqlite")

wallet = Table(
    "wallet",
    metadata,
    Column("address", WALLET_ID, primary_key=True),
    Column("label", Text, nullable=False),
    Column("role", String(8), nullable=False),  # followed, or peer: measured, never alerted
    Column("chains", JSON),  # names; null: every chain of the configuration
    Column("followed_since", Instant, nullable=False),  # the baseline is frozen here
    Column("unfollowed_at", Instant),
    Column("paused", Boolean, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("removed_at", Instant),  # its flags and decisions stay, and with them this row
)

reading = Table(  # where the history of a wallet begins on a chain, fixed when it is first read
    "reading",
    metadata,
    Column("chain_id", BigInteger, primary_key=True),
    Column("wallet", String(42), primary_key=True),
    Column("from_block", BigInteger, nullable=False),
)

coverage = Table(  # which blocks were really read for which wallet, and how well proven
    "coverage",
    metadata,
    Column("chain_id", BigInteger, primary_key=True),  # 0: a file covers it, and its blocks are unix seconds
    Column("wallet", WALLET_ID, primary_key=True),
    Column("first_block", BigInteger, primary_key=True),
    Column("last_block", BigInteger, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("level", String(8), nullable=False),
)

block = Table(  # by which what is read is held against what was read before: the newest, and the ends of coverage
    "block",
    metadata,
    Column("chain_id", BigInteger, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("hash", String(66), nullable=False),
    Column("parent", String(66), nullable=False),
)

raw_transaction = Table(  # the node's own words: trades can be decoded again without it
    "raw_transaction",
    metadata,
    Column("chain_id", BigInteger, primary_key=True),
    Column("tx_hash", String(66), primary_key=True),
    Column("block_number", BigInteger, nullable=False),
    Column("block_hash", String(66), nullable=False),
    Column("transaction_index", Integer, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),  # zlib of {"transaction", "receipt", "internal_transactions"}
)

pool = Table(  # null: asked, and no known factory vouches for it
    "pool",
    metadata,
    Column("chain_id", BigInteger, primary_key=True),
    Column("address", String(42), primary_key=True),
    Column("factory", String(42)),
    Column("tokens", JSON, nullable=False),
)

placed_order = Table(  # who placed an order that was paid before it was filled
    "placed_order",
    metadata,
    Column("chain_id", BigInteger, primary_key=True),
    Column("uid", String(114), primary_key=True),  # the settlement's name of it: hash, owner, expiry
    Column("wallet", String(42), nullable=False),
)

raw_wallet = Table(
    "raw_wallet",
    metadata,
    Column("chain_id", BigInteger, primary_key=True),
    Column("tx_hash", String(66), primary_key=True),
    Column("wallet", String(42), primary_key=True),
)

trade = Table(
    "trade",
    metadata,
    Column("chain_id", BigInteger, primary_key=True),
    Column("tx_hash", String(66), primary_key=True),
    Column("wallet", String(42), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("block_number", BigInteger, nullable=False),
    Column("transaction_index", Integer, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    Column("sold", JSON, nullable=False),  # [[token, amount as text], …]
    Column("bought", JSON, nullable=False),
    Column("venue", Text, nullable=False),
    Column("venue_status", String(10), nullable=False),
    Column("native_source", String(10)),
    Column("native_bounds", JSON(none_as_null=True)),  # [least, most] as text, where the amount is not settled
    Column("fee_native_raw", Uint256, nullable=False),
    Column("decoder", Integer, nullable=False),  # version of the decoder that made it
    Column("known_at", Instant, nullable=False),
    Index("trade_by_wallet", "wallet", "timestamp"),
)

move = Table(  # what moved without being traded: the books must know what is held
    "move",
    metadata,
    Column("chain_id", BigInteger, primary_key=True),
    Column("tx_hash", String(66), primary_key=True),
    Column("wallet", String(42), primary_key=True),
    Column("token", String(42), primary_key=True),
    Column("block_number", BigInteger, nullable=False),
    Column("transaction_index", Integer, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    Column("amount_raw", Uint256, nullable=False),  # signed
)

on_behalf = Table(  # others swapped what the wallet had approved: no trade, but counted
    "on_behalf",
    metadata,
    Column("chain_id", BigInteger, primary_key=True),
    Column("tx_hash", String(66), primary_key=True),
    Column("wallet", String(42), primary_key=True),
    Column("block_number", BigInteger, nullable=False),
)

valuation = Table(
    "valuation",
    metadata,
    Column("chain_id", BigInteger, primary_key=True),
    Column("tx_hash", String(66), primary_key=True),
    Column("wallet", String(42), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("value_usd", Money),
    Column("gas_usd", Money),
    Column("source", String(16), nullable=False),
    Column("as_of", BigInteger),
)

provision = Table(  # liquidity that a wallet itself added to a pool (+) or took out (-)
    "provision",
    metadata,
    Column("chain_id", BigInteger, primary_key=True),
    Column("tx_hash", String(66), primary_key=True),
    Column("wallet", String(42), primary_key=True),
    Column("log_index", BigInteger, primary_key=True),
    Column("block_number", BigInteger, nullable=False),
    Column("transaction_index", Integer, nullable=False),
    Column("pool", String(66), nullable=False),
    Column("liquidity", Uint256, nullable=False),  # signed
    Column("lower_tick", Integer),
    Column("upper_tick", Integer),
)

suspicion = Table(  # a doubt about a trade, which stays when trades are decoded again
    "suspicion",
    metadata,
    Column("chain_id", BigInteger, primary_key=True),
    Column("tx_hash", String(66), primary_key=True),
    Column("wallet", String(42), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("pool", String(66), nullable=False),
    Column("doubt", String(10), nullable=False),
)

feed_price = Table(  # what a token's feed said at a block, null: refused; the native coin's is under NATIVE
    "feed_price",
    metadata,
    Column("chain_id", BigInteger, primary_key=True),
    Column("token", String(42), primary_key=True),
    Column("block_number", BigInteger, primary_key=True),
    Column("usd", Money),
    Column("as_of", BigInteger),
)

token = Table(  # null: asked, and the contract gave no usable answer
    "token",
    metadata,
    Column("chain_id", BigInteger, primary_key=True),
    Column("address", String(42), primary_key=True),
    Column("symbol", Text),
    Column("decimals", Integer),
)

mark = Table(  # what selling a whole holding at once would have brought; not known: no row
    "mark",
    metadata,
    Column("chain_id", BigInteger, primary_key=True),
    Column("wallet", String(42), primary_key=True),
    Column("token", String(42), primary_key=True),
    Column("day", Date, primary_key=True),  # UTC day of ``marked_at``
    Column("marked_at", Instant, nullable=False),
    Column("quantity_raw", Uint256, nullable=False),
    Column("proceeds_usd", Money, nullable=False),
)

assessment = Table(
    "assessment",
    metadata,
    Column("wallet", WALLET_ID, primary_key=True),
    Column("as_of", Instant, primary_key=True),
    Column("state", String(8), nullable=False),
    Column("score", Text, nullable=False),  # repr of a float: exact
    Column("evidence", Text, nullable=False),
)

flag = Table(
    "flag",
    metadata,
    Column("flag_id", Integer, primary_key=True),
    Column("wallet", WALLET_ID, ForeignKey("wallet.address"), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("status", String(12), nullable=False),
    Column("score", Text, nullable=False),
    Column("evidence", Text, nullable=False),  # frozen
    Column("chart", Text, nullable=False),
    Column("asked_score", Text),  # repr of a float: the score at which it was last asked again
    Column("recovered_at", Instant),
    Column("config_hash", String(16), nullable=False, server_default=""),
    Index(
        "flag_one_open",
        "wallet",
        unique=True,
        sqlite_where=text("status = 'open'"),
        postgresql_where=text("status = 'open'"),
    ),
)

outbox = Table(
    "outbox",
    metadata,
    Column("outbox_id", Integer, primary_key=True),
    Column("flag_id", Integer, ForeignKey("flag.flag_id")),  # null: words about several flags, or none
    Column("state", String(10), nullable=False),  # pending, sending, uncertain, sent; folded, void: see store.outbox
    Column("tries", Integer, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("message_id", BigInteger),
    Column("sent_at", Instant),
    Column("problem", Text),
    Column("kind", String(8), nullable=False, server_default="flag"),  # flag, again, words, storm, decided, card, aside
    Column("chat_id", BigInteger),  # null: the first chat of the configuration
    Column("html", Text),  # the words, or what stands above the card
    Column("about", JSON),  # flags whose cards can be asked for below the words
    Column("silent", Boolean, nullable=False, server_default=false()),
)

decision = Table(  # append-only: a trigger refuses changes
    "decision",
    metadata,
    Column("decision_id", Integer, primary_key=True),
    Column("flag_id", Integer, ForeignKey("flag.flag_id"), nullable=False),
    Column("choice", String(12), nullable=False),
    Column("until", Instant),
    Column("decided_at", Instant, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("user_id", BigInteger),
    Column("channel", String(8), nullable=False),
    Column("note", Text, nullable=False),
    Column("update_id", BigInteger, unique=True),
    Column("message_id", BigInteger),
    Column("config_hash", String(16), nullable=False, server_default=""),
)

act = Table(  # what people said about wallets; append-only as well
    "act",
    metadata,
    Column("act_id", Integer, primary_key=True),
    Column("wallet", WALLET_ID, ForeignKey("wallet.address"), nullable=False),
    Column("verb", String(10), nullable=False),
    Column("at", Instant, nullable=False),
    Column("until", Instant),
    Column("flag_id", Integer, ForeignKey("flag.flag_id")),
    Column("said_by", Text, nullable=False),
    Column("user_id", BigInteger),
    Column("channel", String(8), nullable=False),
    Column("note", Text, nullable=False),
)

look_back = Table(  # how a decision looks so many days later
    "look_back",
    metadata,
    Column("decision_id", Integer, ForeignKey("decision.decision_id"), primary_key=True),
    Column("days", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("body", Text, nullable=False),
)

silence = Table(  # why the wallet of a flag may have gone quiet, looked for once
    "silence",
    metadata,
    Column("flag_id", Integer, ForeignKey("flag.flag_id"), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("body", Text, nullable=False),
)

usage = Table(  # requests and provider units, metered before they were sent
    "usage",
    metadata,
    Column("day", Date, primary_key=True),
    Column("chain_id", BigInteger, primary_key=True),
    Column("method", Text, primary_key=True),
    Column("requests", BigInteger, nullable=False),
    Column("units", BigInteger, nullable=False),
)

memo = Table(  # small facts that survive a restart: the Telegram offset, a learned block step
    "memo",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

source_file = Table(
    "source_file",
    metadata,
    Column("file_id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("kind", Text, nullable=False),
    Column("imported_at", Instant, nullable=False),  # when its rows became known
)

file_trip = Table(  # a closed round trip as a file tells it
    "file_trip",
    metadata,
    Column("wallet", String(64), primary_key=True),
    Column("position_id", Text, primary_key=True),
    Column("file_id", Integer, ForeignKey("source_file.file_id"), nullable=False),
    Column("chain_id", BigInteger, nullable=False),
    Column("token", Text, nullable=False),
    Column("opened_at", Instant),
    Column("closed_at", Instant, nullable=False),
    Column("cost_usd", Money),
    Column("pnl_usd", Money),
    Column("return_fraction", Text),  # repr of a float: exact
)

file_trade = Table(  # a trade as a file tells it, with its valuation; one that a node told goes before it
    "file_trade",
    metadata,
    Column("wallet", String(64), primary_key=True),
    Column("chain_id", BigInteger, primary_key=True),
    Column("tx_hash", Text, primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("file_id", Integer, ForeignKey("source_file.file_id"), nullable=False),
    Column("block_number", BigInteger, nullable=False),
    Column("transaction_index", Integer, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    Column("sold", JSON, nullable=False),
    Column("bought", JSON, nullable=False),
    Column("venue", Text, nullable=False),
    Column("venue_status", String(10), nullable=False),
    Column("fee_native_raw", Uint256, nullable=False),
    Column("value_usd", Money),
    Column("gas_usd", Money),
)
