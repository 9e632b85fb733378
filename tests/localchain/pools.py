"""Pools of one token against one quote token, and how much moves a pool to a price."""

from dataclasses import dataclass
from math import isqrt

from tests.localchain.contracts import FAR, calldata

V3_FEE, V4_FEE, TICK_SPACING = 3000, 3000, 60
FULL_RANGE = 887_220
ZERO = "0x" + "00" * 20
V4_KEY = "(address,address,uint24,int24,address)"


@dataclass(frozen=True, slots=True)
class Pool:
    """One pool; ``venue`` is ``v2``, ``v3`` or ``v4``."""

    venue: str
    token: str
    quote: str
    address: str  #: of the pool; for V4 the pool manager

    @property
    def token_first(self) -> bool:
        """Whether the token is the pool's token0."""
        return int(self.token, 16) < int(self.quote, 16)

    @property
    def ordered(self) -> tuple[str, str]:
        """The token0 and token1."""
        return (self.token, self.quote) if self.token_first else (self.quote, self.token)

    @property
    def key(self) -> tuple[str, str, int, int, str]:
        """V4's name for the pool."""
        return (*self.ordered, V4_FEE, TICK_SPACING, ZERO)

    def sqrt_price(self, price: float) -> int:
        """Return V3's Q64.96 square root for ``price``, quote units per token unit."""
        ratio = price if self.token_first else 1 / price
        # 60 bits of the float are more than it has; the rest of the shift is exact.
        return isqrt(int(ratio * 2**60) << 132) if ratio >= 2**-30 else isqrt(int(ratio * 2**120) << 72)


def v2_amount_to_price(reserve_in: int, reserve_out: int, price_in: float) -> int:
    """Return what must go into a V2 pool so that (reserve in) / (reserve out) becomes ``price_in``.

    With x in, 997/1000 of it counts: out' = out * 1000 in / (1000 in + 997 x). Setting (in + x) / out' = price
    gives 997 x² + 1997 in x + 1000 in (in - price * out) = 0. Zero or less: the price is there, or on the other side.
    """
    linear = 1997 * reserve_in
    constant = 1000 * reserve_in * (reserve_in - price_in * reserve_out)
    under_root = linear**2 - 4 * 997 * constant
    return int((under_root**0.5 - linear) / (2 * 997)) if constant < 0 else 0


def v2_move(pool: Pool, reserves: tuple[int, int], price: float, router: str, to: str) -> tuple[str, str] | None:
    """Return the router call by which ``to`` trades a V2 pool to ``price``; None where it is there already."""
    token_side, quote_side = reserves if pool.token_first else reserves[::-1]
    up = price * token_side > quote_side
    if up:
        amount, path = v2_amount_to_price(quote_side, token_side, price), [pool.quote, pool.token]
    else:
        amount, path = v2_amount_to_price(token_side, quote_side, 1 / price), [pool.token, pool.quote]
    signature = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"
    return (router, calldata(signature, amount, 0, path, to, FAR)) if amount > 0 else None


def v3_move(pool: Pool, sqrt_now: int, price: float, router: str, to: str) -> tuple[str, str] | None:
    """Return the router call by which ``to`` trades a V3 pool to ``price``: a large offer, stopped by the limit."""
    limit = pool.sqrt_price(price)
    if limit == sqrt_now:
        return None
    give, get = pool.ordered if limit < sqrt_now else pool.ordered[::-1]
    signature = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))"
    return router, calldata(signature, (give, get, V3_FEE, to, FAR, 2**112, 0, limit))
