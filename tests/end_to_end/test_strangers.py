"""One chain's node answers oddly: that chain's reading may fail; the other is read, all is judged and delivered."""

import asyncio
import os
import shutil
import time
from unittest.mock import ANY, patch

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.end_to_end.cli import Folder
from tests.end_to_end.test_once import open_flag
from tests.fakes.bot_api import TOKEN, BotApi
from tests.fakes.chain import FakeChain, Payment
from tests.fakes.node import FakeNode
from tests.fakes.stranger import HUGE, JSON, Spoil, Stranger, spoilt
from watcher.store import trade_log
from watcher.store.sql import database
from watcher.store.sql.database import reading

# The fake of Telegram's reads photos with a call that its library is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:unread_data:DeprecationWarning")
ANN, BOB, EVE = ("0x" + digit * 40 for digit in "123")
METHODS = [
    *("eth_chainId", "eth_blockNumber", "eth_getBlockByNumber", "eth_getLogs", "eth_getTransactionByHash"),
    *("eth_getTransactionReceipt", "eth_getBlockReceipts", "eth_call"),
]
EXTRA = """
[[chains]]
name = "base"
chain_id = 8453
from_block = 1
confirmations = 2
rpc_urls = ["{honest}"]
[telegram]
chat_id = 42
allowed_user_ids = [7]
base_url = "{telegram}"
"""


def chain() -> FakeChain:
    made = FakeChain()
    for number in range(1, 9):
        made.mine(Payment(ANN, BOB, number), Payment(EVE, ANN, 1), *(Payment(EVE, BOB, 1) for _ in range(4)))
    return made


@pytest.fixture(scope="module")
def nodes():
    odd, good = chain().methods(), chain().methods()
    with Stranger(odd) as stranger, FakeNode({**good, "eth_chainId": lambda: "0x2105"}) as honest:
        yield stranger, honest


def once(path, empty_file, nodes):
    """``edgewatch once`` in a new folder where a message waits; what came of it."""
    stranger, honest = nodes

    async def story():
        async with BotApi() as api:
            extra = EXTRA.format(honest=honest.url, telegram=api.url)
            table = {"name": "ethereum", "chain_id": 1, "from_block": 1, "confirmations": 2}
            folder = Folder(path, stranger.url, table, extra, EDGEWATCH_TELEGRAM_TOKEN=TOKEN)
            shutil.copy(empty_file, path / "edgewatch.db")
            open_flag(path)
            (path / "wallets.csv").write_text(f"address,label\n{ANN},Ann\n")
            await asyncio.to_thread(folder.run, "wallets", "import", "wallets.csv")
            await asyncio.to_thread(folder.run, "once", code=ANY)
            return folder, list(api.messages.values())

    with patch.dict(os.environ):
        folder, messages = asyncio.run(story())
    engine = database.connect(f"sqlite:///{path}/edgewatch.db")
    with reading(engine) as connection:
        found = {}
        for chain_id in (1, 8453):
            moves = [each for each in trade_log.moves(connection) if each.chain_id == chain_id]
            covered = {w: list(ranges) for w, ranges in trade_log.covered_blocks(connection, chain_id).items()}
            found[chain_id] = moves, covered
    engine.dispose()
    return folder, messages, found


@pytest.fixture(scope="module", autouse=True)
def count():
    before = spoilt.copy()
    yield
    done = spoilt - before
    print(f"\n{done.total():,} answers of {len(done)} methods spoilt under `once`: {dict(done)}")


@pytest.fixture(scope="module")
def no_waiting():
    """Nobody waits for a node between two tries."""
    with patch.object(time, "sleep", lambda _seconds: None):
        yield


@pytest.fixture(scope="module")
def truth(nodes, empty_file, tmp_path_factory, no_waiting):
    """What is kept where both nodes are honest."""
    folder, messages, found = once(tmp_path_factory.mktemp("true"), empty_file, nodes)
    assert folder.ended == 0
    assert len(messages) == 1
    assert len(found[8453][0]) >= 8
    return found


@settings(
    max_examples=max(1, settings.default.max_examples // 15),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(method=st.sampled_from(METHODS), place=st.integers(0, 10**6), value=JSON)
@example(method="eth_chainId", place=3, value="0x" + "f" * 5_000)
@example(method="eth_getBlockByNumber", place=4, value=None)
@example(method="eth_getBlockByNumber", place=4, value="0x" + "9" * 5_000)
@example(method="eth_blockNumber", place=3, value="0x7fffffffffffffff")
@example(method="eth_getLogs", place=0, value={"error": {"code": [-32005], "message": HUGE}})
def test_a_chain_with_an_odd_node_keeps_nothing_else_from_being_done(
    method, place, value, nodes, truth, empty_file, tmp_path_factory, no_waiting
):
    """The other chain's records are what they are without it, the message is sent, and the exit code tells."""
    stranger, _ = nodes
    stranger.spoil, stranger.lied = Spoil(method, place, value), False
    try:
        folder, messages, found = once(tmp_path_factory.mktemp("odd"), empty_file, nodes)
    finally:
        stranger.spoil = None
    assert found[8453] == truth[8453]
    assert len(messages) == 1
    assert "assessed 2 wallets" in folder.errors
    assert "delivered 1 messages" in folder.errors
    assert folder.ended in {0, 1}
    if folder.ended == 0:
        assert found[1] == truth[1] or stranger.lied
    else:
        assert "ethereum: " in folder.errors
        assert "edgewatch: " in folder.errors


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (429, {"Retry-After": "Fri, 31 Dec 99999999999999999999 23:59:59 GMT"}, b""),
        (400, {}, b'{"error": {"code": [1], "message": {"a": 1}}}'),
        (200, {"Set-Cookie": "\xff=\xfe"}, b"[" * 10_000),
        (302, {"Location": "http://[::1"}, b""),
    ],
)
def test_odd_http_of_one_chain_is_told_and_nothing_else_stops(
    status, headers, body, nodes, truth, empty_file, tmp_path_factory, no_waiting
):
    """Headers, statuses and bodies of one endpoint."""
    stranger, _ = nodes
    stranger.reply = status, headers, body
    spoilt["HTTP"] += 1
    try:
        folder, messages, found = once(tmp_path_factory.mktemp("odd"), empty_file, nodes)
    finally:
        stranger.reply = None
    assert found == {1: ([], {}), 8453: truth[8453]}
    assert (folder.ended, len(messages)) == (1, 1)
    assert "ethereum: " in folder.errors
