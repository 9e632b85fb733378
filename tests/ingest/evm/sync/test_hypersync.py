"""HyperSync names transactions like any index, over an HTTP of its own with the limits of every node."""

import json
from functools import partial

import pytest

from ingest.errors import EndpointRefused, MethodForbidden, RpcRejected, RpcUnavailable, WrongChain
from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.logs.topics import TRANSFER
from ingest.evm.rpc.budget import Meter
from ingest.evm.rpc.node import TRIES, Node
from ingest.evm.sync import hypersync
from ingest.evm.sync.hypersync import HyperSync, ask
from ingest.evm.sync.wallet_index import Index, IndexedTransfer, Question
from tests.fakes.hypersync import TOKEN, FakeHyperSync

WALLET, OTHER, COIN = "0x" + "11" * 20, "0x" + "22" * 20, "0x" + "aa" * 20
BLOCKS = BlockRange(1, 10_000)
HASH = f"0x{1:064x}"
LOG = {
    "block_number": 5,
    "transaction_hash": HASH,
    "log_index": 3,
    "address": COIN,
    "data": f"0x{7:064x}",
    "topic0": TRANSFER,
    "topic1": "0x" + WALLET[2:].rjust(64, "0"),
    "topic2": "0x" + OTHER[2:].rjust(64, "0"),
    "topic3": None,
}
SENT = {"block_number": 5, "hash": HASH, "from": WALLET}
PART = {"blocks": [{"number": 5, "timestamp": "0x6553f100"}], "logs": [LOG], "transactions": [SENT]}
MOVED = IndexedTransfer(block=5, tx_hash=HASH, category="erc20", token=COIN, amount_raw=7, timestamp=1_700_000_000)
ACTED = IndexedTransfer(
    block=5, tx_hash=HASH, category="external", token=None, amount_raw=None, timestamp=1_700_000_000
)


def node(fake, *, token=TOKEN, chain_id=1, **options):
    speak = partial(HyperSync, token=token)
    return Node([fake.url], chain_id=chain_id, speak=speak, **{"sleep": lambda _s: None} | options)


def said(answer, *, status=200, headers=None):
    """Answers every question so, and says truly which chain it serves."""
    content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return lambda path: (status, headers or {}, content) if path == "/query" else None


def asked_of(answer, *, out=True, page=None, **options):
    with FakeHyperSync(raw=said(answer, **options)) as fake, node(fake) as client:
        return ask(client, Question(wallet=WALLET, out=out, blocks=BLOCKS, internal=False, page=page)), fake


def whole(*parts, following=10_001):
    return {"data": list(parts), "archive_height": 20_000, "next_block": following, "total_execution_time": 9}


def test_a_row_is_read_to_the_unit():
    """Block, hash, token, base units and time; what the wallet sent is named too, other people's transactions not."""
    stranger = SENT | {"from": OTHER, "hash": f"0x{2:064x}"}
    (rows, following), fake = asked_of(whole({**PART, "transactions": [SENT, stranger]}, {}))
    assert rows == [MOVED, ACTED]
    assert following is None
    [query] = fake.queries
    assert (query["from_block"], query["to_block"]) == (1, 10_001)
    assert query["logs"] == [{"topics": [[TRANSFER], [LOG["topic1"]], []]}]
    assert query["transactions"] == [{"from": [WALLET]}]


def test_what_came_is_asked_for_by_its_receiver():
    """The other side of a Transfer, and nobody's own transactions."""
    came = LOG | {"topic1": LOG["topic2"], "topic2": LOG["topic1"]}
    (rows, _), fake = asked_of(whole({"blocks": PART["blocks"], "logs": [came]}), out=False)
    assert rows == [MOVED]
    [query] = fake.queries
    assert query["logs"] == [{"topics": [[TRANSFER], [], [LOG["topic1"]]]}]
    assert "transactions" not in query


def test_what_is_given_twice_counts_once_and_an_nft_is_no_token():
    """A doubled log must not double what came; the same event with an indexed id moves no amount."""
    nft = LOG | {"log_index": 4, "topic3": f"0x{9:064x}", "data": "0x"}
    (rows, _), _ = asked_of(whole(PART | {"transactions": []}, PART | {"logs": [LOG, nft], "transactions": []}))
    assert rows == [MOVED]


def test_a_block_whose_time_is_not_told_leaves_it_open():
    """What is not said is not guessed."""
    (rows, _), _ = asked_of(whole(PART | {"blocks": []}))
    assert [row.timestamp for row in rows] == [None, None]


def test_pages_go_on_where_the_last_one_ended():
    """The next page begins with the block that the answer names, and the last one ends behind the range."""
    (_, following), _ = asked_of(whole(PART, following=6_000))
    assert following == "6000"
    (rows, following), fake = asked_of(whole(following=10_001), page=following)
    assert (rows, following) == ([], None)
    assert (fake.queries[0]["from_block"], fake.queries[0]["to_block"]) == (6_000, 10_001)


