"""Native coin wrapped, or unwrapped, for the wallet by another contract: a conversion through a router.

A wallet that wraps with the wrapped coin's own contract only changes the form of what it holds. One that gives
native coin to a stranger and is given the wrapped coin back made an exchange, at a price that happens to be one.
Who did the wrapping tells the two apart; no position changes in either.
"""

from collections.abc import Mapping

from ingest.evm.attribution.pool_verification import close
from ingest.evm.attribution.swap_paths import Explained
from ingest.evm.logs.token_flows import Movements
from ingest.types import NATIVE, VenueStatus, VenueSwap

FAMILY = "wrapped_native"


def routed_wrap(net: Mapping[str, int], moved: Movements, wallet: str, wrapped: str | None) -> Explained | None:
    """Return the exchange of native coin for its wrapped form, or back, that another account made.

    Parameters
    ----------
    net
        The wallet's net flow by token: nothing else may have moved, and both sides must be equal.
    moved
        The transaction's movements.
    wallet
        Lower-case address.
    wrapped
        The chain's wrapped native coin.
    """
    if wrapped is None or set(net) != {NATIVE, wrapped} or not close(-net[NATIVE], net[wrapped]):
        return None
    for wrap in moved.wraps:
        if wrap.account != wallet and close(wrap.amount, net[wrapped]):
            swap = VenueSwap(
                family=FAMILY,
                emitter=wrapped,
                log_index=wrap.index,
                status=VenueStatus.VERIFIED,
                reason="another account wrapped or unwrapped for the wallet",
            )
            sold = next(token for token, amount in net.items() if amount < 0)
            bought = next(token for token, amount in net.items() if amount > 0)
            return Explained((sold,), (bought,), (swap,))
    return None
