"""Files of trades: Dune's tables, our own export, columns that the user names."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.evm.chains import registry
from ingest.files.cells import Clock
from ingest.files.column_mapping import parse_map
from ingest.files.importer import read_file
from ingest.files.reader import ImportOptions
from ingest.files.trades import SOLANA_QUOTES
from ingest.types import FILE_CHAIN, NATIVE, Leg, Valuation, VenueStatus
from tests.builders import ASSET, OTHER, USD, WALLET, trade
from watcher.cli.inspect import trade_object
from watcher.wallet_list import parse_file_id

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TX, TX2 = "0x" + "1a" * 32, "0x" + "2b" * 32
BOB = "0x" + "22" * 20
DUNE = (
    "blockchain,project,block_time,block_number,token_bought_address,token_sold_address,token_bought_amount_raw,"
    "token_sold_amount_raw,amount_usd,taker,tx_from,tx_hash,evt_index"
)
SOLANA = (
    "block_time,tx_id,trader_id,token_bought_mint_address,token_sold_mint_address,token_bought_amount_raw,"
    "token_sold_amount_raw,amount_usd,block_slot"
)
MINT = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
ALICE = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"
SIGNATURE = "5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjKhoR4tjF3ZpRzrFmBV6UjKdiSZkQUW"


def reader(**changes):
    chains = {chain.name: chain for chain in registry().values()}
    return replace(ImportOptions(clock=Clock(NOW), chains=chains, wallet_id=parse_file_id), **changes)


def dune(bought, sold, got, given_, usd="100", *, tx=TX, index=1, who=WALLET, chain="ethereum"):
    at = "2025-03-03 10:00:00.000 UTC"
    return f"{chain},uniswap,{at},22000000,{bought},{sold},{got},{given_},{usd},{OTHER},{who},{tx},{index}"


def read(*lines, header=DUNE, **changes):
    return read_file("\n".join([header, *lines]).encode(), reader(**changes))


def test_a_row_of_dune_is_a_trade_of_its_sender():
    """Amounts to the base unit, the sender's wallet rather than the router, Dune's value, no gas, and a note of it."""
    reading = read(dune(ASSET, USD, 2**256 - 1, 123456789))
    [((line,), (found, worth))] = reading.found
    assert (line, reading.bad, reading.layout.name) == (2, (), "Dune dex.trades")
    assert (found.sold, found.bought) == ((Leg(USD, 123456789),), (Leg(ASSET, 2**256 - 1),))
    assert (found.chain_id, found.wallet, found.tx_hash, found.block_number) == (1, WALLET, TX, 22_000_000)
    assert found.timestamp == int(datetime(2025, 3, 3, 10, tzinfo=UTC).timestamp())
    assert (worth.value_usd, worth.gas_usd, worth.source) == (Decimal(100), Decimal(0), "file")
    assert "before gas" in reading.notes[0]
    [(_, (of_taker, _))] = read(dune(ASSET, USD, 1, 1), mapping={"wallet": "taker"}).found
    assert of_taker.wallet == OTHER


def test_a_route_is_one_trade():
    """Rows of one transaction are netted: what passed through is gone, crumbs of it too; the value is the first leg's.
    Lines of both rows stand behind the trade."""
    reading = read(
        dune(OTHER, USD, 1000, 500, "500", index=1),
        dune(ASSET, OTHER, 77, 990, "495", index=2),
        dune(ASSET, USD, 3, 20, "20", index=3),
    )
    [(lines, (found, worth))] = reading.found
    assert lines == (2, 3, 4)
    assert (found.sold, found.bought, worth.value_usd) == ((Leg(USD, 520),), (Leg(ASSET, 80),), Decimal(520))


def test_a_wallets_rows_are_netted_apart():
    """Two wallets in one transaction, and two transactions of one wallet, are trades of their own."""
    reading = read(dune(ASSET, USD, 1, 1), dune(ASSET, USD, 1, 1, who=BOB), dune(ASSET, USD, 1, 1, tx=TX2, chain="bnb"))
    assert [(made.wallet, made.chain_id) for _, (made, _) in reading.found] == [(WALLET, 1), (WALLET, 56), (BOB, 1)]


def test_a_repeated_row_is_not_added_to_its_trade():
    """The same row twice (two exports joined) counts once; the second line is named."""
    row = dune(ASSET, USD, 5, 10)
    reading = read(row, row)
    assert [found.bought for _, (found, _) in reading.found] == [(Leg(ASSET, 5),)]
    assert [bad.line for bad in reading.bad] == [3]


def test_what_nets_to_nothing_is_told():
    """There and back again is no trade: both lines are named."""
    reading = read(dune(ASSET, USD, 5, 10, index=1), dune(USD, ASSET, 10, 5, index=2))
    assert (reading.found, [bad.line for bad in reading.bad]) == ((), [2, 3])


def test_an_unknown_price_is_unknown():
    """No amount_usd, or 0, is no value; one unknown row of a route makes the trade's value unknown."""
    for usd in ("", "0"):
        [(_, (_, worth))] = read(dune(ASSET, USD, 5, 10, usd)).found
        assert worth.value_usd is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (dune(ASSET, USD, "1e+21", 1), "has lost digits"),
        (dune(ASSET, USD, "1.5", 1), "not a whole number"),
        (dune(ASSET, USD, 2**256, 1), "not a whole number"),
        (dune(ASSET, USD, 0, 1), "is no trade"),
        (dune(ASSET, USD, 1, 1, chain="blast"), "is not known"),
        (dune(ASSET, USD, 1, 1, tx="0x12"), "not a transaction"),
        (dune("USDC", USD, 1, 1), "not a token's address"),
        (dune(ASSET, USD, 1, 1, who="alice"), "no wallet of this chain"),
        (dune(ASSET, USD, 1, 1, "1e15"), "too large"),
    ],
)
def test_a_bad_row_is_named(line, reason):
    """Its line and why; the rows beside it are kept."""
    reading = read(line, dune(ASSET, USD, 5, 10, tx=TX2))
    assert [(bad.line, reason in bad.reason) for bad in reading.bad] == [(2, True)]
    assert len(reading.found) == 1


