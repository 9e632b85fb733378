"""Who made a pool: asked once of the pool, of the factory that it names, and of the registers that list pools.

The questions are tables: how a pool is asked about itself, how a factory is asked for the pool of two tokens, and how a
register is asked whether an address is one of its pools.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode

from ingest.evm.rpc.node import Node, Request
from ingest.types import Chain, PoolFact

# Selectors of the pools' own readers: Uniswap V2 and V3 cores, Algebra, Solidly, Slipstream, Kyber Elastic; LBPair.
FACTORY, TOKEN0, TOKEN1 = "0xc45a0155", "0x0dfe1681", "0xd21220a7"
FEE, STABLE, TICK_SPACING = "0xddca3f43", "0x22be3de1", "0xd0c93a7c"
SWAP_FEE_UNITS = "0xc79a590e"  #: swapFeeUnits(), Kyber Elastic
GET_FACTORY, TOKEN_X, TOKEN_Y, BIN_STEP = "0x88cc58e4", "0x05e8746d", "0xda10610c", "0x17f11ecc"

# Selectors of the factories' readers.
GET_PAIR = "0xe6a43905"  #: getPair(address,address), Uniswap V2
POOL_BY_PAIR = "0xd9a641e1"  #: poolByPair(address,address), Algebra
GET_POOL_FEE = "0x1698ee82"  #: getPool(address,address,uint24), Uniswap V3
GET_POOL_STABLE = "0x79bc57d5"  #: getPool(address,address,bool), Velodrome V2
GET_PAIR_STABLE = "0x6801cc30"  #: getPair(address,address,bool), Solidly
GET_POOL_SPACING = "0x28af8d0b"  #: getPool(address,address,int24), Slipstream
GET_LB_PAIR = (
    "0x704037bd"  #: getLBPairInformation(address,address,uint256), Liquidity Book: the pair is its second word
)

REGISTERS = {
    "balancer_v1": ("0xc2bb6dc2",),  # isBPool(address)
    "curve": ("0x619ea806", "0x940494f1"),  # is_registered(address), get_n_coins(address)
    "eulerswap": ("0x186d0601",),  # deployedPools(address)
    "fluid": ("0x3c11e12a",),  # isDex(address)
    "maverick": ("0x578eaca4",),  # isFactoryPool(address)
    "metric": ("0x5b16ebb7",),  # isPool(address)
    "mooniswap": ("0x5b16ebb7",),  # isPool(address)
    "pendle": ("0x58e6309f",),  # isValidMarket(address)
    "slipstream": ("0xe5e31b13",),  # isPair(address)
    "solidly": ("0xe5e31b13", "0x5b16ebb7"),  # isPair(address), isPool(address)
    "uniswap_v1": ("0x59770438",),  # getToken(address)
}
"""How the factories of a kind are asked whether an address is a pool of theirs; zero says no."""

BASE_TOKEN, QUOTE_TOKEN = "0x4a248d2a", "0xd4b97046"  #: _BASE_TOKEN_(), _QUOTE_TOKEN_(), DODO
GET_DODO, GET_DODO_POOL = (
    "0x1273b0c6",
    "0x57a281dc",
)  #: getDODO and getDODOPool(address,address): the second lists several
GET_ASSETS = "0x67e4ac2c"  #: getAssets(), EulerSwap
POOLS_BY_PAIR = "0x4b4409cb"  #: poolsByPair(address,address), EulerSwap
COINS = "0xc6610657"  #: coins(uint256), PancakeSwap's StableSwap
GET_TOKENS, GET_POOL = "0xaa6ca808", "0x531aa03e"  #: getTokens(), getPool(address,address), LFJ POE
GET_PAIR_INFO, GET_THREE_POOL = "0x400f7a1e", "0x923093cb"  #: getPairInfo and getThreePoolPairInfo(address,address)


@dataclass(frozen=True, slots=True)
class ByTokens:
    """How pools that name no factory tell their tokens, and how their factories are asked for the pools of two."""

    tokens: tuple[tuple[str, int], tuple[str, int]]  #: calldata, and the word of its answer, for each token
    listed: tuple[tuple[str, int | None], ...]  #: selector, and the word that is the pool; None: any word, it is a list
    whole: bool = True  #: a pool has no more tokens than these


BY_TOKENS = {
    "dodo": ByTokens(((BASE_TOKEN, 0), (QUOTE_TOKEN, 0)), ((GET_DODO, 0), (GET_DODO_POOL, None))),
    "eulerswap": ByTokens(((GET_ASSETS, 0), (GET_ASSETS, 1)), ((POOLS_BY_PAIR, None),)),
    "lfj": ByTokens(((GET_TOKENS, 0), (GET_TOKENS, 1)), ((GET_POOL, 0),)),
    "pancake_stable": ByTokens(
        ((COINS + f"{0:064x}", 0), (COINS + f"{1:064x}", 0)), ((GET_PAIR_INFO, 0), (GET_THREE_POOL, 0)), whole=False
    ),
}
"""Every known factory of the kind is asked for the two tokens that the pool tells."""

_LISTED = -1  #: stands for a word: any of them

_POOL_READERS = (
    *(FACTORY, TOKEN0, TOKEN1, FEE, STABLE, TICK_SPACING, SWAP_FEE_UNITS),
    *(GET_FACTORY, TOKEN_X, TOKEN_Y, BIN_STEP),
)


def look_up(node: Node, chain: Chain, addresses: Collection[str]) -> dict[str, PoolFact]:
    """Find which known factory vouches for each address.

    A pool's own words prove nothing. It is believed only when the factory that it names is one of the chain's known
    ones, and that factory, asked for the pool of the two tokens, answers with this very address; or when a known
    register lists it.

    Returns
    -------
    dict
        Every address asked for; ``factory`` is None where nobody vouches (which is remembered too).
    """
    ordered = sorted(addresses)
    known = {dex.factory for dex in chain.dexes}
    registers = [(dex.factory, selector) for dex in chain.dexes for selector in REGISTERS.get(dex.kind, ())]
    listing = [(dex.factory, BY_TOKENS[dex.kind]) for dex in chain.dexes if dex.kind in BY_TOKENS]
    readers = tuple(dict.fromkeys([*_POOL_READERS, *(reader for _, by in listing for reader, _ in by.tokens)]))
    answers = node.batch([_call(pool, data) for pool in ordered for data in readers], tolerant=True)
    size = len(readers)
    asked: list[tuple[str, PoolFact, int | None, Request]] = []  # pool, fact, where the answer names it, question
    for i, pool in enumerate(ordered):
        said = dict(zip(readers, answers[i * size : (i + 1) * size], strict=True))
        for factory, tokens, word, data in _questions(said):
            if factory in known:
                asked.append((pool, PoolFact(factory=factory, tokens=tokens), word, _call(factory, data)))
        for factory, by in listing:
            one, other = (_address(said[reader], word) for reader, word in by.tokens)
            if one and other:
                fact = PoolFact(factory=factory, tokens=(one, other) if by.whole else ())
                pair = encode(["address", "address"], [one, other]).hex()
                for selector, at in by.listed:
                    asked.append((pool, fact, _LISTED if at is None else at, _call(factory, selector + pair)))
        for factory, selector in registers:
            question = _call(factory, selector + encode(["address"], [pool]).hex())
            asked.append((pool, PoolFact(factory=factory, tokens=()), None, question))
    replies = node.batch([request for *_, request in asked], tolerant=True)
    vouched: dict[str, PoolFact] = {}
    for (pool, fact, where, _), reply in zip(asked, replies, strict=True):
        if _vouches(reply, pool, where):
            vouched.setdefault(pool, fact)
    return {pool: vouched.get(pool, PoolFact(factory=None, tokens=())) for pool in ordered}


def _vouches(reply: Any, pool: str, where: int | None) -> bool:
    """Whether an answer names the pool: in one word, anywhere in a list, or (None) by not being zero."""
    if where is None:
        return bool(_number(reply))
    if where == _LISTED:
        return isinstance(reply, str) and pool[2:].rjust(64, "0") in {
            reply[i : i + 64] for i in range(2, len(reply), 64)
        }
    return _address(reply, where) == pool


def _word(address: str) -> str:
    return address[2:].rjust(64, "0")


def _call(to: str, data: str) -> Request:
    return ("eth_call", [{"to": to, "data": data}, "latest"])


def _questions(said: Mapping[str, Any]) -> list[tuple[str, tuple[str, str], int, str]]:
    """How the factory that a pool names may be asked for it: factory, tokens, word of the answer, calldata."""
    found: list[tuple[str, tuple[str, str], int, str]] = []

    def ask(factory: str, tokens: tuple[str, str], selector: str, *more: tuple[str, Any], word: int = 0) -> None:
        data = encode(["address", "address", *(kind for kind, _ in more)], [*tokens, *(value for _, value in more)])
        found.append((factory, tokens, word, selector + data.hex()))

    factory, token0, token1 = (_address(said[reader]) for reader in (FACTORY, TOKEN0, TOKEN1))
    if factory and token0 and token1:
        pair = (token0, token1)
        ask(factory, pair, GET_PAIR)
        ask(factory, pair, POOL_BY_PAIR)
        fees = {fee for reader in (FEE, SWAP_FEE_UNITS) if (fee := _number(said[reader])) is not None and fee < 2**24}
        for units in sorted(fees):
            ask(factory, pair, GET_POOL_FEE, ("uint24", units))
        stable, spacing = _number(said[STABLE]), _number(said[TICK_SPACING])
        if stable in {0, 1}:
            ask(factory, pair, GET_POOL_STABLE, ("bool", bool(stable)))
            ask(factory, pair, GET_PAIR_STABLE, ("bool", bool(stable)))
        if spacing is not None and spacing < 2**23:
            ask(factory, pair, GET_POOL_SPACING, ("int24", spacing))
    factory, token_x, token_y = (_address(said[reader]) for reader in (GET_FACTORY, TOKEN_X, TOKEN_Y))
    step = _number(said[BIN_STEP])
    if factory and token_x and token_y and step is not None:
        ask(factory, (token_x, token_y), GET_LB_PAIR, ("uint256", step), word=1)
    return found


def _number(answer: Any, word: int = 0) -> int | None:
    """One word of an answer; None for a refusal or anything shorter."""
    start = 2 + 64 * word
    if not isinstance(answer, str) or len(answer) < start + 64:
        return None
    try:
        return int(answer[start : start + 64], 16)
    except ValueError:
        return None


def _address(answer: Any, word: int = 0) -> str | None:
    number = _number(answer, word)
    return f"0x{number:040x}" if number and number < 2**160 else None
