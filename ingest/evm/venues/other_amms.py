"""Further pools that hold their own tokens, each by one event: Maverick, WooFi, DODO, Clipper, Pendle, …"""

from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from ingest.evm.logs import topics
from ingest.evm.logs.logs import Log
from ingest.evm.venues.swap_event import Holding, SwapEvent, named, signed_pair, unnamed

FAMILY = "pools"


@dataclass(frozen=True, slots=True)
class EventLayout:
    """Where an event keeps its fields: positions count indexed words first, then data words."""

    family: str
    indexed: int
    words: int
    tokens: tuple[int, int]  #: in, out
    amounts: tuple[int, int]
    parties: tuple[int, ...] = ()
    holding: Holding = Holding.POOL


def reader(layout: EventLayout) -> Callable[[Log], SwapEvent | None]:
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


def read_joe_v20(log: Log) -> SwapEvent | None:
    """Read the Liquidity Book's first ``Swap(sender, recipient, id, swapForY, amountIn, amountOut, …, fees)``.

    One event for every bin; the fees came in beside ``amountIn``.
    """
    return unnamed("trader_joe_lb", log, log.word(1) + log.word(4), log.word(2)) if log.fits(3, 5) else None


def read_euler(log: Log) -> SwapEvent | None:
    """Read EulerSwap's ``Swap(sender, amount0In, amount1In, amount0Out, amount1Out, …, to)``; v2 tells its fees too."""
    if not log.fits(2, 6):
        return None
    in0, in1, out0, out1 = (log.word(i) for i in range(4))
    if (in0 and in1) or (out0 and out1):
        return None
    event = unnamed("eulerswap", log, in0 or in1, out0 or out1)
    return event and replace(event, holding=Holding.ASSETS)


def at_words(
    family: str, indexed: int, words: int, amounts: tuple[int, int], holding: Holding = Holding.POOL
) -> Callable[[Log], SwapEvent | None]:
    """Return a reader of an event that tells amounts but not tokens: positions of (in, out) data words."""

    def read(log: Log) -> SwapEvent | None:
        if not log.fits(indexed, words):
            return None
        event = unnamed(family, log, log.word(amounts[0]), log.word(amounts[1]))
        return event and replace(event, holding=holding)

    return read


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


def metric(indexed: int, words: int) -> Callable[[Log], SwapEvent | None]:
    """Return a reader of Metric's ``Swap(sender, recipient, exactInput, amount0Delta, amount1Delta, …)``.

    The amounts are signed from the pool's side.

    Parameters
    ----------
    indexed, words
        How many fields its event indexes (none, or two) and how many data words it has.
    """

    def read(log: Log) -> SwapEvent | None:
        if not log.fits(indexed, words):
            return None
        return signed_pair("metric", log, log.signed(3 - indexed), log.signed(4 - indexed))

    return read


def read_metric_v2(log: Log) -> SwapEvent | None:
    """Read Metric's ``Swap(sender, recipient, details, amountDeltas, platformFees)``: token 0 in the upper half."""
    if not log.fits(2, 3):
        return None
    upper, lower = divmod(log.word(1), 1 << 128)
    into = [half - (half >> 127 << 128) for half in (upper, lower)]
    return signed_pair("metric", log, into[0], into[1])


def read_ambient(log: Log) -> SwapEvent | None:
    """Read ``CrocSwap(base, quote, poolIdx, …, baseFlow, quoteFlow)``: flows are signed from the exchange's side."""
    if not log.fits(2, 10):
        return None
    tokens, flows = log.indexed, (log.signed(8), log.signed(9))
    if flows[0] < 0:
        tokens, flows = tokens[::-1], flows[::-1]
    return named("ambient", Holding.POOL, log, tokens, (flows[0], -flows[1]))


