"""What clears a block, and how many are proven and held at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.evm.logs.bloom import bloom_of
from ingest.evm.sync import header_checks
from ingest.evm.sync.header_checks import Header
from tests.ingest import receipts as r

ADDRESSES = st.integers(1, 2**160 - 1).map(lambda number: f"0x{number:040x}")


@given(st.lists(st.tuples(ADDRESSES, ADDRESSES), max_size=8), st.sets(ADDRESSES, max_size=4))
def test_a_bloom_never_clears_a_block_with_a_wallet_s_transfer(pairs: list[tuple[str, str]], others: set[str]) -> None:
    """Whoever is watched among those who paid and were paid, the block is asked for."""
    logs = [r.transfer(r.COIN, source, target, 1) for source, target in pairs]
    header = Header(number=1, hash="", parent="", timestamp=1, bloom=bloom_of(logs), transactions=len(logs))
    for pair in pairs:
        for one in pair:
            assert header_checks.suspects([header], {one, *others}) == [header]
    assert not header_checks.suspects(
        [Header(number=1, hash="", parent="", timestamp=1, bloom=0, transactions=0)], others
    )


@pytest.mark.parametrize(("host", "each"), [("eth.g.alchemy.com", 40), ("mainnet.infura.io", 1_080), ("localhost", 2)])
def test_auto_proves_every_block_where_a_day_of_it_is_cheap(host: str, each: int) -> None:
    """At most a fifth of the daily budget, by the longer of a day and what is to be read now, in its units."""

    def affordable(blocks: int, limit: int) -> bool:
        return header_checks.affordable(blocks, block_seconds=12, limit=limit, host=host)

    assert affordable(10, 7_200 * each * 5)
    assert not affordable(10, 7_200 * each * 5 - 1)
    assert not affordable(7_201, 7_200 * each * 5)


@given(st.lists(st.integers(0, 9) | st.none(), max_size=20), st.integers(1, 12))
def test_pages_hold_every_block_once_and_no_more_than_they_may(counts: list[int | None], most: int) -> None:
    """In order; only a block that has more transactions than a page may hold is alone on one that has more."""
    headers = [Header(number=n, hash="", parent="", timestamp=1, bloom=0, transactions=c) for n, c in enumerate(counts)]
    pages = list(header_checks.pages(headers, most))
    assert [header for page in pages for header in page] == headers
    assert all(len(page) == 1 or sum(header.transactions or 0 for header in page) <= most for page in pages)
    assert all(len(page) <= most for page in pages)
