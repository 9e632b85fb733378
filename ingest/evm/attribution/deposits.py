"""What is no trade although swaps lie in it: something put into a position, or taken out of one.

A zap swaps on its way into a pool or a vault. What the wallet gets is a share, and a few coins of change beside it; or
it gives a share. A token may also mint or burn something of its own beside an ordinary swap, as trackers of
dividends and tokens that are NFTs too do: that does not outweigh a swap that accounts for all that was given and got.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from ingest.evm.attribution.own_swaps import OwnPath
from ingest.evm.attribution.pool_verification import Step
from ingest.evm.attribution.swap_paths import Conversions, Explained
from ingest.evm.logs.token_flows import ZERO, Movements
from ingest.types import NATIVE, VenueStatus


def share(explained: Explained, steps: Sequence[Step], links: Conversions) -> str | None:
    """Return a token given or got that is a share of a pool or a vault; None if there is none.

    The share of a pool that the transaction used is the pool's own token. Others are told by what happened to them:
    minted for an asset, or burned for one, and by no verified swap.

    Parameters
    ----------
    explained
        What swaps led from and to.
    steps
        All swap events of the transaction, weighed.
    links
        Tokens that turned into each other without a swap.
    """
    legs = {*explained.sold, *explained.bought}
    found = {pool for step in steps for pool in (step.event.emitter, step.event.pool) if pool in legs}
    if links.deposits or links.redeems:
        minted = {b for _, b in links.deposits - links.at_par}.intersection(explained.bought)
        burned = {a for a, _ in links.redeems - links.at_par}.intersection(explained.sold)
        sure = [step for step in steps if step.swap.status is VenueStatus.VERIFIED]
        found |= (minted | burned) - {token for step in sure for pair in step.pairs for token in pair}
    return min(found, default=None)


def beside(net: Mapping[str, int], explained: Explained, moved: Movements, wallet: str) -> str | None:
    """Return, in words, what was minted for the wallet or burned beside what it swapped; None if nothing was.

    Parameters
    ----------
    net
        The wallet's net flow by token.
    explained
        What swaps led from and to.
    moved
        The transaction's movements.
    wallet
        Lower-case address.
    """
    if wallet in moved.nft_receivers:
        return "The wallet received an NFT: a purchase or a liquidity position."
    legs = {*explained.sold, *explained.bought}
    if legs == net.keys():
        return None
    minted = {t.token for t in moved.transfers if t.source == ZERO} - legs
    burned = {t.token for t in moved.transfers if t.target == ZERO} - legs
    for token, amount in net.items():
        if amount > 0 and token in minted:
            return f"The wallet also got newly minted {token}: a deposit or liquidity."
        if amount < 0 and token in burned:
            return f"The wallet also gave {token}, which was burned: a withdrawal or liquidity."
    return None


def whole(legs: Mapping[str, int], way: OwnPath, wrapped: str | None, native: tuple[int, int]) -> bool:
    """Tell whether the wallet's swaps account for its legs: all that left was fed, and all that was paid came.

    Half may be missing on each side, as tokens take taxes and share them out. A part of what was swapped that went
    into a position, or bought a thing, does not come back.

    Parameters
    ----------
    legs
        The wallet's net flow of each token that swaps explain.
    way
        Its way through the transaction.
    wrapped
        The chain's wrapped native coin, which counts as native coin.
    native
        Native coin that venues took and gave without wrapping.
    """

    def node(token: str) -> str:
        return NATIVE if token == wrapped else token

    made: dict[str, int] = defaultdict(int)  # what the pools paid, less what they were fed
    moved: dict[str, int] = defaultdict(int)
    for some, sign in ((way.fed, -1), (way.paid, 1)):
        for t in some:
            made[node(t.token)] += sign * t.amount
            moved[node(t.token)] += t.amount
    made[NATIVE] += native[1] - native[0]
    moved[NATIVE] += native[1] + native[0]
    due: dict[str, int] = defaultdict(int)
    for token, amount in legs.items():
        due[node(token)] += amount
    between = made.keys() - due.keys()
    return all(_alike(made[token], amount) for token, amount in due.items()) and all(
        4 * abs(made[token]) <= moved[token] for token in between
    )


def _alike(a: int, b: int) -> bool:
    """Tell whether two signed amounts have one sign, and neither is twice the other."""
    return a * b > 0 and 2 * min(abs(a), abs(b)) > max(abs(a), abs(b))
