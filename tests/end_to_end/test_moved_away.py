"""A wallet that begins to send its losers to a second address, on a real EVM: nothing of its record is spotless."""

import json
import random
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from tests.end_to_end.cli import Folder
from tests.localchain.anvil import Anvil
from tests.localchain.contracts import calldata
from tests.localchain.world import World
from watcher import app
from watcher.config.settings import load
from watcher.daemon import Daemon
from watcher.jobs.pricing.mark_positions import mark_once
from watcher.store import wallets
from watcher.store.sql.database import writing
from watcher.types import Wallet

pytestmark = pytest.mark.anvil
ANN, SECOND = "0x" + "11" * 20, "0x" + "5e" * 20
START = datetime(2025, 6, 1, tzinfo=UTC)
FOLLOWED, CHANGED, DAYS = 30, 36, 50  #: days since ``START``
SYMBOLS = ("ALFA", "BRAVO", "CHARLIE")
WIN, LOSS = 1.15, 0.8  #: of what a token cost
EXTRA = """confirmations = 0
[detection]
unit = "{unit}"
"""


class Ann:
    """Three positions a day of a thousand dollars each, opened in the morning and closed in the afternoon.

    From the day of the change on she sells winners alone. Of the losers every second one leaves on the same day, before
    anybody could mark it, the others the morning after.
    """

    def __init__(self, world: World) -> None:
        self.world, self.day, self.sent = world, 0, 0
        self.held: list[str] = []  # losers that wait for the morning
        self.dice = random.Random(16)

    def live(self, days: int) -> None:
        """Trade until so many days are over."""
        while self.day < days:
            tokens = dict.fromkeys(SYMBOLS, 1.0)
            self._block(8, tokens, [*map(self._send_away, self.held), *map(self._buy, SYMBOLS)])
            wins = {symbol: self.dice.random() < 0.6 for symbol in SYMBOLS}
            tokens = {symbol: WIN if won else LOSS for symbol, won in wins.items()}
            losers = [symbol for symbol in SYMBOLS if not wins[symbol] and self.day >= CHANGED]
            now, self.held = losers[self.day % 2 :: 2], losers[1 - self.day % 2 :: 2]
            sold = [symbol for symbol in SYMBOLS if symbol not in losers]
            self._block(14, tokens, [*map(self._sell, sold), *map(self._send_away, now)])
            self._block(23, {}, [])
            self.day += 1

    def _block(self, hour: int, prices: dict[str, float], acts: list) -> None:
        """Put the pools where the market is, then act at these prices."""
        at = int((START + timedelta(days=self.day, hours=hour)).timestamp())
        self.world.mine(at - 12)  # what is written to storage changes the last block, and that shall not be her own
        self.world.set_native_usd(3000.0, timestamp=at)
        for symbol, usd in prices.items():
            self.world.set_price(self.world.tokens[symbol], usd)
        self.world.mine(at)
        self.world.send_all(acts)
        self.world.mine(at + 12)

    def _venue(self, symbol: str) -> str:
        return "v3" if SYMBOLS.index(symbol) % 2 else "v2"

    def _buy(self, symbol: str) -> dict[str, str]:
        return self.world.swap_request(ANN, self._venue(symbol), self.world.usd, self.world.tokens[symbol], 10**9)

    def _all(self, symbol: str) -> int:
        [held] = self.world.balances([(ANN, self.world.tokens[symbol])])
        return held

    def _sell(self, symbol: str) -> dict[str, str]:
        token = self.world.tokens[symbol]
        return self.world.swap_request(ANN, self._venue(symbol), token, self.world.usd, self._all(symbol))

    def _send_away(self, symbol: str) -> dict[str, str]:
        self.sent += 1
        data = calldata("transfer(address,uint256)", SECOND, self._all(symbol))
        return {"from": ANN, "to": self.world.tokens[symbol], "data": data}


def folder(path, unit, world, url, begin) -> Folder:
    path.mkdir()
    return Folder(path, url, {**world.chain_table(), "from_block": begin}, EXTRA.format(unit=unit))


def watch(path, ann) -> None:
    """Follow her: each day is lived, read and marked, as the daemon does."""
    config = load(path / "edgewatch.toml", {})
    engine = app.open_store(config)
    with writing(engine) as connection:
        since = START + timedelta(days=FOLLOWED)
        wallets.add(connection, Wallet(address=ANN, label="Ann", followed_since=since, added_at=since))
    daemon, chains = Daemon(config, engine), app.chains(config)
    for day in range(FOLLOWED, DAYS + 1):
        ann.live(day)
        now = START + timedelta(days=day)
        daemon.ingest(now)
        with app.sources(config, engine, now, marking=True) as [source]:
            mark_once(engine, source, chains=chains, unit=None, now=now)
    daemon.assess(now)
    engine.dispose()


def test_a_wallet_that_sends_its_losers_away_is_flagged(tmp_path):
    """All that she sells from day 36 on wins; by episode and by lots she is flagged for what left, and told so.

    Each loser is marked: before it left, or on the evening of that day.
    """
    with Anvil(timestamp=int(START.timestamp()) - 86_400) as anvil:
        world = World(anvil, v4=False)
        world.deploy(dict.fromkeys(SYMBOLS, 1.0), every_venue=False)
        world.fund([ANN])
        begin = int(anvil.rpc("eth_blockNumber"), 16) + 1
        episode = folder(tmp_path / "episode", "episode", world, anvil.url, begin)
        watch(episode.path, ann := Ann(world))
    lots = folder(tmp_path / "fifo", "fifo", world, anvil.url, begin)
    shutil.copy(episode.path / "edgewatch.db", lots.path)
    for each in (episode, lots):
        told = json.loads(each.run("why", "Ann", "--json"))
        changed = (START + timedelta(days=CHANGED)).isoformat(" ")
        assert min(trip["return"] for trip in told["round_trips"] if trip["closed_at"] > changed) > 0
        left = told["moved_away"]
        assert (left["positions"], left["under_water"], left["unknown"]) == (ann.sent, ann.sent, 0)
        verdict = told["assessment"]
        assert (verdict["state"], verdict["evidence"]["lead"]) == ("flagged", "open_losses")
        assert verdict["evidence"]["moved_losses"] == ann.sent > 10
        assert verdict["evidence"]["metrics"][0]["recent"] < 0.75
        assert f"{ann.sent} positions moved away under water, counted as losses" in each.run("why", "Ann")
    assert f"{ann.sent} positions moved away under water, counted as losses" in episode.run("flags", "show", "1")
