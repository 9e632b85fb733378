"""Lists as people have them: good lines are taken, bad lines are named with the reason, secrets are not repeated."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import ConfigError
from watcher.types import Role, Wallet
from watcher.wallet_list import parse, parse_address

NOW = datetime(2025, 7, 1, tzinfo=UTC)
ONE = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"
CHECKED = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"  # EIP-55's own example
KEY = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"


def parsed(text):
    return parse(text.encode() if isinstance(text, str) else text, now=NOW, chain_names={"ethereum", "base"})


def test_a_csv_with_a_bom_and_a_broken_line():
    """The accepted lines and the refused line are named by their numbers, the refused one with its reason."""
    found = parsed(
        b"\xef\xbb\xbfaddress,label,chain,role,followed_since,unfollowed_at\r\n"
        + f"{CHECKED},Heron,ethereum|base,followed,2025-01-31,\r\n".encode()
        + b'0xnonsense,"broken\r\n'
        + f"{ONE[:-1]}e,Crow,,peer,,\r\n".encode()
    )
    assert found.accepted == (
        (
            2,
            Wallet(
                address=ONE,
                label="Heron",
                chains=("ethereum", "base"),
                followed_since=datetime(2025, 1, 31, tzinfo=UTC),
                added_at=NOW,
            ),
        ),
        (4, Wallet(address=ONE[:-1] + "e", label="Crow", role=Role.PEER, followed_since=NOW, added_at=NOW)),
    )
    assert [(refusal.line, refusal.reason[:14]) for refusal in found.refused] == [(3, "broken quoting")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (CHECKED[:-1] + "D", "wrong checksum"),
        ("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "not an EVM address"),
        ("1.23E+47", "scientific notation"),
        (f"{ONE},x,solana", "chain 'solana' is not in the configuration"),
        (f"{ONE},x,,boss", "role 'boss'"),
        (f"{ONE},x,,,yesterday", "followed_since: 'yesterday' is not a date"),
    ],
)
def test_a_bad_line_says_what_is_wrong(line, reason):
    """Each refusal names the cell and what it should be."""
    [refusal] = parsed(f"address,label,chain,role,followed_since\n{line}\n").refused
    assert reason in refusal.reason


@pytest.mark.parametrize("pasted", [KEY, "0x" + KEY, KEY.upper(), f" {KEY} ", f"{ONE},{KEY}", f"{KEY}0", KEY[:-1]])
def test_what_may_be_a_key_is_never_repeated(pasted):
    """No part of a pasted private key comes back in a message."""
    [refusal] = parsed(f"address,label\n{pasted}\n").refused
    assert KEY[:8].lower() not in refusal.reason.lower()


def test_plain_addresses_need_no_header():
    """One address a line is enough; comments and blank lines are passed over."""
    found = parsed(f"# mine\n\n{ONE}\n")
    assert [wallet.address for _, wallet in found.accepted] == [ONE]
    assert parsed("").accepted == ()


@given(st.binary(max_size=200))
def test_no_bytes_break_the_parser(content):
    """Whatever the file holds, the answer is a listing."""
    parse(content, now=NOW, chain_names=set())


@given(st.text(max_size=80))
def test_an_address_or_a_message(text):
    """The only way out besides an address is the one error for a person."""
    try:
        assert len(parse_address(text)) == 42
    except ConfigError as error:
        assert str(error)


def test_a_label_is_one_harmless_line():
    """What nobody sees, or a database cannot keep, is not stored; a long one is cut."""
    line = f'{ONE},"a\u202e<b> c\u200b{"y" * 100}"'
    [(_, wallet)] = parsed(f"address,label\n{line}\n").accepted
    assert wallet.label.startswith("a<b> cy")
    assert len(wallet.label) == 64
