"""Many rows at once are the same rows one by one."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from ingest.types import Valuation
from tests.builders import ASSET, USD, WALLET, trade
from watcher.store import trade_log
from watcher.store.pools import known_pools
from watcher.store.sql.bulk import MANY, insert_rows
from watcher.store.sql.database import reading, writing
from watcher.store.sql.schema import memo, pool, token

NOW = datetime(2025, 7, 1, tzinfo=UTC)
KEYS = st.integers(0, 2 * MANY)
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    there=st.lists(KEYS, max_size=5, unique=True),
    few=st.lists(st.tuples(KEYS, WORDS), max_size=8),
    words=st.lists(WORDS, min_size=1, max_size=9),
    many=st.booleans(),
)
@example(there=[3], few=[(3, "")], words=["\t", "\n", "\\N", "\\.", '"', "\r\n", "'"], many=True)
def test_the_first_row_of_a_key_stays(store, there, few, words, many):
    """Keys that are there, or came earlier, win; every other row comes back to the letter, few rows or thousands."""
    given_rows = few + [(key, words[key % len(words)]) for key in range(MANY * many)]
    wanted = {}
    for key, text in [(key, "there") for key in there] + given_rows:
        wanted.setdefault(f"k{key}", text)
    with writing(store) as connection:
        connection.execute(memo.delete())
        for key in there:
            connection.execute(insert(memo).values(key=f"k{key}", value="there"))
        insert_rows(connection, memo, [{"value": text, "key": f"k{key}"} for key, text in given_rows])
        assert {row.key: row.value for row in connection.execute(select(memo))} == wanted


def test_every_kind_of_value_comes_back_from_a_large_batch(store):
    """Integers beyond 64 bits, money, JSON, times, nulls and columns left out survive the quick way too."""
    count = MANY + 1
    made = [trade(n, [(USD, 2**256 - 1 - n)], [(ASSET, n + 1)], fee_native_raw=2**200 + n) for n in range(count)]
    worth = [
        Valuation(
            chain_id=1,
            tx_hash=item.tx_hash,
            wallet=WALLET,
            ordinal=0,
            value_usd=None if n % 2 else Decimal(f"{n}.000000000000000001"),
            gas_usd=None,
            source="peg",
            as_of=n,
        )
        for n, item in enumerate(made)
    ]
    with writing(store) as connection:
        trade_log.add_trades(connection, made, decoder=1, known_at=NOW)
        trade_log.add_valuations(connection, worth)
        insert_rows(connection, token, [{"chain_id": 1, "address": f"0x{n:040x}"} for n in range(count)])
        rows = [{"chain_id": 1, "address": f"0x{n:040x}", "tokens": [USD, ASSET]} for n in range(count)]
        insert_rows(connection, pool, rows)
        insert_rows(connection, pool, rows)
    with reading(store) as connection:
        assert trade_log.trades(connection) == [(a, b, NOW) for a, b in zip(made, worth, strict=True)]
        assert {info.symbol for info in trade_log.tokens(connection).values()} == {None}
        assert {fact.tokens for fact in known_pools(connection, 1).values()} == {(USD, ASSET)}
        assert len(known_pools(connection, 1)) == count
