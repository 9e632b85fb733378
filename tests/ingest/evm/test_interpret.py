"""What only the node can say is asked where it matters, and changes what is believed."""

from ingest.decode import decode_transaction
from ingest.evm import chains
from ingest.evm.interpret import Interpreter
from ingest.evm.logs.token_flows import read_movements
from ingest.evm.lookup.pools import FACTORY, GET_PAIR, TOKEN0, TOKEN1
from ingest.evm.pricing.intermediate_quote import quote_hop
from ingest.evm.pricing.valuation import quote_tokens
from ingest.types import NATIVE, BlockRef, Leg, Move, NativeSource, PoolFact, RawTransaction, VenueStatus
from tests.fakes.node import FakeNode, RpcFault
from tests.ingest import receipts as r
from tests.ingest.evm.lookup.test_pools import word
from tests.ingest.evm.rpc.test_node import node

ETHEREUM = chains.by_id(1)
V2_FACTORY = "0x5c69bee701ef814a2b6a3edd4b1652cb9cc5aa6f"


def raw(transaction, receipt, *wallets):
    return RawTransaction(
        tx_hash=receipt["transactionHash"],
        block=BlockRef(number=16, hash="0x", timestamp=1_700_000_000),
        transaction_index=2,
        transaction=transaction,
        receipt=receipt,
        wallets=frozenset(wallets or {r.WALLET}),
    )


def interpret(items, methods=None, known=None):
    with FakeNode(methods or {}) as fake, node(fake) as client:
        interpreter = Interpreter(client, ETHEREUM, {} if known is None else known)
        return interpreter.interpret(items), fake.asked


def sale_for_native():
    """2,000 USDC into the V3 pool, 1 WETH out to the router, which unwraps it and pays the wallet less a fee."""
    logs = [
        r.transfer(r.USDC, r.WALLET, r.USDC_WETH_V3, 2_000 * 10**6),
        r.transfer(r.WETH, r.USDC_WETH_V3, r.ROUTER, 10**18),
        r.v3_swap(r.USDC_WETH_V3, 2_000 * 10**6, -(10**18)),
        r.withdrawal(r.ROUTER, 10**18),
    ]
    return raw(r.transaction(), r.receipt(*logs))


def trace(_tx, _options):
    paid = {"type": "CALL", "from": r.ROUTER, "to": r.WALLET, "value": hex(99 * 10**16)}
    return {"type": "CALL", "from": r.WALLET, "to": r.ROUTER, "value": "0x0", "calls": [paid]}


def test_a_trace_tells_what_the_router_kept():
    """With a trace the proceeds are what the wallet was paid; without one they are estimated, and the trade says so."""
    traced, _ = interpret([sale_for_native()], {"debug_traceTransaction": trace})
    [trade] = traced.trades
    assert (trade.bought, trade.native_source) == ((Leg(NATIVE, 99 * 10**16),), NativeSource.INTERNAL)
    assert list(traced.internals) == [trade.tx_hash]
    blind, _ = interpret([sale_for_native()])
    [trade] = blind.trades
    assert (trade.bought, trade.native_source) == ((Leg(NATIVE, 10**18),), NativeSource.WITHDRAWAL)


def test_a_token_to_token_trade_costs_no_trace():
    """Where no native coin can have moved, none is asked for."""
    logs = [
        r.transfer(r.USDC, r.WALLET, r.USDC_WETH_V3, 2_000 * 10**6),
        r.transfer(r.WETH, r.USDC_WETH_V3, r.WALLET, 10**18),
        r.v3_swap(r.USDC_WETH_V3, 2_000 * 10**6, -(10**18)),
    ]
    found, asked = interpret([raw(r.transaction(), r.receipt(*logs))], {"debug_traceTransaction": trace})
    assert len(found.trades) == 1
    assert "debug_traceTransaction" not in asked


def purchase(paid, *wraps):
    """Native coin sent to the router, which wraps and unwraps some, and 2,000 USDC out of the V3 pool."""
    logs = [
        *(r.deposit(r.ROUTER, wad) if wad > 0 else r.withdrawal(r.ROUTER, -wad) for wad in wraps),
        r.transfer(r.WETH, r.ROUTER, r.USDC_WETH_V3, 10**18),
        r.transfer(r.USDC, r.USDC_WETH_V3, r.WALLET, 2_000 * 10**6),
        r.v3_swap(r.USDC_WETH_V3, -2_000 * 10**6, 10**18),
    ]
    return raw(r.transaction(value=paid), r.receipt(*logs))


