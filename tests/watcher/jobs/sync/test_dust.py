"""What strangers do to a wallet costs a share of the day's budget, whatever they do; what the wallet does is all read.

``python -m tests.watcher.jobs.sync.test_dust`` prints units a day.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.fakes.simulated import OWN
from tests.watcher.jobs.sync.test_first_day import BUDGET, NOW, World
from watcher.jobs.sync.dust import left_out as stored_left_out
from watcher.reports import overview
from watcher.store import trade_log
from watcher.store.sql.database import reading

POLL_S, BLOCK_S = 14_400, 12
WAYS = {
    "ends": {"index": False, "verify": "ends", "max_range": 1_000},
    "full": {"index": False, "verify": "full", "max_range": 1_000},
    "index": {"index": True},
}


def day(path, way, kind, dust, *, count=1, a_day=8):
    """Read a day, dust and all; the world, and the units that it took."""
    world = World(
        path, ["ethereum"], count=count, days=1, a_day=a_day, budget=10 * BUDGET, block_s=BLOCK_S, **WAYS[way]
    )
    node = world.sources[0].node
    node.dust = kind, dust, int(NOW.timestamp())
    world.read()
    world.meter.limit, world.meter.spent = BUDGET, 0
    # To the last minute of a UTC day: the next one brings another share.
    for seconds in [86_340] if way == "index" else [POLL_S] * 5 + [POLL_S - 60]:
        world.move_on(seconds)
        world.read()
    return world, world.meter.spent


def traded(world):
    """Blocks of the trades that are stored, and of those that the wallets made in what was read."""
    node = world.sources[0].node
    with reading(world.engine) as connection:
        found = sorted(trade.block_number for trade, _, _ in trade_log.trades(connection))
        covered = trade_log.covered_blocks(connection, node.chain_id)
    made = sorted(
        one.block
        for one in node.happenings.values()
        if one.kind in OWN and any(part.first <= one.block <= part.last for part in covered[one.wallet])
    )
    return found, made


def left_out(world):
    with reading(world.engine) as connection:
        return stored_left_out(connection)


@pytest.mark.parametrize(
    ("way", "kind"), [("ends", "gift"), ("ends", "forged"), ("full", "forged"), ("index", "forged")]
)
def test_ten_thousand_a_day_cost_less_than_a_fifth_and_hide_no_trade(tmp_path, way, kind):
    """However the wallet is read; what was not looked at is counted, and every trade is there."""
    quiet, before = day(tmp_path / "quiet.db", way, kind, 0)
    world, spent = day(tmp_path / "dust.db", way, kind, 10_000)
    assert spent - before < BUDGET / 5
    found, made = traded(world)
    assert found == made
    assert len(made) > 15
    assert left_out(quiet) == 0
    assert 9_000 < left_out(world) < 10_000
    with reading(world.engine) as connection:
        view = overview.read(connection, world.now)
    assert f"{left_out(world):,} transactions by strangers not looked at" in overview.status_message(view).html


if __name__ == "__main__":
    for way in WAYS:
        for kind in ("gift", "forged"):
            for dust in (0, 1_000, 10_000):
                with TemporaryDirectory() as folder:
                    world, spent = day(Path(folder) / "e.db", way, kind, dust)
                    found, made = traded(world)
                    print(
                        f"| {way} | {kind} | {dust:,} | {spent:,} | {left_out(world):,} | {len(found)} of {len(made)} |"
                    )
