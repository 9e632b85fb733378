"""Keys in URLs: what looks like one is named, what only looks long is not, and no run of one is ever shown."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.secret import RUN, SAID, Secrets, has_key, name_keys, secrets_of

KEYED = [
    "https://eth-mainnet.g.alchemy.com/v2/aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW",
    "https://mainnet.infura.io/v3/0123456789abcdef0123456789abcdef",
    "https://rpc.ankr.com/eth/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "https://lb.drpc.org/ogrpc?network=ethereum&dkey=AkPmYxQzRkVsS2hBcXVhU2VjcmV0",
    "https://name.quiknode.pro/3f1c9a7be2d84c5f9b0a1d2e3f4a5b6c7d8e9f01/",
    "https://eth-mainnet.blastapi.io/550e8400-e29b-41d4-a716-446655440000",
    "https://gateway.tenderly.example/5Xy7Zk2PqLmN8rTv",
    "https://node.example/rpc?token=123456789012345",
    "https://node.example/rpc#aB3dE5fG7hI9jK1l",
]
OPEN = [
    "https://eth.llamarpc.com",
    "https://rpc.ankr.com/eth",
    "https://ethereum-rpc.publicnode.com",
    "https://rpc.mevblocker.io/fullprivacy",
    "https://api.zan.top/eth-mainnet",
    "https://endpoints.omniatech.io/v1/eth/mainnet/public",
    "https://lb.drpc.org/ogrpc?network=ethereum",
    "https://ethereum.blockpi.network/v1/rpc/public",
    "https://node.example/ethereum-mainnet-archive-v2",
    "https://node.example/ext/bc/C/rpc",
    "https://node.example/v2/${RPC_KEY}",
    "https://node.example/rpc?network=ethereum&key=${ALCHEMY_KEY_2}",
    "http://127.0.0.1:8545",
]


@pytest.mark.parametrize("url", KEYED)
def test_a_key_in_a_url_is_seen_and_named(url):
    """The URL that is written instead has a name in its place, is otherwise the same, and holds no key any more."""
    keys = []
    named = name_keys(url, lambda key: keys.append(key) or "RPC_KEY")
    assert has_key(url)
    assert len(keys) == 1
    assert named == url.replace(keys[0], "${RPC_KEY}")
    assert not has_key(named)


@pytest.mark.parametrize("url", OPEN)
def test_words_and_names_are_no_keys(url):
    """Public addresses, and those with ``${NAME}``, stay as they are."""
    assert not has_key(url)


KEY = "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW"
WORDS = st.text(st.characters() | st.sampled_from(KEY), max_size=40)


@given(WORDS, WORDS, st.integers(0, len(KEY) - RUN), st.integers(RUN, len(KEY)), st.sampled_from([str, str.lower]))
@example("", "", 0, len(KEY) - 1, str)  # one character missing
def test_no_run_of_a_key_is_shown(before, after, start, length, written):
    """Whatever stands around it: no twelve characters of the key in a row are left, in either case."""
    secrets = Secrets(secrets_of(f"https://node.example/v2/{KEY}"))
    shown = secrets.redact(before + written(KEY[start : start + length]) + after).lower()
    assert not any(KEY.lower()[i : i + RUN] in shown for i in range(len(KEY) - RUN + 1))


@given(st.text(st.characters(exclude_characters="s3cret"), max_size=100))
def test_what_is_no_secret_stays(words):
    """Words without a secret are shown whole; a short secret goes as a whole, and only as one."""
    secrets = Secrets(["s3cret", "v2"])
    assert secrets.redact(words) == words
    assert secrets.redact(f"{words}S3cret{words}s3cre") == f"{words}…{words}s3cre"


def test_bounds():
    """Eleven characters of a long key stay, twelve go; a part of a query goes encoded too; long words are cut."""
    secrets = Secrets(secrets_of("https://node.example/rpc?key=a%2Fb%2Fc%2Fd%2Fe%2Ff%2Fg"))
    assert secrets.redact("got a/b/c/d/e/f/g") == "got …"
    assert secrets.redact("got a%2Fb%2Fc%2Fd%2Fe%2Ff%2Fg") == "got …"
    assert Secrets([KEY]).redact(KEY[: RUN - 1]) == KEY[: RUN - 1]
    assert Secrets([KEY]).redact(KEY[:RUN]) == "…"
    assert len(Secrets([KEY]).redact("x" * 10**7)) == SAID
