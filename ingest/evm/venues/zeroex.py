"""0x, the exchanges before the proxy: v2 and v3 name a filled order's tokens inside encoded asset data."""

from collections.abc import Callable

from ingest.evm.logs import topics
from ingest.evm.logs.logs import Log
from ingest.evm.venues.swap_event import Holding, SwapEvent, named

FAMILY = "zeroex"
_TOKENS = frozenset({bytes.fromhex("f47261b0"), bytes.fromhex("dc1600f3")})
"""Selectors of ERC20Token(address) and ERC20Bridge(address,address,bytes): the asset data of a token, held by the maker
or bought by a bridge in the middle of the fill. Any other asset is an NFT or a bundle."""


def _asset(log: Log, position: int) -> int | None:
    """Return the token that the asset data at a dynamic field's position names; None if it is no ERC-20."""
    start = log.word(position)
    if start > len(log.data) or log.data[start + 32 : start + 36] not in _TOKENS:
        return None
    word = log.data[start + 36 : start + 68]
    return int.from_bytes(word) if len(word) == 32 else None


def reader(
    words: int, assets: tuple[int, int], amounts: tuple[int, int], taker: int
) -> Callable[[Log], SwapEvent | None]:
    """Return a reader of ``Fill``, which indexes maker, fee recipient and order hash.

    Parameters
    ----------
    words
        Least number of data words.
    assets
        Positions of the maker's and the taker's asset data.
    amounts
        Positions of what maker and taker gave.
    taker
        Position of the taker.
    """

    def read(log: Log) -> SwapEvent | None:
        if not log.fits(3, words):
            return None
        maker_asset, taker_asset = _asset(log, assets[0]), _asset(log, assets[1])
        if maker_asset is None or taker_asset is None:
            return None
        # Seen from the maker as the venue: the taker's asset goes in, the maker's comes out.
        return named(
            FAMILY,
            Holding.ORDER,
            log,
            (taker_asset, maker_asset),
            (log.word(amounts[1]), log.word(amounts[0])),
            (log.indexed[0], log.word(taker)),
        )

    return read


READERS = {
    topics.ZEROEX_V2_FILL: reader(8, assets=(6, 7), amounts=(2, 3), taker=0),
    topics.ZEROEX_V3_FILL: reader(11, assets=(0, 1), amounts=(6, 7), taker=4),
}
