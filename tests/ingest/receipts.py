"""A tiny builder of raw transactions and receipts, as a node would answer them."""

from typing import Any

from eth_abi.abi import encode
from eth_utils import keccak

from ingest.evm.attribution.cow_eth_flow import order_uid
from ingest.evm.logs import topics
from ingest.evm.venues.create2 import word

WALLET = "0x" + "11" * 20
OTHER = "0x" + "22" * 20
ROUTER = "0x" + "33" * 20
FAKE = "0x" + "44" * 20
COIN = "0x" + "aa" * 20
WETH = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
USDC = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
DAI = "0x6b175474e89094c44da98b954eedeac495271d0f"
ZERO = "0x" + "00" * 20
USDC_WETH_V2 = "0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc"
USDC_WETH_V3 = "0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640"
VAULT_V2 = "0xba12222222228d8ba445958a75a0704d566bf2c8"
MANAGER_V4 = "0x000000000004444c5dc75cb358380d2e3de08a90"
SETTLEMENT = "0x9008d19f58aabd9ed0d60971565aa8510560ab41"
ETH_FLOW = "0xba3cb449bd2b4adddbc894d8697f5170800eadec"
ENTRY_POINT = "0x0000000071727de22e5e9d8baf0edac6f37da032"

Raw = dict[str, Any]


def log(emitter: str, topic: str, indexed: tuple[str | int, ...] = (), data: tuple[str | int, ...] = ()) -> Raw:
    """One raw log."""
    return {
        "address": emitter,
        "topics": [topic, *("0x" + word(i).hex() for i in indexed)],
        "data": "0x" + b"".join(word(d) for d in data).hex(),
    }


def transfer(token: str, source: str, target: str, amount: int) -> Raw:
    return log(token, topics.TRANSFER, (source, target), (amount,))


def v2_swap(pair: str, in0: int, in1: int, out0: int, out1: int) -> Raw:
    return log(pair, topics.UNISWAP_V2_SWAP, (ROUTER, WALLET), (in0, in1, out0, out1))


def v3_swap(pool: str, amount0: int, amount1: int) -> Raw:
    return log(pool, topics.UNISWAP_V3_SWAP, (ROUTER, WALLET), (amount0, amount1, 1, 1, 1))


def deposit(account: str, amount: int) -> Raw:
    return log(WETH, topics.DEPOSIT, (account,), (amount,))


def withdrawal(account: str, amount: int) -> Raw:
    return log(WETH, topics.WITHDRAWAL, (account,), (amount,))


Order = tuple[str | int, ...]
"""The twelve fields of a CoW order, as an ``OrderPlacement`` tells them."""


def eth_flow_order(
    *, receiver: str = WALLET, token: str = COIN, sell: int = 10**18, buy: int = 5, fee: int = 0
) -> Order:
    """An order that sells native coin through CoW's ETH-flow."""
    kind, erc20 = (int.from_bytes(keccak(text=text)) for text in ("sell", "erc20"))
    return (WETH, token, receiver, sell, buy, 2**32 - 1, 77, fee, kind, 0, erc20, erc20)


def order_placement(order: Order, *, sender: str = WALLET, emitter: str = ETH_FLOW) -> Raw:
    """The event by which it is placed: the order, where signature and data stand, and these two."""
    signature, data = (1, 64, 20, int(ETH_FLOW, 16) << 96), (12, 0)
    return log(emitter, topics.COW_ORDER_PLACEMENT, (sender,), (*order, 14 * 32, 18 * 32, *signature, *data))


def uid_of(order: Order, *, chain_id: int = 1, owner: str = ETH_FLOW) -> str:
    """The uid by which the settlement knows it."""
    return order_uid(b"".join(map(word, order)), SETTLEMENT, chain_id, owner)


def order_filled(order: Order, *, gave: int = 10**18, got: int = 5, owner: str = ETH_FLOW) -> list[Raw]:
    """What the settlement logs when it fills it, all or a part."""
    token, receiver = str(order[1]), str(order[2])
    uid = bytes.fromhex(uid_of(order, owner=owner)[2:]).ljust(64, b"\0")
    parts = int.from_bytes(uid[:32]), int.from_bytes(uid[32:])
    return [
        transfer(WETH, owner, SETTLEMENT, gave),
        transfer(token, SETTLEMENT, receiver, got),
        log(SETTLEMENT, topics.COW_TRADE, (owner,), (WETH, token, gave, got, 0, 6 * 32, 56, *parts)),
    ]


def call(selector: str, *words: str | int) -> bytes:
    """Calldata: a selector and plain words."""
    return bytes.fromhex(selector) + b"".join(map(word, words))


def universal_router(*commands: tuple[int, bytes]) -> bytes:
    """A call of ``execute(bytes commands, bytes[] inputs)``: each command with its input."""
    return bytes.fromhex("24856bc3") + encode(
        ["bytes", "bytes[]"], [bytes(kind for kind, _ in commands), [given for _, given in commands]]
    )


def multicall(*calls: bytes) -> bytes:
    """A call of ``multicall(uint256 deadline, bytes[] data)``."""
    return bytes.fromhex("5ae401dc") + encode(["uint256", "bytes[]"], [99, list(calls)])


def transaction(*, sender: str = WALLET, to: str = ROUTER, value: int = 0, data: bytes = b"") -> Raw:
    return {
        "hash": "0x" + "ab" * 32,
        "from": sender,
        "to": to,
        "value": hex(value),
        "gasPrice": hex(7),
        "input": "0x" + data.hex(),
    }


def receipt(*logs: Raw, status: str | None = "0x1", **fields: str) -> Raw:
    """A receipt with the logs in order; ``status=None`` leaves it out, as before Byzantium."""
    out: Raw = {
        "transactionHash": "0x" + "ab" * 32,
        "blockNumber": "0x10",
        "transactionIndex": "0x2",
        "gasUsed": hex(1000),
        "effectiveGasPrice": hex(5),
        "logs": [{**entry, "logIndex": hex(i)} for i, entry in enumerate(logs)],
        **fields,
    }
    return out if status is None else {**out, "status": status}
