"""Prices in the watcher: the user's file, what is stored of feeds, and how much of the log they leave unpriced."""

import os
from decimal import Decimal

import pytest
from structlog.testing import capture_logs

from ingest.errors import ConfigError
from ingest.files import price_file
from ingest.types import Valuation
from tests.builders import ASSET, OTHER, START, USD, WALLET, trade
from tests.watcher.jobs.sync.test_ingest import NOW, Reader
from watcher import app
from watcher.config.settings import load
from watcher.demo.node import ReplayNode
from watcher.jobs.sync.redecode import redecode
from watcher.store import trade_log
from watcher.store.sql.database import reading, writing

TOML = """
[[chains]]
name = "ethereum"
chain_id = 1
rpc_urls = ["https://node.example/"]
[prices]
file = "prices.csv"
max_age = "2d"
"""
HEADER = "chain,token,time,usd\n"


@pytest.fixture
def config(tmp_path):
    (tmp_path / "edgewatch.toml").write_text(TOML)
    (tmp_path / "prices.csv").write_text(f"{HEADER}ethereum,{ASSET},{START},2.5\n")
    return load(tmp_path / "edgewatch.toml", {})


def test_the_file_lies_beside_the_configuration_and_is_read_once(config):
    """A second call gives the same object; a changed file is read again."""
    first = app.prices(config)
    assert first.at(1, ASSET, START + 2 * 86_400) == (Decimal("2.5"), START)
    assert first.at(1, ASSET, START + 2 * 86_400 + 1) is None
    assert app.prices(config) is first
    path = config.folder / "prices.csv"
    path.write_text(f"{HEADER}ethereum,{ASSET},{START},3.5\n")
    os.utime(path, ns=(0, 1))
    assert app.prices(config).at(1, ASSET, START) == (Decimal("3.5"), START)


def test_bad_lines_are_told_and_the_rest_is_used(config):
    """Each with its number and the reason, the first twenty one by one."""
    rows = [f"ethereum,{ASSET},{START},1", "ethereum,x,y,z", *["solana,x,y,z"] * 30]
    (config.folder / "prices.csv").write_text(HEADER + "\n".join(rows))
    with capture_logs() as told:
        assert app.prices(config).at(1, ASSET, START) == (1, START)
    assert (told[0]["line"], told[0]["reason"]) == (3, "token 'x' is neither an address nor the word native")
    assert told[-1] == {"event": "more_price_lines_left_out", "file": "prices.csv", "lines": 11, "log_level": "warning"}
    assert len(told) == 21


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot read .*prices.csv: No such file"),
        (b"", "its first line must name the columns"),
        (b"\xff\xfe\x00\x01", "utf-8"),
        (HEADER.encode(), "holds no usable price"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(config, content, reason):
    """A missing or useless price file ends the command with its name."""
    path = config.folder / "prices.csv"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(ConfigError, match=f"prices.file: .*{reason}"):
        app.prices(config)


@pytest.mark.parametrize(("key", "message"), [("max_age = 'x'", "write a time"), ("fil = 'x'", "did you mean 'file'")])
def test_the_table_is_checked(tmp_path, key, message):
    """As every other table: each fault with its place."""
    text = TOML.replace('max_age = "2d"', key)
    (tmp_path / "edgewatch.toml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        load(tmp_path / "edgewatch.toml", {})


def test_prices_are_off_without_the_table(tmp_path):
    """No [prices], no file."""
    (tmp_path / "edgewatch.toml").write_text(TOML.partition("[prices]")[0])
    assert app.prices(load(tmp_path / "edgewatch.toml", {})) is None


def valued(n, usd, source):
    return Valuation(
        chain_id=1,
        tx_hash=f"0x{n:064x}",
        wallet=WALLET,
        ordinal=0,
        value_usd=usd,
        gas_usd=None,
        source=source,
        as_of=None,
    )


def test_what_has_no_price_is_counted(store):
    """Unpriced trades, pegs that nobody checked, and refused answers, each for itself."""
    sources = [(Decimal(1), "peg"), (Decimal(1), "peg_unchecked"), (None, "none"), (None, "none")]
    with writing(store) as connection:
        trades = [trade(n, [(USD, 1)], [(ASSET, 1)]) for n in range(4)]
        trade_log.add_trades(connection, trades, decoder=1, known_at=NOW)
        trade_log.add_valuations(connection, [valued(n, *worth) for n, worth in enumerate(sources)])
        trade_log.add_feed_prices(connection, 1, {USD: {1: None, 2: (Decimal(1), 5)}, OTHER: {1: None}})
    with reading(store) as connection:
        counts = trade_log.counts(connection)
    assert (counts["unpriced"], counts["peg_unchecked"], counts["refused_prices"]) == (2, 1, 2)


def test_redecoding_takes_new_prices_from_the_file_and_old_ones_from_the_store(tmp_path):
    """Without a node: with a file the stable counts at it, native coin at its feed; without one all is as read."""
    with ReplayNode() as node:
        reader = Reader(tmp_path / "edgewatch.db", node.url)
        reader.read()
    before = {worth.tx_hash: worth for _, worth in reader.log()}
    chains = {31337: reader.config.chain()}
    usd = chains[31337].quote_tokens[0].address
    lines = ["chain,token,time,usd", f"local,{usd},{min(t.timestamp for t, _ in reader.log())},0.5"]
    half = price_file.parse(lines, chains=chains, max_age_s=10**9)
    redecode(reader.engine, chains, now=NOW, price_file=half)
    halved = {worth.tx_hash: worth for _, worth in reader.log()}
    by_source = {}
    for tx_hash, worth in before.items():
        by_source.setdefault((worth.source, halved[tx_hash].source), []).append(
            halved[tx_hash].value_usd / worth.value_usd
        )
    assert set(by_source) == {("peg_unchecked", "file"), ("native_feed", "native_feed"), ("hop", "hop")}
    assert set(by_source["peg_unchecked", "file"]) == {Decimal("0.5")}
    assert set(by_source["native_feed", "native_feed"]) == {Decimal(1)}
    redecode(reader.engine, chains, now=NOW)
    assert {worth.tx_hash: worth for _, worth in reader.log()} == before
