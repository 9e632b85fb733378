"""Invented logs in the mix of a busy chain, as a node answers ``eth_getLogs``, and their ABI for the peers."""

import json
import random

from ingest.evm.logs import topics

SYNC = "0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1"  # UniswapV2Pair: read by nobody here
UINT_MAX = 2**256 - 1


def word(value):
    return (value % 2**256).to_bytes(32).hex()


def answer(count, seed=1):
    """A JSON-RPC response body: half Transfers, the rest v2 and v3 swaps, Sync, and the wrapped coin's events."""
    rng = random.Random(seed)
    pools, accounts = (["0x" + rng.randbytes(20).hex() for _ in range(n)] for n in (300, 5_000))
    kinds = rng.choices(list(EVENTS), [50, 15, 15, 12, 4, 4], k=count)

    def amount():
        return 1 + rng.getrandbits(rng.choice((24, 40, 60, 62, 70, 80, 96)))

    logs = []
    for n, topic in enumerate(kinds):
        words = 2 if topic in (topics.TRANSFER, topics.UNISWAP_V2_SWAP, topics.UNISWAP_V3_SWAP) else topic != SYNC
        if topic == topics.UNISWAP_V2_SWAP:
            data = [amount(), 0, 0, amount()] if rng.random() < 0.5 else [0, amount(), amount(), 0]
        elif topic == topics.UNISWAP_V3_SWAP:
            pair = [amount(), -amount()]
            rng.shuffle(pair)
            data = [*pair, rng.getrandbits(159), rng.getrandbits(90), rng.randrange(-887_272, 887_273)]
        elif topic == SYNC:
            data = [rng.getrandbits(100), rng.getrandbits(100)]
        else:
            data = [UINT_MAX if rng.random() < 0.001 else amount()]
        logs.append(
            {
                "address": rng.choice(pools),
                "topics": [topic, *("0x" + word(int(account, 16)) for account in rng.choices(accounts, k=words))],
                "data": "0x" + "".join(map(word, data)),
                "blockHash": "0x" + word(n // 200),
                "blockNumber": hex(19_000_000 + n // 200),
                "blockTimestamp": hex(1_700_000_000 + n // 200),
                "transactionHash": "0x" + word(2**255 + n // 8),
                "transactionIndex": hex(n % 200 // 8),
                "logIndex": hex(n % 200),
                "removed": False,
            }
        )
    return json.dumps({"jsonrpc": "2.0", "id": 1, "result": logs}, separators=(",", ":")).encode()


def _event(name, *inputs):
    fields = [{"name": field, "type": kind, "indexed": indexed} for field, kind, indexed in inputs]
    return {"type": "event", "name": name, "anonymous": False, "inputs": fields}


_SWAP_V2 = [(name, "uint256", False) for name in ("amount0In", "amount1In", "amount0Out", "amount1Out")]
_SWAP_V3 = [("amount0", "int256"), ("amount1", "int256"), ("price", "uint160"), ("liquidity", "uint128")]
EVENTS = {
    topics.TRANSFER: _event(
        "Transfer", ("from", "address", True), ("to", "address", True), ("value", "uint256", False)
    ),
    topics.UNISWAP_V2_SWAP: _event("Swap", ("sender", "address", True), *_SWAP_V2, ("to", "address", True)),
    SYNC: _event("Sync", ("reserve0", "uint112", False), ("reserve1", "uint112", False)),
    topics.UNISWAP_V3_SWAP: _event(
        "Swap",
        ("sender", "address", True),
        ("recipient", "address", True),
        *((name, kind, False) for name, kind in [*_SWAP_V3, ("tick", "int24")]),
    ),
    topics.DEPOSIT: _event("Deposit", ("account", "address", True), ("amount", "uint256", False)),
    topics.WITHDRAWAL: _event("Withdrawal", ("account", "address", True), ("amount", "uint256", False)),
}
"""Topic to the event's ABI."""
