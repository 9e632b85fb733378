"""The configuration: every fault in one message, each with its place; secrets never in the file."""

import pytest

from ingest.errors import ConfigError
from ingest.evm import chains
from ingest.types import Dex
from watcher.config.settings import Config, load

GOOD = """
[[chains]]
name = "ethereum"
chain_id = 1
rpc_urls = ["https://node.example/${KEY}"]
"""


def telegram(allowed, more=""):
    return f"{GOOD}[telegram]\nchat_id = 42\nallowed_user_ids = {allowed}\n{more}\n"


def chat(allowed, more=""):
    return f"[[telegram.chats]]\nchat_id = -5\nallowed_user_ids = {allowed}\n{more}\n"


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "edgewatch.toml"
        path.write_text(text)
        return path

    return write


def test_a_short_file_is_enough(write):
    """Everything but the chains has a default; ${NAME} comes from the environment."""
    config = load(write(GOOD), {"KEY": "abc", "EDGEWATCH_TELEGRAM_TOKEN": "1:secret"})
    assert config.chains[0].rpc_urls == ["https://node.example/abc"]
    assert config.chains[0].chain().native_symbol == "ETH"
    assert config.detection.per_wallet_year(40) == 1.0
    assert config.token() == "1:secret"
    assert "secret" not in repr(config)
    assert config.store_url().endswith("/edgewatch.db")


def test_a_chains_own_venues_are_added_to_the_known_ones(write):
    """A fork of one's own costs none of the built-in venues; what is known already is not there twice."""
    known = chains.by_name("ethereum").dexes
    fork = Dex(kind="uniswap_v2", factory="0x" + "ab" * 20, init_code_hash="0x" + "cd" * 32, name="Our fork")
    more = f"""dexes = [
        {{ kind = "uniswap_v2", name = "Our fork", factory = "0x{"AB" * 20}", init_code_hash = "0x{"cd" * 32}" }},
        {{ kind = "cow", name = "CoW Protocol", factory = "0x9008d19f58aabd9ed0d60971565aa8510560ab41" }},
    ]"""
    [table] = load(write(GOOD + more), {"KEY": "abc"}).chains
    assert table.chain().dexes == (*known, fork)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD + "[budgets]\nx = 1\n", "budgets: unknown key 'budgets'; did you mean 'budget'?"),
        (GOOD + "[budget]\nrpc_units_per_dy = 1\n", "did you mean 'rpc_units_per_day'?"),
        (GOOD.replace("chain_id = 1", "chain_id = '1'"), "chains.1.chain_id: write a whole number from 1 to"),
        (GOOD.replace("chain_id = 1\n", ""), "chains.1.chain_id: missing"),
        (GOOD.replace('rpc_urls = ["https://node.example/${KEY}"]', "rpc_urls = []"), "chains.1.rpc_urls"),
        (GOOD + 'history = "six months"', "chains.1.history: write a time from"),
        (GOOD + "[telegram]\nchat_id = 5\nallowed_user_ids = []\n", "empty; nobody could decide"),
        (GOOD + "[telegram]\nchat_id = 5\n", "telegram.allowed_user_ids: missing"),
        (
            GOOD + "[telegram]\nchat_id = 5\nallowed_user_ids = [5]\nwallet_url = 'http://x/{address}'\n",
            "write an https://",
        ),
        (GOOD + "[telegram]\ntoken = 'x'\n", "telegram.token: unknown key 'token'"),
        (
            GOOD + "[telegram]\nbase_url = 'http://api.example.org/bot'\n",
            "telegram.base_url: write an https:// address",
        ),
        (GOOD + "[telegram]\nbase_url = 'https://me:pw@api.example.org/bot'\n", "without a user name"),
        (GOOD + "[telegram]\nbase_url = 'http://localhost:8081'\n", "ends with /bot"),
        (GOOD + "private_key = 'x'\n", "unknown key 'private_key'"),
        (GOOD + GOOD, "chain_id 1 occurs twice"),
        (GOOD.replace("https", "http"), "must use https"),
        (GOOD.replace("${KEY}", "${NO_KEY}"), "the environment variable NO_KEY is not set"),
        (GOOD.replace("chain_id = 1", "chain_id = 4242"), "chain 4242 (ethereum) is not in the registry"),
        (
            GOOD + "[detection]\nfalse_flags_per_month = 1.0\nfalse_flags_per_wallet_year = 1.0\n",
            "false_flags_per_wallet_year or false_flags_per_month, not both",
        ),
        (GOOD + 'index = "covalent"', "chains.1.index: Input should be 'none', 'alchemy' or 'hypersync'"),
        (GOOD + 'index = "hypersync"', "variable EDGEWATCH_HYPERSYNC_TOKEN"),
        (GOOD + '[[chains]]\nhypersync_token = "x"', "chains.2.hypersync_token: unknown key"),
        ("hypersync_token = 'x'\n" + GOOD, "unknown key 'hypersync_token'; secrets come from the environment"),
        ("[[chains]\n", "not valid TOML"),
        (telegram("[7, 1087968824]"), "telegram.allowed_user_ids.2: 1087968824 is GroupAnonymousBot"),
        (telegram("[136817688]"), "Channel Bot"),
        (telegram("[777000]"), "Telegram itself"),
        (telegram("[-1001]"), "-1001 is a group or channel, not a person"),
        (telegram("[0]"), "“Remain anonymous”"),
        (telegram("[7]", chat("[777000]")), "telegram.chats.1.allowed_user_ids.1: 777000"),
        (telegram("[7]", "message_thread_id = 0"), "telegram.message_thread_id: write a whole number from 1 to"),
        (telegram("[7]", chat("[7]") + chat("[8]")), "chat_id -5 occurs twice"),
        (telegram("[7]", chat("[7]").replace("-5", "42")), "chat_id 42 occurs twice"),
    ],
)
def test_a_fault_is_named_with_its_place(write, text, message):
    """Each fault names the key's path and what to write instead."""
    with pytest.raises(ConfigError) as caught:
        load(write(text), {"KEY": "abc"})
    assert message in str(caught.value)


