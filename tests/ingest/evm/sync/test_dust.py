"""What strangers cause: whose transactions are looked at, what they may cost, and what is never left out."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import RpcRejected
from ingest.evm import chains
from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.sync.dust import ALL, EACH, FREE, Holdings, Strangers, Tally
from ingest.evm.sync.nonces import Nonces
from ingest.evm.sync.touches import Touch
from tests.ingest import receipts as r

ETHEREUM = chains.by_id(1)
HOST, BUDGET = "eth-mainnet.g.alchemy.com", 300_000
FAKE, TRADED, GIFT = ("0x" + digit * 40 for digit in "abc")
OTHERS = [f"0x{number:040x}" for number in range(0xD0, 0xDA)]


class Ledger:
    """A node that knows how often each wallet had sent something, and nothing else."""

    chain_id = 1

    def __init__(self, sent: dict[str, list[int]] | None = None) -> None:
        self.sent, self.asked = sent, 0

    def batch(self, requests: Any, *, tolerant: bool = False, required: Any = None) -> list[Any]:
        assert tolerant
        assert required is None
        self.asked += len(requests)
        if self.sent is None:
            return [RpcRejected("missing trie node")] * len(requests)
        found = []
        for method, (wallet, block) in requests:
            assert method == "eth_getTransactionCount"
            found.append(hex(sum(each <= int(block, 16) for each in self.sent.get(wallet, ()))))
        return found


def strangers(node: Ledger, **options: Any) -> Strangers:
    had = {r.WALLET: Holdings(traded={TRADED}, came={GIFT})}
    return Strangers(
        chain=ETHEREUM,
        budget=BUDGET,
        host=HOST,
        nonces=Nonces(node),  # type: ignore[arg-type]
        load=lambda wallet: had.get(wallet, Holdings()),
        **options,
    )


def gift(block: int, wallet: str = r.WALLET, *, sender: str | None = None) -> Touch:
    return Touch(block, "0xb", 0, came={(wallet, FAKE): 5}, sender=sender)


def outflow(block: int, token: str = FAKE, *, sender: str | None = None) -> Touch:
    return Touch(block, "0xb", 0, gave={r.WALLET}, gone={(r.WALLET, token)}, sender=sender)


def choose(own: Strangers, touches: list[Touch]) -> tuple[set[str], Counter[str]]:
    kept, left_out = own.choose({f"0x{n:x}": each for n, each in enumerate(touches)}, known=(), held=(), receipts={})
    return set(kept), left_out


@given(st.lists(st.integers(1, 400), max_size=12), st.lists(st.integers(1, 400), max_size=4), st.integers(1, 60))
def test_nonces_tell_every_block_in_which_a_wallet_sent(sent: list[int], seams: list[int], first: int) -> None:
    """Window by window, in the order of their blocks, from anywhere on."""
    node = Ledger({r.WALLET: sent})
    nonces, found = Nonces(node, until=400), set()  # type: ignore[arg-type]
    ends = sorted({first - 1, *(seam for seam in seams if seam >= first), 400})
    for before, last in zip(ends, ends[1:], strict=False):
        told = nonces.sent(r.WALLET, BlockRange(before + 1, last))
        assert told is not None
        found |= told
    assert found == {block for block in sent if block >= first}
    assert node.asked <= 2 + 11 * len(set(sent)) + 2 * len(ends)


def test_a_wallet_that_sent_nothing_is_asked_about_once() -> None:
    """Windows one after the other cost nothing more."""
    node = Ledger({})
    nonces = Nonces(node, until=10_000)  # type: ignore[arg-type]
    for first in range(1, 10_000, 10):
        assert nonces.sent(r.WALLET, BlockRange(first, first + 9)) == frozenset()
    assert node.asked == 2
    assert Nonces(Ledger(None)).sent(r.WALLET, BlockRange(1, 9)) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("wallets", [[r.WALLET], [r.WALLET, *OTHERS]])
def test_strangers_never_get_more_than_their_share(wallets: list[str]) -> None:
    """Those of one wallet and those of all: windows on windows of dust cost what the share says."""
    own = strangers(Ledger({}))
    for window in range(50):
        choose(own, [gift(1_000 + window, wallets[n % len(wallets)]) for n in range(100)])
    assert all(spent <= EACH * BUDGET for spent in own.tally.spent.values())
    assert sum(own.tally.spent.values()) <= ALL * BUDGET
    left, free = EACH if len(wallets) == 1 else ALL, FREE * len(wallets)
    assert sum(own.tally.spent.values()) == pytest.approx(left * BUDGET, abs=40)
    assert own.exhausted(wallets)
    kept, left_out = choose(own, [gift(2_000, wallets[n % len(wallets)]) for n in range(100)])
    assert (kept, left_out.total()) == (set(), 100)
    assert len(choose(own, [gift(9_000, wallets[n % len(wallets)]) for n in range(100)])[0]) == free, "another day"


@given(st.sets(st.integers(1, 300), max_size=8), st.lists(st.integers(1, 300), min_size=1, max_size=60))
def test_what_a_wallet_sent_itself_is_never_left_out(sent: set[int], dust: list[int]) -> None:
    """Its share used up by others, its own transactions are looked at, at nobody's cost; where the node does not say
    what it sent, all are."""
    own = strangers(Ledger({r.WALLET: sorted(sent)}), tally=Tally(spent={r.WALLET: BUDGET}))
    touches = [gift(block) for block in [*sorted(sent), *dust]]
    kept, left_out = choose(own, touches)
    assert kept >= {f"0x{n:x}" for n in range(len(sent))}
    assert left_out[r.WALLET] == len(touches) - len(kept)
    assert own.tally.spent == {r.WALLET: BUDGET}
    blind = strangers(Ledger(None), tally=Tally(spent={r.WALLET: BUDGET}))
    assert len(choose(blind, touches)[0]) == len(touches)


def test_a_busy_wallet_is_no_stranger_to_itself() -> None:
    """More purchases than the share would pay for: its nonce tells that they can all be its own, at two requests."""
    node = Ledger({r.WALLET: list(range(1, 801))})
    own = strangers(node)
    kept, left_out = choose(own, [gift(block) for block in range(1, 801)])
    assert (len(kept), left_out.total(), node.asked) == (800, 0, 2)


def test_who_sent_it_decides_where_it_is_known() -> None:
    """An index, and receipts, name the sender: nobody has to be asked."""
    node = Ledger(None)
    own = strangers(node, tally=Tally(spent={r.WALLET: BUDGET}))
    kept, left_out = choose(own, [outflow(1, sender="") for _ in range(20)] + [outflow(1, sender=r.WALLET)] * 20)
    assert (len(kept), left_out[r.WALLET], node.asked) == (FREE + 20, 20 - FREE, 0)


def test_what_nobody_can_forge_is_never_left_out() -> None:
    """The tokens that price others go away only where their holder agreed to it."""
    own = strangers(Ledger({}), tally=Tally(spent={r.WALLET: BUDGET}))
    kept, _ = choose(own, [outflow(1, r.USDC) for _ in range(50)])
    assert len(kept) == 50


def test_a_transfer_of_nothing_is_not_looked_at() -> None:
    """Nor counted: it says nothing of anybody."""
    assert choose(strangers(Ledger({})), [Touch(1, "0xb", 0)]) == (set(), Counter())


def believed(touch: Touch, **transaction: Any) -> bool:
    own = strangers(Ledger({}))
    own.choose({"0x1": touch}, known=(), held=(), receipts={})
    return bool(own.believe({r.WALLET}, "0x1", r.transaction(**{"sender": r.OTHER, **transaction}), touch))


def test_a_token_that_the_wallet_never_had_is_not_believed() -> None:
    """A forged Transfer gets no receipt, whatever the amount."""
    assert not believed(outflow(1))
    assert not believed(
        outflow(1), data=bytes.fromhex("23b872dd") + bytes(12) + bytes.fromhex(r.WALLET[2:]) + bytes(64)
    )


def test_whatever_may_be_a_sale_is_believed() -> None:
    """The wallet sent it, is named, calls a settlement, had the token, got it in this window, or got money for it."""
    settlement = next(dex.factory for dex in ETHEREUM.dexes if "cow" in dex.kind)
    paid = Touch(1, "0xb", 0, gave={r.WALLET}, gone={(r.WALLET, FAKE)}, came={(r.WALLET, r.USDC): 7})
    both = Touch(1, "0xb", 0, gave={r.WALLET}, gone={(r.WALLET, FAKE)}, came={(r.WALLET, FAKE): 7})
    assert believed(outflow(1), sender=r.WALLET)
    assert believed(outflow(1), data=bytes(4 + 32 + 12) + bytes.fromhex(r.WALLET[2:]) + bytes(32))
    assert believed(outflow(1), to=settlement)
    assert believed(outflow(1, TRADED))
    assert believed(outflow(1, GIFT))
    assert believed(paid)
    assert believed(both)


def test_the_share_is_given_back_where_a_wallet_took_part() -> None:
    """For its own transactions; what is seen of others costs a receipt and what it asks for as well."""
    own = strangers(Ledger({r.WALLET: [1]}))
    choose(own, [gift(1) for _ in range(FREE + 3)])
    spent = own.tally.spent[r.WALLET]
    named = bytes(4 + 32 + 12) + bytes.fromhex(r.WALLET[2:]) + bytes(32)
    own.believe([r.WALLET], f"0x{FREE:x}", r.transaction(), gift(1))
    assert own.tally.spent[r.WALLET] == spent - 40
    own.believe([r.WALLET], f"0x{FREE + 1:x}", r.transaction(sender=r.OTHER, data=named), gift(1))
    assert own.tally.spent[r.WALLET] > spent
