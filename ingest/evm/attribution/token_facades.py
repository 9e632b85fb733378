"""One token with two contracts: an old one stays as a facade, and every movement is told by both.

The contract that keeps the balances logs first, because the facade calls it. The facade's movements are then
the same movements, and venues that name the facade mean the token behind it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from ingest.evm.attribution.pool_verification import Edge
from ingest.evm.logs.token_flows import Transfer


def facades(transfers: Sequence[Transfer], never: Collection[str]) -> dict[str, str]:
    """Return facade tokens and the token behind each.

    A facade is a token of which every movement directly follows the same movement of one other token.

    Parameters
    ----------
    transfers
        All ERC-20 movements of the transaction, in log order.
    never
        Tokens known by address: a stranger's token that repeats their movements does not replace them.
    """
    behind: dict[str, str] = {}
    plain: set[str] = set()
    before: Transfer | None = None
    for t in transfers:
        mirrored = (
            before is not None
            and before.index + 1 == t.index
            and before.token != t.token
            and t.amount > 0
            and (before.source, before.target, before.amount) == (t.source, t.target, t.amount)
        )
        if before is not None and mirrored and behind.setdefault(t.token, before.token) == before.token:
            before = None  # a chain of facades has one token behind all: not known, so not guessed
            continue
        plain.add(t.token)
        before = t
    return {f: token for f, token in behind.items() if f not in plain and f not in never}


def unmasked(edges: Iterable[Edge], behind: Mapping[str, str]) -> list[Edge]:
    """Return the swaps with every facade replaced by the token behind it."""
    return [Edge(behind.get(e.token_in, e.token_in), behind.get(e.token_out, e.token_out), e.swap) for e in edges]
