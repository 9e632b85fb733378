"""What Chainlink's feeds said at the blocks of trades: asked as rarely as an exact answer allows, then held to sense.

A round that was updated before a block's time was the latest round there too. So an answer counts for every wanted
block back to its own ``updatedAt``, and only blocks before that are asked about again.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError

from ingest.evm.lookup.tokens import DECIMALS, decimals_of
from ingest.evm.pricing.valuation import Answer, FeedPrices
from ingest.evm.rpc.node import Node, Request
from ingest.files.price_file import DEAREST
from ingest.types import NATIVE, BlockRef, Chain

LATEST_ROUND_DATA = "0xfeaf968c"  #: Chainlink AggregatorV3Interface.latestRoundData()
STALE_S = 26 * 3600  #: the slowest heartbeat of the registry's feeds is 24 h; a round may come a little late
HOUR_S, DAY_S = 3_600, 86_400
WAVES = 3  #: batches of requests for one window; the last asks about every block that is left
FAR = 100  #: times its peg, up or down, at which a stable's price is not believed
JUMP = 10  #: times by which the native coin's price may differ from most others near it
NEAR_S = 7 * DAY_S  #: how near in time another price must be to be compared with


class Round(NamedTuple):
    """An answer of ``latestRoundData``, not yet judged."""

    answer: int
    updated_at: int  #: unix seconds


@dataclass(slots=True)
class Feeds:
    """The USD feeds of a chain's tokens, read through a node.

    Parameters
    ----------
    node
        Whom to ask.
    chain
        Names the feeds: ``native_usd_feed``, and ``usd_feed`` of its quote tokens.
    """

    node: Node
    chain: Chain
    _digits: dict[str, int] = field(default_factory=dict)  # of each feed that gave a usable answer
    _recent: list[Answer] = field(default_factory=list)  # the native coin's prices of the last reading

    def read(self, wanted: Mapping[str, Mapping[int, BlockRef]]) -> FeedPrices:
        """The price in force at each wanted block.

        An answer is refused when it is zero, negative, from the future or older than ``STALE_S``; for a stable, when
        it is ``FAR`` times its peg or more, up or down; for the native coin, when it differs more than ``JUMP`` times
        from most prices of its window and of the one read before, as far as these lie within ``NEAR_S``.

        Parameters
        ----------
        wanted
            Token to the blocks at which its price is wanted; the native coin's are under ``NATIVE``.

        Returns
        -------
        FeedPrices
            None where the answer was refused. A token without a feed, and a block of which the feed or the node said
            nothing (no contract yet, no state of that block), are not there.
        """
        pegs = {token.address: token.usd for token in self.chain.quote_tokens}
        feed_of = {token.address: token.usd_feed for token in self.chain.quote_tokens}
        feed_of[NATIVE] = self.chain.native_usd_feed
        asked = {token: feed for token, feed in feed_of.items() if feed and wanted.get(token)}
        self._learn_digits(set(asked.values()))
        blocks: dict[str, dict[int, BlockRef]] = {}
        for token, feed in asked.items():
            if feed in self._digits:
                blocks.setdefault(feed, {}).update(wanted[token])
        rounds = self._rounds(blocks)
        prices: dict[str, dict[int, Answer | None]] = {}
        for token, feed in asked.items():
            said = rounds.get(feed, {})
            prices[token] = {
                number: _judge(said[number], block.timestamp, self._digits[feed], pegs.get(token))
                for number, block in wanted[token].items()
                if number in said
            }
        if NATIVE in prices:
            prices[NATIVE] = self._without_jumps(prices[NATIVE])
        return prices

    def _learn_digits(self, feeds: Collection[str]) -> None:
        """Ask feeds for their decimals, once; a feed that gives no usable answer has no price."""
        new = sorted(feeds - self._digits.keys())
        answers = self.node.batch([_ask(feed, DECIMALS, "latest") for feed in new], tolerant=True)
        digits = {feed: decimals_of(answer) for feed, answer in zip(new, answers, strict=True)}
        self._digits |= {feed: places for feed, places in digits.items() if places is not None}

    def _rounds(self, wanted: Mapping[str, Mapping[int, BlockRef]]) -> dict[str, dict[int, Round]]:
        """The latest round of each feed at each wanted block.

        A wave asks each feed about the last block of each hour (of a stable: each day) that is left, about as long as
        a round lives, until the answers reach back far enough, or the last wave asks about all that is left.
        """
        found: dict[str, dict[int, Round]] = {feed: {} for feed in wanted}
        left = {feed: sorted(blocks.values(), key=lambda block: block.number) for feed, blocks in wanted.items()}
        for wave in range(WAVES):
            last = wave == WAVES - 1
            asked = {feed: blocks if last else self._last_of_each(feed, blocks) for feed, blocks in left.items()}
            requests = [_ask(feed, LATEST_ROUND_DATA, hex(block.number)) for feed in asked for block in asked[feed]]
            answers = iter(self.node.batch(requests, tolerant=True))
            for feed, blocks in asked.items():
                rounds = [_round(next(answers)) for _ in blocks]
                numbers = [block.number for block in blocks]
                unknown = []
                for block in left[feed]:
                    at = bisect_left(numbers, block.number)
                    one, own = rounds[at], numbers[at] == block.number
                    # Strictly before: a chain with several blocks a second may have had the older round in this one.
                    if one is not None and (own or one.updated_at < block.timestamp):
                        found[feed][block.number] = one
                    elif not own:
                        unknown.append(block)
                left[feed] = unknown
        return found

    def _last_of_each(self, feed: str, blocks: Sequence[BlockRef]) -> list[BlockRef]:
        span = HOUR_S if feed == self.chain.native_usd_feed else DAY_S
        return list({block.timestamp // span: block for block in blocks}.values())

    def _without_jumps(self, prices: Mapping[int, Answer | None]) -> dict[int, Answer | None]:
        """Refuse what most others near it contradict: of two that disagree, neither stands."""
        usable = [answer for answer in prices.values() if answer is not None]
        times = [as_of for _, as_of in usable]
        near = [one for one in self._recent if times and min(times) - NEAR_S <= one[1] <= max(times) + NEAR_S]
        distinct = sorted({usd for usd, _ in usable + near})
        self._recent = list(set(usable))

        def stands(usd: Decimal) -> bool:
            alike = bisect_right(distinct, usd * JUMP) - bisect_left(distinct, usd / JUMP)  # itself among them
            return 2 * (alike - 1) >= len(distinct) - 1

        return {number: one if one and stands(one[0]) else None for number, one in prices.items()}


def _ask(feed: str, data: str, block: str) -> Request:
    return "eth_call", [{"to": feed, "data": data}, block]


def _round(answer: Any) -> Round | None:
    """None where nothing was said: the call failed, or there is no such contract at that block."""
    if not isinstance(answer, str):
        return None
    try:
        types = ["uint80", "int256", "uint256", "uint256", "uint80"]
        _, price, _, updated_at, _ = abi_decode(types, bytes.fromhex(answer[2:]))
    except (ValueError, DecodingError):
        return None
    return Round(price, updated_at)


def _judge(one: Round, at: int, digits: int, peg: Decimal | None) -> Answer | None:
    """The price of a round at a time, or None where it is refused."""
    if not 0 < one.answer <= DEAREST * 10**digits or not 0 <= at - one.updated_at <= STALE_S:
        return None
    usd = Decimal(one.answer).scaleb(-digits)
    if peg is not None and not peg / FAR < usd < peg * FAR:
        return None
    return usd, one.updated_at