def test_the_native_coin_has_one_name():
    """Dune's stand-ins for the native coin are ours."""
    for token in ("0x" + "00" * 20, NATIVE.upper().replace("0X", "0x")):
        [(_, (found, _))] = read(dune(token, USD, 5, 10)).found
        assert found.bought == (Leg(NATIVE, 5),)


def test_solana_trades_are_of_the_file_chain():
    """Base58 wallets, mints and signatures, capitals kept; no chain that a node could be asked about."""
    at = "2025-03-03 10:00:00"
    reading = read(f"{at},{SIGNATURE},{ALICE},{MINT},{USDC},12345,6789,6.78,1", header=SOLANA, chain="solana")
    [(_, (found, _))] = reading.found
    assert (found.chain_id, found.wallet, found.tx_hash) == (FILE_CHAIN, ALICE, SIGNATURE)
    assert (found.sold, found.bought) == ((Leg(USDC, 6789),), (Leg(MINT, 12345),))
    bad = read(f"{at},{TX},{ALICE},{MINT},{USDC},12345,6789,6.78,1", header=SOLANA, chain="solana").bad
    assert "not a transaction" in bad[0].reason


def test_the_solana_quote_mints_are_addresses():
    """Each decodes to 32 bytes: a wrong letter would price nothing, silently."""
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    for mint in SOLANA_QUOTES:
        value = 0
        for letter in mint:
            value = value * 58 + alphabet.index(letter)
        leading = len(mint) - len(mint.lstrip("1"))
        assert leading + (value.bit_length() + 7) // 8 == 32, mint


