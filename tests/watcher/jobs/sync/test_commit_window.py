"""Windows are committed while the next one is read: in their order, each as a whole; all that is spent is recorded."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine

from ingest.errors import BudgetExhausted
from ingest.evm.interpret import Interpretation
from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.rpc.budget import Meter
from ingest.evm.sync.fetch import WindowResult
from ingest.types import BlockRef
from watcher.jobs.sync.commit_window import DecodedWindow, WindowWriter
from watcher.jobs.sync.spending import settle
from watcher.jobs.sync.wash_trades import Suspects
from watcher.store import trade_log, usage
from watcher.store.sql.database import reading, writing

NOW, DAY = datetime(2026, 3, 1, 12, tzinfo=UTC), date(2026, 3, 1)
ANN = "0x" + "1" * 40
NOTHING = Interpretation(
    decodings=(), moved={}, trades=(), moves=(), valuations=(), facts={}, orders={}, internals={}, fed={}, tokens={}
)


def window(number: int, learned: Mapping[str, str] | None = None) -> DecodedWindow:
    """Ten blocks without a trade."""
    ends = [BlockRef(number=n, hash=hex(n), timestamp=1_700_000_000 + 12 * n) for n in (10 * number, 10 * number + 9)]
    found = WindowResult(
        blocks=BlockRange(ends[0].number, ends[1].number), first=ends[0], last=ends[1], transactions=()
    )
    memos = {"step:1": str(number)} if learned is None else learned
    suspects = Suspects(suspicions=(), provisions=())
    return DecodedWindow(wallets=frozenset({ANN}), found=found, meaning=NOTHING, suspects=suspects, learned=memos)


def broken(number: int) -> DecodedWindow:
    """One that no database takes."""
    return window(number, {"step:1": object()})  # type: ignore[dict-item]


def covered(engine: Engine) -> list[tuple[int, int]]:
    with reading(engine) as connection:
        return [(item.first_block, item.last_block) for item in trade_log.coverages(connection, 1)]


def units(engine: Engine) -> int:
    with reading(engine) as connection:
        return usage.units_on(connection, DAY)


def spend(meter: Meter, count: int) -> None:
    meter.charge(["eth_call"] * count, "localhost")


@pytest.fixture
def meter() -> Meter:
    return Meter(spent=0, limit=1_000)


def test_a_window_is_committed_while_the_caller_goes_on(store: Engine, meter: Meter) -> None:
    """Beginning does not wait, even for another writer; the end does, and then all of it is there."""
    with WindowWriter(store, meter, 1, NOW) as keeper:
        with writing(store):
            keeper.begin(window(0))
            assert covered(store) == []
        assert keeper.end()
        assert covered(store) == [(0, 9)]
        assert not keeper.end(), "there is none"


def test_windows_are_committed_in_their_order(store: Engine, meter: Meter) -> None:
    """The next one begins once the one before is there, and what was learned last stays."""
    with WindowWriter(store, meter, 1, NOW) as keeper:
        for number in range(5):
            keeper.begin(window(number))
            assert covered(store) in ([(0, 10 * number - 1)], [(0, 10 * number + 9)], [])
    assert covered(store) == [(0, 49)]
    with reading(store) as connection:
        assert usage.recall(connection, "step:1") == "4"


def test_after_a_window_that_cannot_be_committed_none_is(store: Engine, meter: Meter) -> None:
    """Its error is raised where it is waited for, nothing of it is stored, and the next one is not begun."""
    with WindowWriter(store, meter, 1, NOW) as keeper:
        keeper.begin(window(0))
        keeper.begin(broken(1))
        with pytest.raises(Exception, match="step|type|object"):
            keeper.begin(window(2))
        assert not keeper.end()
    assert covered(store) == [(0, 9)]
    with pytest.raises(Exception, match="step|type|object"), WindowWriter(store, meter, 1, NOW) as keeper:
        keeper.begin(broken(1))
    assert covered(store) == [(0, 9)]


@pytest.mark.parametrize("error", [BudgetExhausted("spent"), KeyboardInterrupt()])
def test_whatever_ends_the_reading_the_window_that_was_begun_is_committed(
    store: Engine, meter: Meter, error: BaseException
) -> None:
    """The error goes on its way after that."""
    with pytest.raises(type(error)), WindowWriter(store, meter, 1, NOW) as keeper:
        keeper.begin(window(0))
        raise error
    assert covered(store) == [(0, 9)]


def test_everything_spent_is_recorded_once(store: Engine, meter: Meter) -> None:
    """With its window, or, where that cannot be committed, with the next record; what is spent meanwhile too."""
    with suppress(Exception), WindowWriter(store, meter, 1, NOW) as keeper:
        spend(meter, 3)
        keeper.begin(window(0))
        spend(meter, 5)
        keeper.end()
        assert (units(store), meter.unrecorded) == (3, 5)
        keeper.begin(broken(1))
        spend(meter, 7)
        keeper.end()
    assert (units(store), meter.unrecorded) == (3, 12)
    settle(store, meter, 1, now=NOW)
    assert (units(store), meter.unrecorded, meter.spent) == (15, 0, 15)


def test_what_is_learned_meanwhile_belongs_to_the_next_window(store: Engine, meter: Meter) -> None:
    """A window is stored as it was when it was begun."""
    steps = {"node": 10}
    with WindowWriter(store, meter, 1, NOW) as keeper, writing(store):
        keeper.begin(window(0, {"step:1": json.dumps(steps)}))
        steps["node"] = 20
    with reading(store) as connection:
        assert usage.recall(connection, "step:1") == '{"node": 10}'
