"""Who trades like the followed wallets, from a sample of one chain's swaps."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.pricing.valuation import Answer, quote_tokens
from ingest.evm.survey.pool_swaps import SampledSwap
from ingest.types import NATIVE, Chain, Leg
from metrics.peers import sampled_style
from metrics.peers.sampled_style import Swap
from metrics.peers.similarity import FEWEST_TRADES, Likeness, Style, suggest
from watcher.jobs.peers.pool_survey import Survey
from watcher.reports.audit import MACHINE_TRADES_PER_DAY
from watcher.store import flag_log, trade_log, wallets
from watcher.store.sql.database import reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Resemblance:
    """What a sample says of one chain."""

    chain: str
    alike: list[tuple[Style, Style, Likeness]]  #: candidate, the followed wallet that it is most like; nearest first
    machines: list[Style]  #: too fast for a person, the fastest first
    seen: int  #: addresses that swapped in the sample
    judged: int  #: of them with enough swaps to compare; neither on the list, nor flagged, nor machines
    compared: int  #: followed wallets with enough swaps in the sample
    windows: int
    sampled_days: float  #: that the windows cover together


def resemble(survey: Survey, *, most: int) -> Resemblance:
    """Compare everyone in the sample with the followed wallets, whose own trades in the same windows count alike.

    Parameters
    ----------
    survey
        As far as it was read.
    most
        How many to suggest.
    """
    source, sampled = survey.source, sorted(survey.sampled)
    chain_id = source.chain.chain_id
    with reading(survey.engine) as connection:
        known = {wallet.address for wallet in wallets.all_wallets(connection)}
        known |= {flag.wallet for flag in flag_log.flags(connection)}
        traded = [trade for trade, *_ in trade_log.trades(connection) if trade.chain_id == chain_id]
        dollars = _dollars(source.chain, trade_log.feed_prices(connection, chain_id).get(NATIVE, {}))

    def swaps(sightings: Iterable[tuple[str, SampledSwap]]) -> list[Swap]:
        return [
            Swap(
                wallet=wallet,
                tx_hash=seen.tx_hash,
                second=int(survey.clock.at(seen.block)),
                tokens=frozenset(f"{chain_id}:{token}" for token in seen.assets),
                size_usd=dollars(seen.quote, seen.block) if seen.quote else None,
            )
            for wallet, seen in sightings
        ]

    sampled_s = sum(survey.clock.at(each.last + 1) - survey.clock.at(each.first) for each in sampled)
    own = swaps(pair for pair in survey.own if _among(pair[1].block, sampled))
    seen = swaps(survey.found)
    followed = sampled_style.styles(own, chain_id=chain_id, sampled_s=sampled_s)
    everyone = sampled_style.styles(seen, chain_id=chain_id, sampled_s=sampled_s)
    enough = [each for each in everyone.values() if each.wallet not in known and each.trades >= FEWEST_TRADES]
    machines = [each for each in enough if each.trades_per_day >= MACHINE_TRADES_PER_DAY]
    judged = [each for each in enough if each.trades_per_day < MACHINE_TRADES_PER_DAY]
    touches: dict[str, list[tuple[str, int]]] = {each.wallet: [] for each in judged}
    touches |= {wallet: [] for wallet in known & everyone.keys()}
    for swap in seen:
        if swap.wallet in touches:
            touches[swap.wallet] += [(token, swap.second) for token in swap.tokens]
    # Of those on the list who do not send their transactions themselves, their record knows.
    assets = frozenset().union(*(place.assets for place in survey.places.values()))
    for trade in traded:
        if trade.wallet not in everyone and trade.timestamp is not None and _among(trade.block_number, sampled):
            tokens = {leg.token for leg in trade.sold + trade.bought} & assets
            touches.setdefault(trade.wallet, []).extend((f"{chain_id}:{token}", trade.timestamp) for token in tokens)
    return Resemblance(
        chain=source.chain.name,
        alike=suggest(list(followed.values()), judged, touches, most=most),
        machines=sorted(machines, key=lambda each: (-each.trades_per_day, each.wallet)),
        seen=len(everyone),
        judged=len(judged),
        compared=sum(each.trades >= FEWEST_TRADES for each in followed.values()),
        windows=len(sampled),
        sampled_days=sampled_s / sampled_style.DAY_S,
    )


def _among(block: int, ordered: Sequence[BlockRange]) -> bool:
    place = bisect_right(ordered, block, key=lambda each: each.first) - 1
    return place >= 0 and block <= ordered[place].last


def _dollars(chain: Chain, fed: Mapping[int, Answer | None]) -> Callable[[Leg, int], float | None]:
    """What a leg in a quote token was worth at a block: a stable at its peg, the coin at its feed's nearest answer."""
    known = sorted((block, float(said[0])) for block, said in fed.items() if said is not None)
    quotes = quote_tokens(chain)

    def worth(leg: Leg, block: int) -> float | None:
        quote = quotes[leg.token]
        usd = float(quote.usd) if quote.usd is not None else None
        if usd is None and known and leg.token in (NATIVE, chain.wrapped_native):
            place = bisect_left(known, (block,))
            usd = min(known[max(0, place - 1) : place + 1], key=lambda each: abs(each[0] - block))[1]
        return None if usd is None else leg.amount_raw / 10**quote.decimals * usd

    return worth
