"""docs/venues.md says what the registry says, and nothing older."""

from dataclasses import replace
from pathlib import Path

from ingest.evm import chains
from ingest.evm.venue_page import page, section
from ingest.types import Chain, Dex, UncoveredVenue

PAGE = Path(__file__).parents[3] / "docs" / "venues.md"


def test_the_page_is_the_registrys() -> None:
    """Run ``make venues`` where this fails."""
    assert PAGE.read_text(encoding="utf-8") == page(chains.registry().values())


def test_a_chain_without_an_entry_of_a_family_lists_it_nowhere() -> None:
    """Families that no chain vouches for stand at the top; one entry takes a family from there."""
    bare = Chain(name="mine", chain_id=5, native_symbol="ETH", wrapped_native="0x" + "ab" * 20)
    saddle = replace(bare, dexes=(Dex(kind="saddle", factory="0x" + "cd" * 20, name="Synapse"),))
    assert "Saddle, Nerve, Synapse, Hop;" in page([bare])
    assert "Saddle, Nerve, Synapse, Hop;" not in page([saddle])
    assert f"| Synapse | Saddle, Nerve, Synapse, Hop | known contract | `0x{'cd' * 20}` |" in page([saddle])


def test_a_section_tells_who_vouches_and_what_is_missing() -> None:
    """Each kind of proof in its words; several contracts of one name share a row; gaps come with their reason."""

    def dex(kind: str, digit: str, **more: str) -> Dex:
        return Dex(kind=kind, factory="0x" + digit * 40, **more)

    chain = Chain(
        name="mine",
        chain_id=5,
        native_symbol="ETH",
        wrapped_native="0x" + "ab" * 20,
        dexes=(
            dex("uniswap_v2", "1", name="Fork", init_code_hash="0x" + "12" * 32),
            dex("uniswap_v2", "2", name="Other fork"),
            dex("solidly", "3", name="Solid"),
            dex("curve", "4"),
            dex("pendle", "5", name="Pendle"),
            dex("pendle", "6", name="Pendle"),
            dex("cow", "7"),
            dex("entry_point", "8"),
            dex("pool_vault", "9", name="Vault"),
            dex("dodo", "a", name="DODO"),
        ),
        unverified=(UncoveredVenue(name="Metric", why="nobody could be asked"),),
        unseen=(UncoveredVenue(name="Kuru", why="its units are its own"),),
    )
    assert (
        section(chain)
        == f"""\
## mine (chain id 5)

The native coin ETH is priced by a price file of yours only: no Chainlink feed of it is known. Quote tokens: none.

| venue | family | vouched for | contracts |
|---|---|---|---|
| CoW Protocol | CoW Protocol | known contract | `0x{"7" * 40}` |
| Curve | Curve | register asked | `0x{"4" * 40}` |
| DODO | DODO | factory asked | `0x{"a" * 40}` |
| ERC-4337 EntryPoint | ERC-4337 EntryPoint | order | `0x{"8" * 40}` |
| Fork | Uniswap v2 and forks | re-derived | `0x{"1" * 40}` |
| Other fork | Uniswap v2 and forks | factory asked | `0x{"2" * 40}` |
| Pendle | Pendle | register asked | `0x{"5" * 40}` `0x{"6" * 40}` |
| Solid | Solidly, Velodrome, Aerodrome | factory asked | `0x{"3" * 40}` |
| Vault | vault of pools with events of their own | holds tokens | `0x{"9" * 40}` |

Read, but unverified here:

- **Metric**: nobody could be asked.

Not seen:

- **Kuru**: its units are its own.
"""
    )
