"""Orders between two parties: CoW, 0x, AugustusRFQ, AirSwap, Tokenlon. The event names who agreed to it."""

from collections.abc import Callable

from ingest.evm.logs import topics
from ingest.evm.logs.logs import Log
from ingest.evm.venues.other_amms import EventLayout, reader
from ingest.evm.venues.swap_event import Holding, SwapEvent, named

FAMILY = "orders"
COW = "cow"
ZEROEX = "zeroex"


def read_augustus(log: Log) -> SwapEvent | None:
    """Read ``OrderFilled(orderHash, maker, makerAsset, makerAmount, taker, takerAsset, takerAmount)``.

    Hash, maker and taker are indexed. An asset is a word that holds a type above its address.
    """
    if not log.fits(3, 4):
        return None
    mask = (1 << 160) - 1
    return named(
        "paraswap_rfq",
        Holding.ORDER,
        log,
        (log.word(2) & mask, log.word(0) & mask),
        (log.word(3), log.word(1)),
        (log.indexed[1], log.indexed[2]),
    )


def read_bebop_jam(log: Log) -> SwapEvent | None:
    """Read ``BebopJamOrderFilled(nonce, user, sellTokens[], buyTokens[], sellAmounts[], buyAmounts[])``.

    Read where one token was sold for one other; what several tokens did is known by the user's movements.
    """
    if not log.fits(2, 12):
        return None
    lists = [log.word(i) // 32 for i in range(4)]
    if max(lists) * 32 > len(log.data) or any(log.word(at) != 1 for at in lists):
        return None
    sold, bought, gave, got = (log.word(at + 1) for at in lists)
    return named("bebop", Holding.ORDER, log, (sold, bought), (gave, got), (log.indexed[1],))


def read_tokenlon_amm(log: Log) -> SwapEvent | None:
    """Read Tokenlon's ``Swapped(meta, order)``: the wrapper trades in pools and passes on what it got, less its fee.

    The order's nine fields stand behind the offset of ``meta``, which tells what the user was paid.
    """
    start = log.word(0) // 32
    if not log.fits(0, 16) or start + 6 > len(log.data) // 32:
        return None
    return named(
        "tokenlon", Holding.ORDER, log, (log.word(2), log.word(3)), (log.word(4), log.word(start + 2)), (log.word(6),)
    )


def _order(family: str, indexed: int, words: int, *positions: int) -> Callable[[Log], SwapEvent | None]:
    token_in, token_out, amount_in, amount_out, *parties = positions
    return reader(
        EventLayout(
            family, indexed, words, (token_in, token_out), (amount_in, amount_out), tuple(parties), Holding.ORDER
        )
    )


# Positions: token in, token out, amount in, amount out, then the parties.
READERS: dict[str, Callable[[Log], SwapEvent | None]] = {
    topics.COW_TRADE: _order(COW, 1, 7, 1, 2, 3, 4, 0),
    topics.ZEROEX_RFQ_FILLED: _order(ZEROEX, 0, 8, 4, 3, 5, 6, 1, 2),
    topics.ZEROEX_LIMIT_FILLED: _order(ZEROEX, 0, 11, 5, 4, 6, 7, 1, 2),
    topics.ZEROEX_OTC_FILLED: _order(ZEROEX, 0, 7, 4, 3, 6, 5, 1, 2),
    topics.KYBER_TRADE: _order("kyber_network", 1, 4, 1, 2, 3, 4, 0),
    topics.PARASWAP_RFQ_FILLED: read_augustus,
    topics.AIRSWAP_SWAP: _order("airswap", 3, 5, 6, 3, 7, 4, 1, 2),
    topics.AIRSWAP_LIGHT_SWAP: _order("airswap", 3, 6, 7, 4, 8, 5, 1, 2),
    topics.PANCAKE_MM_SWAP: _order("pancake_mm", 2, 6, 4, 5, 6, 7, 0, 1),
    # Tokenlon pays the user what it settled: the maker's amount less a fee.
    topics.TOKENLON_FILL: _order("tokenlon", 3, 9, 4, 7, 5, 10, 2, 6),
    topics.TOKENLON_RFQ: _order("tokenlon", 3, 7, 3, 5, 4, 8, 1, 2),
    topics.TOKENLON_SWAPPED: read_tokenlon_amm,
    topics.ZEROEX_V1_FILL: _order(ZEROEX, 3, 8, 5, 4, 7, 6, 0, 3),
    topics.OASIS_TAKE: _order("oasis", 3, 6, 5, 4, 7, 6, 1, 2),
    topics.RUBICON_TAKE: _order("oasis", 3, 5, 5, 4, 7, 6, 2, 3),
    topics.NATIVE_RFQ: _order("native_rfq", 0, 7, 1, 2, 3, 4),
    topics.NATIVE_RFQ_OLD: _order("native_rfq", 0, 7, 1, 2, 3, 4),
    topics.BEBOP_SINGLE: _order("bebop", 2, 4, 2, 3, 4, 5, 1),
    topics.BEBOP_JAM: read_bebop_jam,
    topics.DEXALOT_SWAP: _order("dexalot", 0, 7, 4, 3, 5, 6, 1, 2),
    topics.HASHFLOW_TRADE: _order("hashflow", 0, 6, 2, 3, 4, 5, 0),
    topics.HASHFLOW_TRADE_V2: _order("hashflow", 0, 7, 3, 4, 5, 6, 0, 1),
}
