"""Where wallets swap: the pools of verified swaps, how to ask for every swap in them, what the answers say. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain as joined
from typing import Any

from ingest.errors import RangeRefused, RpcUnavailable
from ingest.evm.attribution.pool_verification import Judge
from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.logs.json_codec import RawLog, raw_logs
from ingest.evm.logs.logs import number, read_log
from ingest.evm.logs.token_flows import ZERO, read_movements
from ingest.evm.rpc.node import Request
from ingest.evm.sync.fetch import MOST_LOGS
from ingest.evm.sync.header_checks import is_round
from ingest.evm.venues.families import FAMILIES, READERS, read_events
from ingest.evm.venues.swap_event import Holding, SwapEvent
from ingest.types import NATIVE, Chain, Leg, PoolFact, VenueStatus

Key = tuple[str, str | None]
"""A pool: what emits its swaps, and the id by which a contract of many pools names it (its first indexed word)."""
_NAMED = frozenset({Holding.MANAGER, Holding.VAULT})
_SIBLINGS = {topic: frozenset(family.READERS) for family in FAMILIES for topic in family.READERS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A verified swap of a transaction."""

    key: Key
    topic: str
    pairs: frozenset[tuple[str, str]]  #: of tokens, in the pool's own order; several where it is not sure which


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapPool:
    """A pool whose swaps can be asked for."""

    key: Key
    topics: frozenset[str]  #: every swap event of its family
    assets: frozenset[str]  #: what is traded there, quote tokens apart; never empty
    pair: tuple[str, str] | None  #: both tokens in the pool's own order; None: not sure, or it has more


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledSwap:
    """One swap in a place."""

    key: Key
    block: int
    tx_hash: str
    assets: frozenset[str]
    quote: Leg | None  #: what was given or got for the asset in a quote token; None: not known


def uses_in(receipt: Mapping[str, Any], chain: Chain, known: Mapping[str, PoolFact]) -> list[Use]:
    """The pools whose swaps in a transaction are verified; settlements between two parties have no pool.

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
    topics = {log.index: log.topic for log in moved.logs}
    first = {log.index: log.indexed[0] for log in moved.logs if log.indexed}
    events = {event.log_index: event for event in read_events(moved.logs)}
    evidence = Judge(chain, known, moved.transfers).weigh(tuple(events.values()))
    found = []
    for swap in evidence.swaps:
        key = _key(events[swap.log_index], first.get(swap.log_index))
        if swap.status is VenueStatus.VERIFIED and key is not None and topics[swap.log_index] in READERS:
            pairs = {(edge.token_in, edge.token_out) for edge in evidence.edges if edge.swap == swap}
            found.append(Use(key=key, topic=topics[swap.log_index], pairs=frozenset(map(_ordered, pairs))))
    return found


def _key(event: SwapEvent, first: int | None) -> Key | None:
    if event.holding is Holding.POOL:
        return event.emitter, None
    return (event.emitter, f"0x{first:064x}") if event.holding in _NAMED and first is not None else None


def _ordered(pair: tuple[str, str]) -> tuple[str, str]:
    one, other = sorted(pair, key=lambda token: ZERO if token == NATIVE else token)
    return one, other


def most_used(transactions: Iterable[Sequence[Use]], quotes: Mapping[str, Any], most: int) -> dict[Key, SwapPool]:
    """The pools of most transactions, those apart in which nothing but quote tokens is swapped.

    Parameters
    ----------
    transactions
        What ``uses_in`` found in each.
    quotes
        Quote tokens by address.
    most
        How many to keep.
    """
    times: Counter[Key] = Counter()
    pairs: dict[Key, frozenset[tuple[str, str]]] = {}
    topics: dict[Key, str] = {}
    for uses in transactions:
        times.update({use.key for use in uses})
        for use in uses:
            # What is not sure in one transaction may be in another.
            pairs[use.key] = pairs.get(use.key, use.pairs) & use.pairs or use.pairs
            topics[use.key] = use.topic
    places: dict[Key, SwapPool] = {}
    for key in sorted(times, key=lambda key: (-times[key], key[0], key[1] or "")):
        assets = frozenset(joined.from_iterable(pairs[key])) - quotes.keys()
        if assets and len(places) < most:
            [pair, *others] = sorted(pairs[key])
            places[key] = SwapPool(key=key, topics=_SIBLINGS[topics[key]], assets=assets, pair=None if others else pair)
    return places


def requests(places: Mapping[Key, SwapPool], blocks: BlockRange) -> list[Request]:
    """What to ask for every swap in the places: once for pools, once for contracts that name their pools by an id."""
    asked: list[Request] = []
    for named in (False, True):
        some = [place for key, place in places.items() if (key[1] is not None) == named]
        if some:
            topics = [sorted(frozenset().union(*(place.topics for place in some)))]
            ids = [sorted({place.key[1] for place in some if place.key[1] is not None})] if named else []
            bounds = {"fromBlock": hex(blocks.first), "toBlock": hex(blocks.last)}
            emitters = sorted({place.key[0] for place in some})
            asked.append(("eth_getLogs", [{**bounds, "address": emitters, "topics": topics + ids}]))
    return asked


def sightings(
    answers: Iterable[Any], places: Mapping[Key, SwapPool], quotes: Mapping[str, Any], blocks: BlockRange
) -> list[SampledSwap]:
    """Read the answers to ``requests``.

    Raises
    ------
    RangeRefused
        There are too many logs, or so many as a node may silently have cut them to.
    RpcUnavailable
        They are malformed, or of other blocks.
    """
    found: list[SampledSwap] = []
    for logs in answers:
        if not isinstance(logs, list):
            raise RpcUnavailable("eth_getLogs answered with something that is not a list")
        if (len(logs) > MOST_LOGS or is_round(len(logs))) and len(blocks) > 1:
            raise RangeRefused(f"{len(logs):,} swaps in {len(blocks):,} blocks, or more")
        for raw in raw_logs(logs):
            if raw is None or raw.removed is True:
                continue
            block, name = number(raw.block_number), raw.transaction_hash
            if block is None or not blocks.first <= block <= blocks.last or not isinstance(name, str):
                raise RpcUnavailable("the node's answer on logs is of other blocks than those asked for")
            if (seen := sighting(raw, block, name.lower(), places, quotes)) is not None:
                found.append(seen)
    return found


def sighting(
    raw: RawLog, block: int, tx_hash: str, places: Mapping[Key, SwapPool], quotes: Mapping[str, Any]
) -> SampledSwap | None:
    """Read one log as a swap in one of the places; None if it is none."""
    log = read_log(raw)
    event = READERS[log.topic](log) if log is not None and log.topic in READERS else None
    if log is None or event is None:
        return None
    key = _key(event, log.indexed[0] if log.indexed else None)
    place = places.get(key) if key is not None else None
    if place is None:
        return None
    given, got = _tokens(event, place)
    assets = frozenset(token for token in (given, got) if token is not None) - quotes.keys() or place.assets
    quote = None
    if given is not None and got is not None and (given in quotes) != (got in quotes):
        quote = Leg(given, event.amount_in) if given in quotes else Leg(got, event.amount_out)
    return SampledSwap(key=place.key, block=block, tx_hash=tx_hash, assets=assets, quote=quote)


def _tokens(event: SwapEvent, place: SwapPool) -> tuple[str | None, str | None]:
    """What went in and what came out, as far as it is known."""
    if event.token_in is not None and event.token_out is not None:
        return event.token_in, event.token_out
    if place.pair is None or event.zero_for_one is None:
        return None, None
    return place.pair if event.zero_for_one else (place.pair[1], place.pair[0])