def test_the_token_of_a_service_is_a_secret(write):
    """It comes from the environment, is one printable word, and is never shown."""
    path = write(GOOD + 'index = "hypersync"')
    config = load(path, {"KEY": "abc", "EDGEWATCH_HYPERSYNC_TOKEN": "s3cret"})
    assert config.hypersync_token.get_secret_value() == "s3cret"
    assert "s3cret" not in repr(config)
    for bad in ("", "two words", "a\nHost: b", "ключ"):
        with pytest.raises(ConfigError, match="needs a token") as caught:
            load(path, {"KEY": "abc", "EDGEWATCH_HYPERSYNC_TOKEN": bad})
        assert not bad or bad not in str(caught.value)


def test_all_faults_come_at_once(write):
    """A person mends a file once, not once per fault."""
    with pytest.raises(ConfigError, match="has 2 faults") as caught:
        load(write(GOOD + "[store]\nurll = ''\n[budget]\nrpc_units_per_day = 'many'\n"), {"KEY": "abc"})
    assert "store.urll" in str(caught.value)
    assert "budget.rpc_units_per_day" in str(caught.value)


def test_a_missing_token_says_where_it_belongs(write):
    """The token is asked for when it is needed, by the name of its variable."""
    config = load(write(GOOD), {"KEY": "abc"})
    with pytest.raises(ConfigError, match="EDGEWATCH_TELEGRAM_TOKEN"):
        config.token()


def test_a_missing_file_says_how_to_make_one(tmp_path):
    """No file: the message names the command that writes one."""
    with pytest.raises(ConfigError, match="edgewatch init"):
        load(tmp_path / "none.toml", {})


def test_no_key_can_be_configured():
    """The configuration has no place for a private key or a seed phrase."""
    names = str(Config.model_json_schema()).lower()
    assert not any(word in names for word in ("private", "mnemonic", "seed", "keystore", "passphrase"))


def test_each_chat_has_its_topic(write):
    """In the first table and in the others, or none."""
    config = load(write(telegram("[7]", "message_thread_id = 5\n" + chat("[7, 8]"))), {"KEY": "abc"})
    assert (config.telegram.chat_ids, config.telegram.topics) == ([42, -5], {42: 5})
    config = load(write(telegram("[7]", chat("[7]", "message_thread_id = 6"))), {"KEY": "abc"})
    assert config.telegram.topics == {-5: 6}
