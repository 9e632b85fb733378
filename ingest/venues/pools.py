"""Further pools that hold their own tokens, each by one event: Maverick, WooFi, DODO, Clipper, Pendle, …"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ingest import abi
from ingest.flows import Log
from ingest.venues.event import Holding, SwapEvent, named, signed_pair, unnamed

FAMILY = "pools"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where an event keeps its fields: positions count indexed words first, then data words."""

    family: str
    indexed: int
    words: int
    tokens: tuple[int, int]  #: in, out
    amounts: tuple[int, int]
    parties: tuple[int, ...] = ()
    holding: Holding = Holding.POOL


def reader(layout: Layout) -> Callable[[Log], SwapEvent | None]:
    """Return a reader of an event that names its tokens, by its layout."""

    def read(log: Log) -> SwapEvent | None:
        if not log.fits(layout.indexed, layout.words):
            return None
        fields = log.fields()
        return named(
            layout.family,
            layout.holding,
            log,
            (fields[layout.tokens[0]], fields[layout.tokens[1]]),
            (fields[layout.amounts[0]], fields[layout.amounts[1]]),
            tuple(fields[p] for p in layout.parties),
        )

    return read


def read_maverick_v1(log: Log) -> SwapEvent | None:
    """Read ``Swap(sender, recipient, tokenAIn, exactOutput, amountIn, amountOut, activeTick)``."""
    return unnamed("maverick", log, log.word(4), log.word(5)) if log.fits(0, 7) else None


def read_maverick_v2(log: Log) -> SwapEvent | None:
    """Read ``PoolSwap(sender, recipient, params, amountIn, amountOut)``; the parameters take four words."""
    return unnamed("maverick", log, log.word(6), log.word(7)) if log.fits(0, 8) else None


def read_trader_joe(log: Log) -> SwapEvent | None:
    """Read the Liquidity Book's ``Swap``: amounts of X and Y packed into two halves of a word."""
    if not log.fits(2, 4):
        return None
    went_in, came_out = log.word(1), log.word(2)
    half = (1 << 128) - 1
    amount_in = went_in & half or went_in >> 128
    amount_out = came_out & half or came_out >> 128
    return unnamed("trader_joe_lb", log, amount_in, amount_out)


def read_dodo_v1_sell(log: Log) -> SwapEvent | None:
    """Read ``SellBaseToken(seller, payBase, receiveQuote)``."""
    return unnamed("dodo", log, log.word(0), log.word(1)) if log.fits(1, 2) else None


def read_dodo_v1_buy(log: Log) -> SwapEvent | None:
    """Read ``BuyBaseToken(buyer, receiveBase, payQuote)``."""
    return unnamed("dodo", log, log.word(1), log.word(0)) if log.fits(1, 2) else None


def read_izumi(log: Log) -> SwapEvent | None:
    """Read ``Swap(tokenX, tokenY, fee, sellXEarnY, amountX, amountY, currentPoint)``: three are indexed."""
    if not log.fits(3, 4):
        return None
    tokens, amounts = log.indexed[:2], (log.word(1), log.word(2))
    if not log.word(0):
        tokens, amounts = tokens[::-1], amounts[::-1]
    return named("izumi", Holding.POOL, log, (tokens[0], tokens[1]), (amounts[0], amounts[1]))


def read_fluid(log: Log) -> SwapEvent | None:
    """Read ``Swap(swap0to1, amountIn, amountOut, to)``: the tokens lie in Fluid's one liquidity layer."""
    return unnamed("fluid", log, log.word(1), log.word(2)) if log.fits(0, 4) else None


def read_pendle(log: Log) -> SwapEvent | None:
    """Read ``Swap(caller, receiver, netPtToAccount, netSyToAccount, netSyFee, netSyToReserve)``."""
    if not log.fits(2, 4):
        return None
    event = signed_pair("pendle", log, -log.signed(0), -log.signed(1))
    return event and unnamed("pendle", log, event.amount_in, event.amount_out)


def maker_psm(*, selling: bool) -> Callable[[Log], SwapEvent | None]:
    """Return a reader of ``SellGem`` or ``BuyGem(owner, value, fee)``: a coin of six decimals against one of 18.

    Other coins than those of six decimals match no transfer and are left out.
    """

    def read(log: Log) -> SwapEvent | None:
        if not log.fits(1, 2):
            return None
        gem, fee = log.word(0), log.word(1)
        coin = gem * 10**12 + (-fee if selling else fee)
        event = unnamed("maker_psm", log, *((gem, coin) if selling else (coin, gem)))
        return event and replace(event, holding=Holding.ASSETS)

    return read


READERS: dict[str, Callable[[Log], SwapEvent | None]] = {
    abi.MAVERICK_V1_SWAP: read_maverick_v1,
    abi.MAVERICK_V2_SWAP: read_maverick_v2,
    abi.TRADER_JOE_LB_SWAP: read_trader_joe,
    abi.FLUID_SWAP: read_fluid,
    abi.IZUMI_SWAP: read_izumi,
    abi.PENDLE_SWAP: read_pendle,
    abi.DODO_V1_SELL: read_dodo_v1_sell,
    abi.DODO_V1_BUY: read_dodo_v1_buy,
    abi.WOOFI_SWAP: reader(Layout("woofi", 3, 6, (0, 1), (3, 4))),
    abi.WOOFI_V1_SWAP: reader(Layout("woofi", 3, 4, (0, 1), (3, 4))),
    abi.DODO_SWAP: reader(Layout("dodo", 0, 6, (0, 1), (2, 3))),
    abi.RELAY_SWAPPED: reader(Layout("relay", 0, 5, (1, 2), (3, 4))),
    abi.WOMBAT_SWAP: reader(Layout("wombat", 2, 5, (2, 3), (4, 5), holding=Holding.ASSETS)),
    abi.CLIPPER_SWAPPED: reader(Layout("clipper", 3, 3, (0, 1), (3, 4))),
    abi.MAKER_SELL_GEM: maker_psm(selling=True),
    abi.MAKER_BUY_GEM: maker_psm(selling=False),
    abi.PSM3_SWAP: reader(Layout("spark_psm", 3, 4, (0, 1), (4, 5))),
    abi.BANCOR_CONVERSION: reader(Layout("bancor", 3, 3, (1, 2), (3, 4), holding=Holding.ORDER)),
    abi.BANCOR_V3_TRADED: reader(Layout("bancor", 3, 6, (1, 2), (3, 4), holding=Holding.ORDER)),
    abi.CARBON_TRADED: reader(Layout("carbon", 3, 4, (1, 2), (3, 4))),
}