READERS: dict[str, Callable[[Log], SwapEvent | None]] = {
    topics.MAVERICK_V1_SWAP: read_maverick_v1,
    topics.MAVERICK_V2_SWAP: read_maverick_v2,
    topics.TRADER_JOE_LB_SWAP: read_trader_joe,
    topics.LB_V20_SWAP: read_joe_v20,
    topics.LFJ_POOL_SWAP: at_words("lfj", 3, 3, (0, 1)),
    topics.LFJ_POE_SWAP: at_words("lfj", 3, 4, (0, 1)),
    topics.VALANTIS_SWAP: at_words("valantis", 1, 4, (1, 3)),
    topics.EULER_SWAP: read_euler,
    topics.EULER_V1_SWAP: read_euler,
    topics.GSM_BUY: at_words("gho_gsm", 2, 3, (1, 0)),
    topics.GSM_SELL: at_words("gho_gsm", 2, 3, (0, 1), Holding.ASSETS),
    topics.SYNTH_EXCHANGE: at_words("synthetix", 1, 5, (1, 3), Holding.ASSETS),
    topics.FLUID_SWAP: read_fluid,
    topics.IZUMI_SWAP: read_izumi,
    topics.PENDLE_SWAP: read_pendle,
    topics.DODO_V1_SELL: read_dodo_v1_sell,
    topics.DODO_V1_BUY: read_dodo_v1_buy,
    topics.WOOFI_SWAP: reader(EventLayout("woofi", 3, 6, (0, 1), (3, 4))),
    topics.WOOFI_V1_SWAP: reader(EventLayout("woofi", 3, 4, (0, 1), (3, 4))),
    topics.DODO_SWAP: reader(EventLayout("dodo", 0, 6, (0, 1), (2, 3))),
    topics.RELAY_SWAPPED: reader(EventLayout("relay", 0, 5, (1, 2), (3, 4))),
    topics.WOMBAT_SWAP: reader(EventLayout("wombat", 2, 5, (2, 3), (4, 5), holding=Holding.ASSETS)),
    topics.CLIPPER_SWAPPED: reader(EventLayout("clipper", 3, 3, (0, 1), (3, 4))),
    topics.MAKER_SELL_GEM: maker_psm(selling=True),
    topics.MAKER_BUY_GEM: maker_psm(selling=False),
    topics.PSM3_SWAP: reader(EventLayout("spark_psm", 3, 4, (0, 1), (4, 5))),
    topics.BANCOR_CONVERSION: reader(EventLayout("bancor", 3, 3, (1, 2), (3, 4), holding=Holding.ORDER)),
    topics.BANCOR_V3_TRADED: reader(EventLayout("bancor", 3, 6, (1, 2), (3, 4), holding=Holding.ORDER)),
    topics.BANCOR_CONVERTER: reader(EventLayout("bancor", 3, 3, (0, 1), (3, 4))),
    topics.BANCOR_CONVERTER_2018: reader(EventLayout("bancor", 3, 4, (0, 1), (3, 4), holding=Holding.ASSETS)),
    topics.CARBON_TRADED: reader(EventLayout("carbon", 3, 4, (1, 2), (3, 4))),
    topics.PLATYPUS_SWAP: reader(EventLayout("platypus", 2, 4, (2, 3), (4, 5), holding=Holding.ASSETS)),
    topics.MOONISWAP_SWAPPED_V1: reader(EventLayout("mooniswap", 3, 6, (1, 2), (3, 4))),
    topics.MOONISWAP_SWAPPED: reader(EventLayout("mooniswap", 3, 6, (2, 3), (4, 5))),
    topics.STABULL_TRADE: reader(EventLayout("stabull", 3, 3, (1, 2), (3, 4))),
    topics.DFX_TRADE: reader(EventLayout("dfx", 3, 2, (1, 2), (3, 4))),
    topics.METRIC_SWAP: metric(0, 7),
    topics.METRIC_V1_SWAP: metric(2, 6),
    topics.METRIC_V2_SWAP: read_metric_v2,
    topics.CROC_SWAP: read_ambient,
    topics.ANGLE_SWAP: reader(EventLayout("angle", 3, 3, (0, 1), (3, 4), holding=Holding.ASSETS)),
    topics.NABLA_SWAP: reader(EventLayout("nabla", 2, 4, (4, 5), (2, 3), holding=Holding.ASSETS)),
    topics.ELFOMO_TRADE: reader(EventLayout("elfomofi", 2, 6, (4, 5), (6, 7), holding=Holding.ASSETS)),
    topics.TESSERA_TRADE: reader(EventLayout("tessera", 0, 5, (0, 1), (2, 3), holding=Holding.ASSETS)),
    topics.FERMI_SWAP: reader(EventLayout("fermi", 3, 2, (1, 2), (3, 4), holding=Holding.ASSETS)),
    topics.FERMI_SWAPPED: reader(EventLayout("fermi", 3, 3, (1, 2), (3, 4), holding=Holding.ASSETS)),
    topics.INTEGRAL_SELL: reader(EventLayout("integral", 3, 8, (3, 4), (5, 6))),
    topics.INTEGRAL_BUY: reader(EventLayout("integral", 3, 8, (3, 4), (5, 7))),
}