def test_named_columns_with_decimals_are_exact():
    """An amount with its token's decimals is a whole number of base units, however long, or refused."""
    header = "t,w,s,sa,sd,b,ba,bd,v"
    names = parse_map(
        "time=t,wallet=w,sold_token=s,sold_amount=sa,sold_decimals=sd,bought_token=b,bought_amount=ba,"
        "bought_decimals=bd,value_usd=v"
    )
    row = f"2025-03-03,{WALLET},{USD},12.345678,6,{ASSET},1234567890123456.123456789012345678,18,12.35"
    options = {"header": header, "mapping": names, "chain": "base"}
    [(_, (found, _))] = read(row, **options).found
    assert found.sold == (Leg(USD, 12345678),)
    assert found.bought == (Leg(ASSET, 1234567890123456123456789012345678),)
    [again] = [made for _, (made, _) in read(row, **options).found]
    assert again.tx_hash == found.tx_hash
    assert "cannot be made exact" in read(row.replace(",6,", ",5,"), **options).bad[0].reason
    assert "name the one chain" in read(row, header=header, mapping=names).bad[0].reason


TOKENS = st.sampled_from([USD, ASSET, OTHER])
ROWS = st.tuples(TOKENS, TOKENS, st.integers(1, 50), st.integers(1, 50), st.integers(0, 3), st.sampled_from([TX, TX2]))


@given(st.lists(ROWS, max_size=10), st.randoms(use_true_random=False))
def test_every_row_is_behind_one_trade_or_named(rows, rng):
    """No row is lost and none counts twice; shuffled, the trades are the same."""
    lines = [dune(bought, sold, got, gave, tx=tx, index=n) for bought, sold, got, gave, n, tx in rows]
    reading = read(*lines)
    seen = [line for behind, _ in reading.found for line in behind] + [bad.line for bad in reading.bad]
    assert sorted(seen) == list(range(2, len(lines) + 2))
    rng.shuffle(lines)
    assert [record for _, record in read(*lines).found] == [record for _, record in reading.found]


def test_our_own_export_comes_back_as_it_was():
    """parse(export(trades)) = the trades with value and gas, also unverified ones and several of one transaction."""
    odd = {3: {"venue_status": VenueStatus.UNVERIFIED, "venue": "x+y"}, 5: {"tx_hash": f"0x{4:064x}", "ordinal": 1}}
    made = [
        trade(
            n,
            [(USD, 10**30 + n)],
            [(ASSET, 2**255 + n), (NATIVE, 2)],
            **{"fee_native_raw": n, "transaction_index": n, "native_source": None, **odd.get(n, {})},
        )
        for n in range(9)
    ]
    worth = [
        Valuation(
            chain_id=1,
            tx_hash=item.tx_hash,
            wallet=WALLET,
            ordinal=item.ordinal,
            value_usd=None if n == 2 else Decimal("12.345678901234567890") + n,
            gas_usd=None if n == 7 else Decimal(n) / 8,
            source="file",
            as_of=item.timestamp,
        )
        for n, item in enumerate(made)
    ]
    lines = [json.dumps(trade_object(*pair)) for pair in zip(made, worth, strict=True)]
    reading = read_file("\n".join(reversed(lines)).encode(), reader())
    assert reading.bad == ()
    assert {record for _, record in reading.found} == set(zip(made, worth, strict=True))
    assert "no known price: 1" in reading.notes[0]


def test_a_broken_line_of_our_own_export_is_named():
    """Each field of it is checked like a stranger's."""
    good = trade_object(trade(1, [(USD, 1)], [(ASSET, 1)]), None)
    broken = [
        {**good, "sold": []},
        {**good, "sold": [{"token": USD, "amount_raw": "-1"}]},
        {**good, "bought": "x"},
        {**good, "wallet": "alice"},
        {**good, "venue_status": "sure"},
        {**good, "chain_id": 424242},
        {**good, "timestamp": None},
        {**good, "tx_hash": {"a": 1}},
        {**good, "suspicion": "wash"},
    ]
    reading = read_file("\n".join(json.dumps(item) for item in [good, *broken]).encode(), reader())
    assert (len(reading.found), [bad.line for bad in reading.bad]) == (1, list(range(2, 11)))
