"""What an address did of late, from a few answers; what a node does not say is not known."""

import pytest

from ingest.evm.chains import by_id
from ingest.evm.interpret import Interpreter
from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.lookup.traces import Tracer
from ingest.evm.rpc.node import Node
from ingest.evm.survey.address_activity import TRANSACTIONS, balances, is_contract, sent_since, trades_in
from tests.fakes.chain import FakeChain, Payment
from tests.fakes.node import FakeNode, RpcFault

ANN, BOB = ("0x" + digit * 40 for digit in "12")


def pruned(*_):
    raise RpcFault(-32000, "missing trie node 0x1 (path ) state 0x2 is not available")


def ask(methods, question):
    with FakeNode(methods) as fake, Node([fake.url], chain_id=1, sleep=lambda _s: None) as node:
        return question(node)


def test_a_nonce_and_a_balance_are_held_against_those_of_before():
    """By block; a node that dropped old state, answers nonsense, or goes back in time leaves them unknown."""
    counts, coins = {"0xa": "0x5", "0x14": "0x24"}, {"0xa": "0xde0b6b3a7640000", "0x14": "0x0"}
    methods = {"eth_getTransactionCount": lambda _, at: counts[at], "eth_getBalance": lambda _, at: coins[at]}
    assert ask(methods, lambda node: sent_since(node, ANN, 10, 20)) == 31
    assert ask(methods, lambda node: sent_since(node, ANN, 20, 10)) is None
    assert ask(methods, lambda node: balances(node, ANN, 10, 20)) == (10**18, 0)
    lost = {
        "eth_getTransactionCount": lambda _, at: pruned() if at == "0xa" else "0x24",
        "eth_getBalance": lambda *_: "x",
    }
    assert ask(lost, lambda node: sent_since(node, ANN, 10, 20)) is None
    assert ask(lost, lambda node: balances(node, ANN, 10, 20)) == (None, None)


@pytest.mark.parametrize(
    ("code", "contract"), [("0x", False), ("0x6080", True), ("0xef0100" + "1" * 40, False), (None, None)]
)
def test_an_account_that_lends_itself_code_is_still_a_persons(code, contract):
    """Code makes a contract, unless it is a delegation (EIP-7702)."""
    methods = {} if code is None else {"eth_getCode": lambda *_: code}
    assert ask(methods, lambda node: is_contract(node, ANN, 5)) is contract


def trades(chain, blocks, methods=None):
    asked = {**chain.methods(), **(methods or {})}
    with FakeNode(asked) as fake, Node([fake.url], chain_id=1, sleep=lambda _s: None) as node:
        interpreter = Interpreter(node, by_id(1), {}, Tracer(offers=False))
        return trades_in(interpreter, ANN, blocks), len(fake.asked)


def test_transfers_are_no_trades_and_an_exchange_is_not_read():
    """None of a few payments is a trade; an address with hundreds of transactions is given up before any is fetched."""
    chain = FakeChain()
    for _ in range(3):
        chain.mine(Payment(ANN, BOB, 5))
    assert trades(chain, BlockRange(0, 3))[0] == 0
    chain.mine(*(Payment(BOB, ANN, 1) for _ in range(TRANSACTIONS)))
    found, asked = trades(chain, BlockRange(0, 4))
    assert (found, asked < 10) == (None, True)


def test_a_node_with_small_windows_is_given_up_soon():
    """Ten blocks at a time for a hundred thousand: a few requests, and not known."""

    def logs(query):
        if int(query["toBlock"], 16) - int(query["fromBlock"], 16) >= 10:
            raise RpcFault(-32600, "up to a 10 block range")
        return []

    found, asked = trades(FakeChain(), BlockRange(0, 100_000), {"eth_getLogs": logs})
    assert (found, asked < 80) == (None, True)
