"""Who made a pool: asked once of the pool and of the factory that it names, where no address can be re-derived."""

from collections.abc import Collection, Sequence
from typing import Any

from eth_abi.abi import encode

from ingest.rpc import Node, Request
from ingest.types import Chain, PoolFact

# Selectors of the pools' and factories' own readers: Uniswap V2 and V3 cores, Algebra, Solidly, Slipstream.
FACTORY, TOKEN0, TOKEN1 = "0xc45a0155", "0x0dfe1681", "0xd21220a7"
FEE, STABLE, TICK_SPACING = "0xddca3f43", "0x22be3de1", "0xd0c93a7c"
GET_PAIR = "0xe6a43905"  #: getPair(address,address), Uniswap V2
POOL_BY_PAIR = "0xd9a641e1"  #: poolByPair(address,address), Algebra
GET_POOL_FEE = "0x1698ee82"  #: getPool(address,address,uint24), Uniswap V3
GET_POOL_STABLE = "0x79bc57d5"  #: getPool(address,address,bool), Velodrome V2
GET_PAIR_STABLE = "0x6801cc30"  #: getPair(address,address,bool), Solidly
GET_POOL_SPACING = "0x28af8d0b"  #: getPool(address,address,int24), Slipstream

_POOL_READERS = (FACTORY, TOKEN0, TOKEN1, FEE, STABLE, TICK_SPACING)


def look_up(node: Node, chain: Chain, addresses: Collection[str]) -> dict[str, PoolFact]:
    """Find which known factory vouches for each address.

    A pool's own words prove nothing. It is believed only when the factory that it names is one of the chain's known
    ones, and that factory, asked for the pool of the two tokens, answers with this very address.

    Returns
    -------
    dict
        Every address asked for; ``factory`` is None where nobody vouches (which is remembered too).
    """
    ordered = sorted(addresses)
    known = {dex.factory for dex in chain.dexes}
    requests: list[Request] = [_call(pool, data) for pool in ordered for data in _POOL_READERS]
    answers = node.batch(requests, tolerant=True)
    said = {pool: answers[i * len(_POOL_READERS) : (i + 1) * len(_POOL_READERS)] for i, pool in enumerate(ordered)}
    asked: list[tuple[str, str, tuple[str, str], Request]] = []
    for pool, words in said.items():
        factory, token0, token1 = (_address(word) for word in words[:3])
        if factory in known and factory and token0 and token1:
            asked += [(pool, factory, (token0, token1), _call(factory, data)) for data in _questions(words)]
    vouched: dict[str, PoolFact] = {}
    replies = node.batch([request for *_, request in asked], tolerant=True)
    for (pool, factory, tokens, _), reply in zip(asked, replies, strict=True):
        if _address(reply) == pool:
            vouched[pool] = PoolFact(factory=factory, tokens=tokens)
    return {pool: vouched.get(pool, PoolFact(factory=None, tokens=())) for pool in ordered}


def _call(to: str, data: str) -> Request:
    return ("eth_call", [{"to": to, "data": data}, "latest"])


def _questions(words: Sequence[Any]) -> list[str]:
    """How a factory may be asked for the pool, given what the pool says of itself."""
    tokens = [_address(word) for word in words[1:3]]
    fee, stable, spacing = (_number(word) for word in words[3:])

    def question(selector: str, *more: tuple[str, Any]) -> str:
        return (
            selector
            + encode(["address", "address", *(kind for kind, _ in more)], [*tokens, *(v for _, v in more)]).hex()
        )

    asked = [question(GET_PAIR), question(POOL_BY_PAIR)]
    if fee is not None and fee < 2**24:
        asked.append(question(GET_POOL_FEE, ("uint24", fee)))
    if stable in {0, 1}:
        asked += [question(GET_POOL_STABLE, ("bool", bool(stable))), question(GET_PAIR_STABLE, ("bool", bool(stable)))]
    if spacing is not None and spacing < 2**23:
        asked.append(question(GET_POOL_SPACING, ("int24", spacing)))
    return asked


def _number(answer: Any) -> int | None:
    """The first word of an answer; None for a refusal or anything shorter."""
    if not isinstance(answer, str) or len(answer) < 66:
        return None
    try:
        return int(answer[2:66], 16)
    except ValueError:
        return None


def _address(answer: Any) -> str | None:
    number = _number(answer)
    return f"0x{number:040x}" if number and number < 2**160 else None
