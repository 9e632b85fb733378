"""The database: exact, atomic, append-only where it must be, and never silently replaced."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DatabaseError

from ingest.errors import StoreError
from ingest.types import Leg, Valuation
from tests.builders import ASSET, USD, WALLET, trade
from watcher.lock import only_one
from watcher.store import trade_log, usage, wallets
from watcher.store.sql import database
from watcher.store.sql.database import reading, writing
from watcher.store.sql.schema import metadata
from watcher.types import Coverage, Wallet

NOW = datetime(2025, 7, 1, tzinfo=UTC)


@pytest.fixture
def engine(store):
    return store


def test_the_migrations_lead_to_the_schema(engine):
    """What the migrations build is what the code's tables say."""
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_database_of_a_newer_version_is_left_alone(engine):
    """An unknown revision is refused with its number, and stays."""
    with writing(engine) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer version of Edgewatch \\(schema 9999\\)"):
        database.prepare(engine)
    with reading(engine) as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "9999"


@pytest.mark.parametrize("schema", ["0001", "0010"])
def test_a_database_of_before_the_first_release_is_left_alone(engine, schema):
    """A step on the way to the first schema is refused with the way out, and stays; the last one goes on."""
    with writing(engine) as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{schema}'")
    with pytest.raises(StoreError, match=f"before version 0.2.0 \\(schema {schema}\\).*move the file aside"):
        database.prepare(engine)
    with writing(engine) as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == schema
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0011'")
    database.prepare(engine)


def test_a_file_that_is_no_database_is_left_alone(tmp_path):
    """A file with other content is refused with its name, and stays as it was."""
    path = tmp_path / "edgewatch.db"
    path.write_bytes(b"a diary, not a database" * 100)
    engine = database.connect(f"sqlite:///{path}")
    with pytest.raises(StoreError, match="edgewatch.db"):
        database.prepare(engine)
    assert path.read_bytes().startswith(b"a diary")


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    amount=st.integers(1, 2**256 - 1),
    fee=st.integers(0, 2**256 - 1),
    usd=st.none() | st.decimals(min_value=0, max_value=10**30, places=18),
    n=st.integers(0, 10**9),
    bounds=st.none() | st.tuples(st.integers(0, 2**256 - 1), st.integers(0, 2**256 - 1)),
)
def test_a_trade_comes_back_as_it_was_written(engine, amount, fee, usd, n, bounds):
    """Amounts up to 2^256 - 1 and values to the last digit survive the database."""
    more = {"fee_native_raw": fee, "timestamp": 1_700_000_000, "native_bounds": bounds}
    made = trade(n, [(USD, amount)], [(ASSET, 2**256 - 1)], **more)
    worth = Valuation(
        chain_id=1, tx_hash=made.tx_hash, wallet=WALLET, ordinal=0, value_usd=usd, gas_usd=None, source="peg", as_of=1
    )
    with writing(engine) as connection:
        trade_log.clear_trades(connection)
        trade_log.add_trades(connection, [made], decoder=1, known_at=NOW)
        trade_log.add_valuations(connection, [worth])
        trade_log.add_trades(connection, [made], decoder=2, known_at=NOW + timedelta(days=1))
        assert trade_log.trades(connection) == [(made, worth, NOW)]
    assert made.sold == (Leg(USD, amount),)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9)), max_size=8),
)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_coverage_is_the_union_of_what_was_read(engine, parts):
    """However reading is cut, the ledger holds exactly the blocks read, in ranges that do not touch."""
    with writing(engine) as connection:
        connection.exec_driver_sql("DELETE FROM coverage")
        for first, more in parts:
            at = datetime.fromtimestamp(1000 + first, UTC), datetime.fromtimestamp(1000 + first + more, UTC)
            trade_log.add_coverage(
                connection,
                [
                    Coverage(
                        chain_id=1,
                        wallet=WALLET,
                        first_block=first,
                        last_block=first + more,
                        first_at=at[0],
                        last_at=at[1],
                        level="ends",
                    )
                ],
            )
        found = trade_log.covered_blocks(connection, 1).get(WALLET, [])
    read = {block for first, more in parts for block in range(first, first + more + 1)}
    assert {block for item in found for block in range(item.first, item.last + 1)} == read
    assert all(a.last + 1 < b.first for a, b in zip(found, found[1:], strict=False))


def test_a_failed_transaction_leaves_nothing(engine):
    """An exception inside a transaction takes all of it back."""
    with pytest.raises(ZeroDivisionError), writing(engine) as connection:
        usage.remember(connection, "key", "value")
        _ = 1 / 0
    with reading(engine) as connection:
        assert usage.recall(connection, "key") is None


def test_decisions_cannot_be_rewritten(engine):
    """The database itself refuses to change or delete a decision."""
    with writing(engine) as connection:
        wallets.add(connection, Wallet(address=WALLET, followed_since=NOW, added_at=NOW))
        connection.exec_driver_sql(
            "INSERT INTO flag (flag_id, wallet, opened_at, status, score, evidence, chart) "
            f"VALUES (1, '{WALLET}', 0, 'open', '1.0', '', '')"
        )
        connection.exec_driver_sql(
            "INSERT INTO decision (flag_id, choice, decided_at, decided_by, channel, note) "
            "VALUES (1, 'keep', 0, 'ann', 'cli', '')"
        )
    for statement in ("UPDATE decision SET choice = 'unfollow'", "DELETE FROM decision"):
        with pytest.raises(DatabaseError, match="append-only"), writing(engine) as connection:
            connection.exec_driver_sql(statement)


def test_adding_a_wallet_twice_changes_nothing_and_a_removed_one_can_come_back(engine):
    """The first entry stands; after a removal the wallet is new again."""
    wallet = Wallet(address=WALLET, label="one", followed_since=NOW, added_at=NOW)
    with writing(engine) as connection:
        assert wallets.add(connection, wallet)
        assert not wallets.add(connection, Wallet(address=WALLET, label="two", followed_since=NOW, added_at=NOW))
        assert wallets.all_wallets(connection) == [wallet]
        wallets.remove(connection, WALLET, NOW)
        assert wallets.all_wallets(connection) == []
        assert wallets.add(connection, wallet)
        assert wallets.find(connection, WALLET) == wallet


def test_units_add_up_by_day(engine):
    """What was spent is kept per UTC day."""
    with writing(engine) as connection:
        for day in (1, 1, 2):
            usage.add_usage(connection, datetime(2025, 7, day, tzinfo=UTC).date(), 1, {"eth_call": (1, 26)})
        assert usage.units_on(connection, datetime(2025, 7, 1, tzinfo=UTC).date()) == 52
        assert usage.usage_on(connection, datetime(2025, 7, 2, tzinfo=UTC).date()) == {(1, "eth_call"): (1, 26)}


def test_money_keeps_its_digits(engine):
    """A price with more digits than a float holds comes back exactly."""
    exact = Decimal("2513.123456789012345678")
    with writing(engine) as connection:
        trade_log.add_feed_prices(connection, 1, {USD: {7: (exact, 5), 8: None}})
        assert trade_log.feed_prices(connection, 1) == {USD: {7: (exact, 5), 8: None}}


def test_one_writer_per_database(engine, store_url):
    """A second process is refused while the first holds the lock, and not after."""
    other = database.connect(store_url)
    with only_one(engine), pytest.raises(StoreError, match="another Edgewatch"), only_one(other):
        pass
    with only_one(other), writing(other) as connection:
        usage.remember(connection, "key", "value")
    with only_one(engine), reading(engine) as connection:
        assert usage.recall(connection, "key") == "value"
    other.dispose()