def test_an_index_that_is_behind_is_no_empty_list():
    """What does not reach the end of the range is never taken for all of it."""
    with pytest.raises(RpcUnavailable, match="not come to block 6,000"):
        asked_of(whole(following=6_000), page="6000")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        whole() | {"data": None},
        whole() | {"next_block": None},
        whole() | {"next_block": "soon"},
        whole(PART | {"logs": [LOG | {"block_number": 10_001}]}),
        whole(PART | {"logs": [LOG | {"block_number": [5]}]}),
        whole(PART, following=5),  # it would be named again by the next page
        whole(PART | {"logs": [LOG | {"transaction_hash": "0x1"}]}),
        whole(PART | {"logs": [LOG | {"transaction_hash": None}]}),
        whole(PART | {"logs": [LOG | {"topic1": LOG["topic2"]}]}),
        whole(PART | {"logs": [LOG | {"topic0": None}]}),
        whole(PART | {"logs": [LOG | {"data": "7 coins"}]}),
        whole(PART | {"logs": [LOG | {"data": 7}]}),
        whole(PART | {"logs": ["log"]}),
        whole(PART | {"transactions": [{"from": WALLET}]}),
        whole(PART | {"blocks": [5]}),
    ],
)
def test_an_answer_that_is_not_one_is_no_list(answer):
    """A row of other blocks or another wallet, or of no sense, spoils the whole answer: it is asked for again."""
    with pytest.raises(RpcUnavailable):
        asked_of(answer)


def test_another_chain_is_refused_before_anything_is_asked():
    """The service names its chain first, as every node does."""
    with FakeHyperSync(chain_id=10) as fake, node(fake) as client, pytest.raises(WrongChain):
        ask(client, Question(wallet=WALLET, out=True, blocks=BLOCKS, internal=False))
    assert fake.queries == []
    assert fake.paths == ["GET /chain_id"]


@pytest.mark.parametrize("method", ["eth_getLogs", "eth_blockNumber"])
def test_nothing_else_leaves(method):
    """Two questions are known to it; any other is refused here."""
    with FakeHyperSync() as fake, node(fake) as client, pytest.raises(MethodForbidden):
        client.call(method)
    assert set(fake.paths) <= {"GET /chain_id"}


def test_every_question_is_metered_before_it_leaves():
    """Requests of the service's own scale, by method."""
    meter = Meter(spent=0, limit=2)
    with FakeHyperSync(raw=said(whole())) as fake, node(fake, charge=meter.charge) as client:
        question = Question(wallet=WALLET, out=True, blocks=BLOCKS, internal=False)
        ask(client, question)
        assert meter.drain() == {"eth_chainId": (1, 1), hypersync.QUERY: (1, 1)}
        with pytest.raises(Exception, match="budget"):
            ask(client, question)
    assert len(fake.queries) == 1


@pytest.mark.parametrize(("status", "error"), [(401, EndpointRefused), (400, RpcRejected), (302, EndpointRefused)])
def test_a_refusal_is_typed_and_never_shows_the_token(status, error):
    """A refused token, a question that it does not take, a redirect: heard once, and told without the secret."""
    with (
        FakeHyperSync(raw=said(f"bad {TOKEN}".encode(), status=status, headers={"Location": "/"})) as fake,
        node(fake) as client,
        pytest.raises(error) as refused,
    ):
        ask(client, Question(wallet=WALLET, out=True, blocks=BLOCKS, internal=False))
    assert TOKEN not in f"{refused.value!r} {refused.value}"
    assert len(fake.queries) == 1


def test_a_wrong_token_is_said():
    """Not one question leaves without a token that is taken."""
    with FakeHyperSync() as fake, node(fake, token="x") as client, pytest.raises(EndpointRefused, match="token"):
        ask(client, Question(wallet=WALLET, out=True, blocks=BLOCKS, internal=False))
    assert fake.queries == []


@pytest.mark.parametrize("headers", [{"Retry-After": "7"}, {"x-ratelimit-reset": "7"}])
def test_it_is_left_alone_for_as_long_as_it_asks(headers):
    """HTTP 429 is waited out, by the header of HTTP or by the service's own."""
    waits, answers = [], [said(b"", status=429, headers=headers), said(whole(PART))]
    with (
        FakeHyperSync(raw=lambda path: answers.pop(0)(path) if path == "/query" else None) as fake,
        node(fake, sleep=waits.append, clock=lambda: 0.0) as client,
    ):
        rows, _ = ask(client, Question(wallet=WALLET, out=True, blocks=BLOCKS, internal=False))
    assert rows == [MOVED, ACTED]
    assert max(waits) >= 7


@pytest.mark.parametrize("status", [500, 503, 200])
def test_what_is_no_answer_is_asked_for_again_and_then_given_up(status):
    """An error in JSON's clothes is no result either."""
    answer = {"error": {"code": 1, "message": "no"}} if status != 200 else b"<html>"
    with FakeHyperSync(raw=said(answer, status=status)) as fake, node(fake) as client, pytest.raises(RpcUnavailable):
        ask(client, Question(wallet=WALLET, out=True, blocks=BLOCKS, internal=False))
    assert len(fake.queries) == TRIES


def test_what_came_may_have_been_paid_for():
    """It names no calls inside transactions: a token that came is looked at itself, and is no gift yet."""
    came = LOG | {"topic1": LOG["topic2"], "topic2": LOG["topic1"]}

    def answer(query):
        out = query["logs"][0]["topics"][1]
        return whole() if out else whole({"blocks": PART["blocks"], "logs": [came]})

    with FakeHyperSync() as fake, node(fake) as client:
        fake.answer = answer
        [chunk] = Index(ask, client, internal=False).chunks([WALLET], BLOCKS)
    [touch] = chunk.touches.values()
    assert (touch.came, touch.gave, chunk.moves) == ({(WALLET, COIN): 7}, set(), ())


def test_each_chain_has_its_address():
    """By its id, so that the address and the chain cannot be two."""
    assert hypersync.url(8_453) == "https://8453.hypersync.xyz"
