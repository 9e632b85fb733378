"""What selling a holding at once would bring: each kind of pool asked in its own way. Pure, but for ``executable``.

Executable, not a price times a quantity: the whole holding goes through the pool's own curve, fee and depth included.
A pool without liquidity pays 0, which is known; a pool that gives no usable answer is unknown. What a token itself
keeps back on a transfer (a tax) is not seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode

from ingest.evm.logs.token_flows import ZERO
from ingest.evm.pricing import swap_simulation
from ingest.evm.rpc.node import Node, Request
from ingest.types import NATIVE

GET_RESERVES = "0x0902f1ac"  #: getReserves(), Uniswap V2 pair
GET_AMOUNT_OUT = "0xf140a35a"  #: getAmountOut(uint256,address), Solidly and Velodrome pools
GET_DY = {"int128": "0x5e0d443f", "uint256": "0x556d6e9f"}  #: get_dy(i,j,dx), Curve StableSwap and CryptoSwap
KEPT, WHOLE = 997, 1_000  #: Uniswap V2's fee of 0.3 %; forks take 0.1 to 0.3 %, so they pay a little more than is told
MOST = 2**127 - 1  #: base units; V4 counts in 128 bits, signed
CALLED_BACK = frozenset({"uniswap_v3", "pancake_v3", "slipstream", "algebra", "solidly_v3"})
KINDS = frozenset({*CALLED_BACK, "uniswap_v2", "uniswap_v4", "solidly", "curve"})
"""Kinds of pools that can be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """One pool of two tokens (of more, Curve's: the two that matter)."""

    kind: str  #: one of ``KINDS``
    address: str  #: of the pool; for V4 the pool manager
    tokens: tuple[str, str]  #: in the pool's own order; the native coin is ``NATIVE``
    fee: int = 0  #: V4: hundredths of a basis point
    spacing: int = 0  #: V4: ticks
    coins: tuple[int, int] = (0, 1)  #: Curve: the numbers of ``tokens``
    index: str = "int128"  #: Curve: type of the coins' numbers

    def other(self, token: str) -> str:
        """What the pool pays for a token."""
        return self.tokens[1] if self.tokens[0] == token else self.tokens[0]


#: Pools to go through, each with the token that goes in.
Route = tuple[tuple[Pool, str], ...]


def v2_out(quantity: int, reserve_in: int, reserve_out: int) -> int:
    """What a Uniswap V2 pair pays: ``out * 997 q // (1000 in + 997 q)`` (UniswapV2Library.getAmountOut); 0 if empty.

    Parameters
    ----------
    quantity
        Base units sold, above zero.
    reserve_in, reserve_out
        Base units in the pair.
    """
    if not reserve_in or not reserve_out:
        return 0
    return reserve_out * KEPT * quantity // (WHOLE * reserve_in + KEPT * quantity)


def question(pool: Pool, token: str, quantity: int, block: int) -> Request:
    """The ``eth_call`` that tells what a pool pays for a quantity of one of its tokens."""
    down = pool.tokens[0] == token
    call = {"to": pool.address}
    if pool.kind == "uniswap_v2":
        call["data"] = GET_RESERVES
    elif pool.kind == "solidly":
        call["data"] = GET_AMOUNT_OUT + encode(["uint256", "address"], [quantity, token]).hex()
    elif pool.kind == "curve":
        sold, bought = pool.coins if down else pool.coins[::-1]
        numbers = encode([pool.index, pool.index, "uint256"], [sold, bought, quantity])
        call["data"] = GET_DY[pool.index] + numbers.hex()
    elif pool.kind == "uniswap_v4":
        first, second = (ZERO if each == NATIVE else each for each in pool.tokens)
        key = (first, second, pool.fee, pool.spacing, ZERO)
        call = {"data": swap_simulation.v4_sale(pool.address, key, quantity, zero_for_one=down)}
    else:
        call = {"data": swap_simulation.v3_sale(pool.address, quantity, zero_for_one=down)}
    return "eth_call", [call, hex(block)]


def amount_out(pool: Pool, token: str, quantity: int, answer: Any) -> int | None:
    """What the pool pays, from the answer to ``question``; None where it gave no usable one."""
    try:
        data = bytes.fromhex(answer[2:]) if isinstance(answer, str) else b""
    except ValueError:
        return None
    if pool.kind == "uniswap_v4" or pool.kind in CALLED_BACK:
        return swap_simulation.paid(data, zero_for_one=pool.tokens[0] == token)
    words = [int.from_bytes(data[at : at + 32]) for at in range(0, len(data) - 31, 32)]
    if pool.kind != "uniswap_v2":
        return words[0] if words else None
    if len(words) < 2:
        return None
    reserves = words[:2] if pool.tokens[0] == token else words[1::-1]
    return v2_out(quantity, *reserves)


def executable(node: Node, sales: Sequence[tuple[Route, int]], block: int) -> list[int | None]:
    """What selling each quantity along its route would bring at a block, base units of the token at its end.

    Parameters
    ----------
    node
        Whom to ask.
    sales
        Routes, with the base units that are sold.
    block
        A block whose state the node still has.

    Returns
    -------
    list
        In the order of ``sales``; 0 where a pool on the way is empty, None where it gave no usable answer.
    """
    amounts: list[int | None] = [quantity for _, quantity in sales]
    for step in range(max((len(route) for route, _ in sales), default=0)):
        asked = [
            (i, *route[step], amount)
            for i, ((route, _), amount) in enumerate(zip(sales, amounts, strict=True))
            if step < len(route) and amount
        ]
        sane = [(i, pool, token, amount) for i, pool, token, amount in asked if amount <= MOST]
        answers = node.batch([question(pool, token, amount, block) for _, pool, token, amount in sane], tolerant=True)
        for i, *_ in asked:
            amounts[i] = None
        for (i, pool, token, amount), answer in zip(sane, answers, strict=True):
            amounts[i] = amount_out(pool, token, amount, answer)
    return amounts
