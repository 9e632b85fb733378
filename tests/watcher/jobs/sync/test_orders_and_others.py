"""Orders filled by somebody else, and swaps by somebody else: what is stored of them, told of them, and rebuilt."""

from sqlalchemy import text

from ingest.evm.logs import topics
from ingest.types import NATIVE, Leg, PlacedOrder, VenueStatus
from tests.fakes.chain import Called, FakeChain, Payment
from tests.ingest import receipts as r
from tests.watcher.chain_reader import ANN, BOB, EVE, NOW, ChainReader
from watcher.jobs.sync.redecode import redecode
from watcher.store import others_swaps, placed_orders, trade_log
from watcher.store.sql import database
from watcher.store.sql.database import reading, writing

ORDER = r.eth_flow_order(receiver=ANN)
PLACED = {r.uid_of(ORDER): PlacedOrder(wallet=ANN)}
BOUGHT = ((Leg(NATIVE, 10**18),), (Leg(r.COIN, 5),), VenueStatus.VERIFIED)


def placing(*more, order=ORDER):
    """Ann pays for an order: no token moves, so that only the order's contract knows of it."""
    return Called(ANN, r.ETH_FLOW, r.order_placement(order, sender=ANN), *more, value=10**18)


def filling(order=ORDER):
    """A solver fills it; its calldata names Ann as who receives."""
    return Called(EVE, r.SETTLEMENT, *r.order_filled(order), data=r.call("13d79a0b", ANN))


def on_behalf(of=ANN):
    """Eve sells what Ann had approved, in a genuine pool, and Ann gets the proceeds."""
    return Called(
        EVE,
        r.ROUTER,
        r.transfer(r.USDC, of, r.USDC_WETH_V3, 2_000),
        r.transfer(r.WETH, r.USDC_WETH_V3, of, 7),
        r.v3_swap(r.USDC_WETH_V3, 2_000, -7),
    )


def trades(engine):
    with reading(engine) as connection:
        return [(each.sold, each.bought, each.venue_status) for each, _, _ in trade_log.trades(connection)]


def stored(engine):
    with reading(engine) as connection:
        return placed_orders.placed(connection, 1), others_swaps.counts(connection)


def again(engine, reader):
    """Decode everything anew, with no node to ask."""
    return redecode(engine, {1: reader.config.chain()}, now=NOW)


def chain_of(*blocks):
    chain = FakeChain()
    for block in blocks:
        chain.mine(*block)
    for _ in range(70):
        chain.mine()
    return chain


def test_an_order_placed_before_is_found_and_stays_known(tmp_path):
    """The event is asked for when the order is filled; what is stored of it makes the same trade without a node."""
    reader = ChainReader(tmp_path / "edgewatch.db", chain_of([placing()], [], [filling()]))
    reader.read()
    assert trades(reader.engine) == [BOUGHT]
    assert stored(reader.engine) == (PLACED, {})
    assert again(reader.engine, reader) == 1
    assert trades(reader.engine) == [BOUGHT]
    # Without what was stored nobody can say who paid.
    with writing(reader.engine) as connection:
        connection.execute(text("DELETE FROM placed_order"))
    again(reader.engine, reader)
    assert trades(reader.engine) == [(*BOUGHT[:2], VenueStatus.UNVERIFIED)]


def test_an_order_read_in_an_earlier_run_needs_no_question(tmp_path):
    """The wallet's own transaction told it; another run, with all memory gone, takes it from the store."""
    seen = placing(r.transfer(r.USDC, ANN, EVE, 1))
    chain = chain_of([seen])
    reader = ChainReader(tmp_path / "edgewatch.db", chain)
    reader.read()
    assert (trades(reader.engine), stored(reader.engine)[0]) == ([], PLACED)
    chain.mine(filling())
    for _ in range(70):
        chain.mine()
    reader.engine = database.connect(f"sqlite:///{tmp_path / 'edgewatch.db'}")
    chain.lie = silent
    reader.read()
    assert trades(reader.engine) == [BOUGHT]
    # Of a database from before such orders were stored, the raw transaction still tells.
    with writing(reader.engine) as connection:
        connection.execute(text("DELETE FROM placed_order"))
    again(reader.engine, reader)
    assert trades(reader.engine) == [BOUGHT]


def silent(method, params, result):
    """A node that knows nothing of orders."""
    asked = method == "eth_getLogs" and params[0].get("topics", [None])[0] == topics.COW_ORDER_PLACEMENT
    return [] if asked else result


def test_an_order_that_is_not_filled_is_no_trade(tmp_path):
    """Nor is the coin that comes back; who placed it is known, and nothing else."""
    back = Called(ANN, r.ETH_FLOW)
    reader = ChainReader(tmp_path / "edgewatch.db", chain_of([placing(r.transfer(r.USDC, ANN, EVE, 1))], [back]))
    reader.read()
    assert (trades(reader.engine), stored(reader.engine)) == ([], (PLACED, {}))


def test_swaps_by_others_are_counted_once_and_again_when_decoded_anew(tmp_path):
    """Each transaction for each wallet; gifts and own transfers are none; decoding anew counts the same."""
    chain = chain_of([on_behalf(), on_behalf()], [on_behalf(BOB)], [Payment(EVE, ANN, 5), Payment(ANN, EVE, 5)])
    reader = ChainReader(tmp_path / "edgewatch.db", chain)
    reader.read()
    assert (trades(reader.engine), stored(reader.engine)) == ([], ({}, {ANN: 2, BOB: 1}))
    for _ in range(2):
        again(reader.engine, reader)
        assert stored(reader.engine)[1] == {ANN: 2, BOB: 1}


def test_a_reorganisation_takes_them_back(tmp_path):
    """What was replaced is not counted any more."""
    chain = FakeChain()
    chain.mine(on_behalf())
    chain.mine(on_behalf())
    reader = ChainReader(tmp_path / "edgewatch.db", chain, confirmations=0)
    reader.read()
    assert stored(reader.engine)[1] == {ANN: 2}
    chain.reorganise(1, [Payment(EVE, ANN, 5)])
    chain.mine()
    reader.read()
    assert stored(reader.engine)[1] == {ANN: 1}
