"""Where a token can be sold: the verified pools of one transaction, and the ways to a quote token. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from eth_utils import keccak  # type: ignore[attr-defined]

from ingest.evm.attribution.pool_verification import Judge
from ingest.evm.logs import topics
from ingest.evm.logs.logs import Log
from ingest.evm.logs.token_flows import ZERO, read_movements
from ingest.evm.pricing.pool_quotes import KINDS, Pool, Route
from ingest.evm.pricing.valuation import quote_tokens
from ingest.evm.venues.create2 import word
from ingest.evm.venues.families import read_events
from ingest.evm.venues.uniswap_v3 import FEES
from ingest.types import NATIVE, Chain, PoolFact, VenueStatus, VenueSwap

SPACINGS = (1, 10, 50, 60, 100, 200)  #: ticks; what V4 pools have beside the interface's own fee / 50
CURVE_INDEX = {
    topics.CURVE_EXCHANGE: "int128",
    topics.CURVE_CRYPTO_EXCHANGE: "uint256",
    topics.CURVE_NG_EXCHANGE: "uint256",
}


def pools_in(receipt: Mapping[str, Any], chain: Chain, known: Mapping[str, PoolFact]) -> tuple[Pool, ...]:
    """The pools of kinds that can be asked whose swaps in a transaction are verified.

    Parameters
    ----------
    receipt
        The raw JSON-RPC receipt.
    chain
        Whose factories vouch.
    known
        What was looked up about pools, by address.
    """
    moved = read_movements(receipt, chain.wrapped_native)
    logs = {log.index: log for log in moved.logs}
    evidence = Judge(chain, known, moved.transfers).weigh(read_events(moved.logs))
    kind_of = {dex.factory: dex.kind for dex in chain.dexes}
    found = []
    for swap in evidence.swaps:
        if swap.status is not VenueStatus.VERIFIED:
            continue
        fact = known.get(swap.emitter)
        kind = kind_of.get(fact.factory or "", swap.family) if fact else swap.family
        pairs = [(edge.token_in, edge.token_out) for edge in evidence.edges if edge.swap == swap]
        if kind == "uniswap_v4":
            candidates = {token for pair in pairs for token in pair} | set(quote_tokens(chain))
            found.append(_v4_pool(swap, logs[swap.log_index], candidates))
        elif kind == "curve":
            found.append(_curve_pool(swap, logs[swap.log_index], pairs))
        elif kind in KINDS and pairs:
            first, second = sorted(pairs[0])
            found.append(Pool(kind=kind, address=swap.emitter, tokens=(first, second)))
    return tuple(dict.fromkeys(pool for pool in found if pool is not None))


def _v4_pool(swap: VenueSwap, log: Log, candidates: Collection[str]) -> Pool | None:
    """The pool behind an id: the one key without hooks that hashes to it, so that no hook can change what it pays.

    None for a pool with hooks (or of an uncommon tick spacing): what it would pay is not known.
    """
    tokens = sorted(ZERO if token == NATIVE else token for token in candidates)
    for fee in dict.fromkeys((log.word(5), *FEES)):
        for spacing in dict.fromkeys((max(1, fee // 50), *SPACINGS)):
            for first, second in combinations(tokens, 2):
                if _v4_id(first, second, fee, spacing) == log.indexed[0]:
                    pair = (NATIVE if first == ZERO else first, second)
                    return Pool(kind="uniswap_v4", address=swap.emitter, tokens=pair, fee=fee, spacing=spacing)
    return None


def _v4_id(first: str, second: str, fee: int, spacing: int) -> int:
    """Uniswap V4 PoolId: keccak of the ABI-encoded PoolKey, hooks zero."""
    return int.from_bytes(keccak(word(first) + word(second) + word(fee) + word(spacing) + word(0)))


def _curve_pool(swap: VenueSwap, log: Log, pairs: Sequence[tuple[str, str]]) -> Pool | None:
    """A Curve pool with the coins' numbers that its exchange event names; None where the tokens are not sure."""
    index = CURVE_INDEX.get(log.topic)
    # Native coin is only ever supposed, beside a pair of tokens that really moved.
    pairs = [pair for pair in pairs if NATIVE not in pair] or pairs
    if index is None or len(pairs) != 1:
        return None
    return Pool(kind="curve", address=swap.emitter, tokens=pairs[0], coins=(log.word(0), log.word(2)), index=index)


def routes(token: str, pools: Iterable[Pool], quotes: Collection[str]) -> list[Route]:
    """The ways from a token to a quote token: one pool, else two.

    Parameters
    ----------
    token
        What is sold.
    pools
        Pools to choose from.
    quotes
        Addresses of quote tokens.
    """
    pools = tuple(pools)
    own = [pool for pool in pools if token in pool.tokens]
    direct: list[Route] = [((pool, token),) for pool in own if pool.other(token) in quotes]
    return direct or [
        ((first, token), (second, between))
        for first in own
        for between in [first.other(token)]
        for second in pools
        if second != first and between in second.tokens and second.other(between) in quotes
    ]
