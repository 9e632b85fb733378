"""docs/venues.md: what is seen of each chain, what is unverified and what is not seen, written from the registry.

python -m ingest.evm.venue_page > docs/venues.md
"""

import sys
from collections.abc import Iterable

from ingest.evm import chains
from ingest.evm.attribution.pool_verification import POOL_VAULT
from ingest.evm.lookup.pools import BY_TOKENS, REGISTERS
from ingest.evm.venues.families import BY_PAIR, DERIVERS, NAMES, ORDERS
from ingest.types import Chain, Dex, UncoveredVenue

HEAD = """\
# Venues, chain by chain

<!-- Written by `make venues` from ingest/evm/chains.toml. Edit that, not this. -->

A trade is *verified* only where somebody vouches for its venue. The third column says who:

- **re-derived**: the pool's address follows offline from factory, tokens and init-code hash;
- **factory asked**: a node is asked, once for each pool, whether this factory made it;
- **register asked**: the same, of a contract that lists its protocol's pools;
- **known contract**: it settles or holds the tokens itself, and is known by its address;
- **order**: it says whose order was filled; what was swapped is seen from the transfers;
- **holds tokens**: pools with events of their own keep their tokens here; nobody vouches for the pools.

A venue of a chain that stands nowhere on this page is still read if its event is one of a family below: as a trade that
is *unverified*, exported and kept out of the metrics. What makes a trade is in [decoding.md](decoding.md), how to add a
venue in [CONTRIBUTING.md](../CONTRIBUTING.md#how-to-add-a-venue).
"""


def vouched_by(dex: Dex) -> str:
    """Return who vouches for the trades of an entry, in the words of the page."""
    if dex.kind == POOL_VAULT:
        return "holds tokens"
    if dex.kind in ORDERS:
        return "order"
    if dex.init_code_hash is not None:
        return "re-derived"
    if dex.kind in REGISTERS and dex.kind not in DERIVERS:
        return "register asked"
    if dex.kind in DERIVERS or dex.kind in BY_TOKENS or dex.kind in BY_PAIR:
        return "factory asked"
    return "known contract"


def page(known: Iterable[Chain]) -> str:
    """Return the whole page.

    Parameters
    ----------
    known
        The chains, in any order.
    """
    ordered = sorted(known, key=lambda chain: chain.name)
    vouched = {dex.kind for chain in ordered for dex in chain.dexes}
    nobody = [name for kind, name in sorted(NAMES.items()) if kind not in vouched]
    parts = [
        HEAD,
        "## Read everywhere, vouched for nowhere\n\n" + "; ".join(nobody) + ".\n",
        *map(section, ordered),
    ]
    return "\n".join(parts)


def section(chain: Chain) -> str:
    """Return the part of one chain."""
    quotes = ", ".join(quote.symbol for quote in chain.quote_tokens)
    feed = (
        "a Chainlink feed" if chain.native_usd_feed else "a price file of yours only: no Chainlink feed of it is known"
    )
    lines = [
        f"## {chain.name} (chain id {chain.chain_id})\n",
        f"The native coin {chain.native_symbol} is priced by {feed}. Quote tokens: {quotes or 'none'}.\n",
        "| venue | family | vouched for | contracts |",
        "|---|---|---|---|",
    ]
    rows: dict[tuple[str, str, str], list[str]] = {}
    for dex in chain.dexes:
        row = dex.name or NAMES[dex.kind], NAMES[dex.kind], vouched_by(dex)
        rows.setdefault(row, []).append(f"`{dex.factory}`")
    for (name, family, how), contracts in sorted(rows.items(), key=lambda item: (item[0][0].lower(), item[0])):
        lines.append(f"| {name} | {family} | {how} | {' '.join(contracts)} |")
    lines += _gaps("Read, but unverified here", chain.unverified)
    lines += _gaps("Not seen", chain.unseen)
    return "\n".join(lines) + "\n"


def _gaps(title: str, gaps: Iterable[UncoveredVenue]) -> list[str]:
    told = [f"- **{gap.name}**: {gap.why}." for gap in gaps]
    return [f"\n{title}:\n", *told] if told else []


if __name__ == "__main__":
    sys.stdout.write(page(chains.registry().values()))