def test_coin_wrapped_to_the_last_unit_costs_no_trace():
    """Nothing of it can have come back; where a unit was left or unwrapped again, the trace is asked for."""
    answers = {"debug_traceTransaction": lambda _tx, _options: {"type": "CALL"}}
    found, asked = interpret([purchase(10**18, 10**18)], answers)
    assert "debug_traceTransaction" not in asked
    traced, asked = interpret([purchase(10**18 + 1, 10**18)], answers)
    assert "debug_traceTransaction" in asked
    assert found.trades[0].sold == (Leg(NATIVE, 10**18),)
    assert traced.trades[0].sold == (Leg(NATIVE, 10**18 + 1),)
    assert "debug_traceTransaction" in interpret([purchase(10**18, 10**18 + 1, -1)], answers)[1]


def swap_in_a_strange_pool():
    logs = [
        r.transfer(r.USDC, r.WALLET, r.FAKE, 2_000 * 10**6),
        r.transfer(r.COIN, r.FAKE, r.WALLET, 7),
        r.v2_swap(r.FAKE, 2_000 * 10**6, 0, 0, 7),
    ]
    return raw(r.transaction(), r.receipt(*logs))


def test_a_strange_pool_is_looked_up_once():
    """A pool that a known factory confirms makes the trade verified; nobody is asked about it a second time."""
    said = {
        (r.FAKE, FACTORY): word(V2_FACTORY),
        (r.FAKE, TOKEN0): word(r.USDC),
        (r.FAKE, TOKEN1): word(r.COIN),
    }

    calls = []

    def call(request, _block):
        calls.append(request["to"])
        if request["to"] == V2_FACTORY and request["data"].startswith(GET_PAIR):
            return word(r.FAKE)
        if (key := (request["to"], request["data"])) not in said:
            raise RpcFault(3, "execution reverted")
        return said[key]

    known: dict[str, PoolFact] = {}
    found, _ = interpret([swap_in_a_strange_pool()], {"eth_call": call}, known)
    assert [trade.venue_status for trade in found.trades] == [VenueStatus.VERIFIED]
    assert found.facts == known == {r.FAKE: PoolFact(factory=V2_FACTORY, tokens=(r.USDC, r.COIN))}
    assert {r.FAKE, V2_FACTORY} <= set(calls)
    calls.clear()
    again, _ = interpret([swap_in_a_strange_pool()], {"eth_call": call}, known)
    assert [trade.venue_status for trade in again.trades] == [VenueStatus.VERIFIED]
    assert again.facts == {}
    assert not {r.FAKE, V2_FACTORY} & set(calls)


def test_a_pool_that_nobody_vouches_for_stays_unverified():
    """The answer "nobody" is remembered like any other."""
    known: dict[str, PoolFact] = {}
    found, _ = interpret([swap_in_a_strange_pool()], {}, known)
    assert [trade.venue_status for trade in found.trades] == [VenueStatus.UNVERIFIED]
    assert known == {r.FAKE: PoolFact(factory=None, tokens=())}


def test_what_is_no_trade_is_a_move():
    """A plain transfer in is a move of its token, and no trade."""
    gift = raw(r.transaction(sender=r.OTHER), r.receipt(r.transfer(r.COIN, r.OTHER, r.WALLET, 5)))
    found, asked = interpret([gift])
    assert found.trades == ()
    assert found.moves == (
        Move(
            chain_id=1,
            block_number=16,
            transaction_index=2,
            tx_hash=gift.tx_hash,
            wallet=r.WALLET,
            timestamp=1_700_000_000,
            token=r.COIN,
            amount_raw=5,
        ),
    )
    assert asked == []


def through(*more):
    """7 COIN into one pool, 3 WETH from it to the next, 9 DAI-like tokens from that to the wallet."""
    other = "0x" + "bb" * 20
    logs = [
        r.transfer(r.COIN, r.WALLET, r.FAKE, 7),
        r.transfer(r.WETH, r.FAKE, r.USDC_WETH_V2, 3),
        r.v2_swap(r.FAKE, 7, 0, 0, 3),
        r.transfer(other, r.USDC_WETH_V2, r.WALLET, 9),
        r.v2_swap(r.USDC_WETH_V2, 0, 3, 9, 0),
        *more,
    ]
    vouched = {pool: PoolFact(factory=V2_FACTORY, tokens=()) for pool in (r.FAKE, r.USDC_WETH_V2)}
    receipt = r.receipt(*logs)
    decoding = decode_transaction(r.transaction(), receipt, wallet=r.WALLET, chain_id=1, known=vouched)
    return decoding, read_movements(receipt, None).transfers


def test_a_rotation_is_worth_the_quote_token_that_it_went_through():
    """What verified pools paid out in one quote token on the way is the hop; with two of them there is none."""
    decoding, transfers = through()
    assert [trade.venue_status for trade in decoding.trades] == [VenueStatus.VERIFIED]
    quotes = quote_tokens(ETHEREUM)
    assert quote_hop(decoding, transfers, quotes) == Leg(r.WETH, 3)
    assert quote_hop(decoding, transfers, set()) is None
    twice = through(r.transfer(r.USDC, r.USDC_WETH_V2, r.OTHER, 1))
    assert quote_hop(*twice, quotes) is None
