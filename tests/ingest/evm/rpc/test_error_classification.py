"""What a node's refusal means, in every wording that was seen: shrink, wait, ask elsewhere, or give up."""

import pytest

from ingest.errors import NotOffered, RangeRefused, RpcRejected, RpcUnavailable, TryElsewhere
from ingest.evm.rpc.error_classification import classify, hear

# Provider, code, text, blocks that would work (None: it does not say).
RANGE = [
    (
        "Alchemy",
        -32600,
        "You can make eth_getLogs requests with up to a 500 block range. Based on your parameters, this block "
        "range should work: [0x123c9b2, 0x123cba5]",
        500,
    ),
    (
        "Alchemy, free",
        -32600,
        "Under the Free tier plan, you can make eth_getLogs requests with up to a 10 block range. Based on your "
        "parameters, this block range should work: [0x10, 0x19]. Upgrade to PAYG for expanded block range.",
        10,
    ),
    (
        "Alchemy, older",
        -32602,
        "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range and no limit "
        "on the response size, or you can request any block range with a cap of 10K logs in the response. This "
        "block range should work: [0x1, 0x2]",
        2,
    ),
    ("Alchemy, without a range", -32602, "eth_getLogs requests with up to a 2K block range", 2_000),
    ("Infura", -32005, "query returned more than 10000 results. Try with this block range [0x10, 0x20].", 17),
    ("Infura, 2026", -32602, "range 1000000 exceeds limit of 10000", 10_000),
    ("QuickNode", -32614, "eth_getLogs is limited to a 10,000 range", 10_000),
    ("QuickNode, free", -32615, "eth_getLogs is limited to a 5 range", 5),
    ("dRPC", 35, "ranges over 10000 blocks are not supported on freetier", 10_000),
    ("blockpi", -32602, "eth_getLogs is limited to 1024 block range. Please check the parameter requirements", 1_024),
    ("1rpc", -32602, "eth_getLogs is limited to 0 - 10000 blocks range", 10_000),
    ("reth", -32602, "query exceeds max block range 100000", 100_000),
    (
        "reth, results",
        -32602,
        "query exceeds max results 20000, retry with the range 23879634-23879696",
        63,
    ),
    ("others", -32603, "eth_getLogs range is too large, max is 1k blocks", 1_000),
    ("others", -32062, "Block range is too large", None),
    ("BNB", -32000, "exceed maximum block range: 5000", 5_000),
    ("publicnode", -32701, "exceed maximum block range: 50,000", 50_000),
    ("thirdweb", -32005, "Maximum allowed number of requested blocks is 112", 112),
    ("Ankr", -32600, "block range is too wide", None),
    (
        "Chainstack",
        -32000,
        "Block range limit exceeded. See more details at https://docs.chainstack.com/docs/limits",
        None,
    ),
    ("Cloudflare", -32047, "Invalid eth_getLogs request. 'fromBlock'-'toBlock' range too large. Max range: 800", 800),
    ("BNB, public", -32005, "limit exceeded", None),
    ("Blast", -32008, "Response is too big", None),
    ("geth", -32002, "request timed out", None),
    ("QuickNode, both", -32614, "eth_getLogs and eth_newFilter are limited to a 10,000 blocks range", 10_000),
    ("avalanche", -32000, "requested too many blocks from 0 to 10000, maximum is set to 2048", 2_048),
    ("others", -32000, "too wide blocks range, the limit is 500", 500),
    ("others", -32005, "distance between from and to block must be less than 5000", 5_000),
    ("others", -32000, "block range greater than 20000 max", 20_000),
    ("others", -32000, "exceeds the range allowed for your plan (1000 > 500)", None),
    ("an empty range", -32602, "query exceeds max block range; this block range should work: [0x20, 0x10]", None),
]


@pytest.mark.parametrize(("provider", "code", "text", "blocks"), RANGE)
def test_a_range_refusal_asks_for_fewer_blocks(provider, code, text, blocks):
    """Each provider's wording means: ask for fewer blocks, and as many as it says would work."""
    found = classify(hear({"code": code, "message": text}), method="eth_getLogs")
    assert isinstance(found, RangeRefused)
    assert found.suggested == blocks


def test_a_range_in_the_data_of_the_error_is_read():
    """Infura names the range that would work beside the text as well."""
    error = {"code": -32005, "message": "query returned more than 10000 results"}
    found = classify(hear({**error, "data": {"from": "0x1", "to": "0x4", "limit": 10_000}}), method="eth_getLogs")
    assert isinstance(found, RangeRefused)
    assert found.suggested == 4


QUOTAS = [
    (-32005, "daily request count exceeded, request rate limited", TryElsewhere),
    (-32005, "Your app has exceeded its throughput quota", TryElsewhere),
    (429, "Monthly capacity limit exceeded. Visit https://dashboard.example/settings/billing to upgrade", TryElsewhere),
    (-32005, "project ID request rate exceeded", RpcUnavailable),
    (429, "Your app has exceeded its compute units per second capacity", RpcUnavailable),
    (-32007, "50/second request limit reached - reduce calls per second or upgrade your account", RpcUnavailable),
    (-32005, "rate limited", RpcUnavailable),
    (15, "Too many request, try again later", RpcUnavailable),
    # Words of both kinds.
    (-32005, "rate limit reached: too many logs requests, see the block range guide", RpcUnavailable),
    (-32005, "daily quota used up: query exceeds the max results of your plan", TryElsewhere),
]


@pytest.mark.parametrize("method", ["eth_getLogs", "eth_getTransactionReceipt"])
@pytest.mark.parametrize(("code", "text", "kind"), QUOTAS)
def test_a_quota_is_no_range(code, text, kind, method):
    """The code of a quota error is that of a range error elsewhere; a smaller range would only cost more requests."""
    assert type(classify(hear({"code": code, "message": text}), method=method)) is kind


BEHIND = [
    (-32602, "block range extends beyond current head block: requested 130, head 120"),
    (-32000, "header not found"),
    (-32602, "BlockOutOfRangeError: block height is 5 but requested was 256"),
    (-32000, "unknown block"),
    (-32001, "block not found"),
    (-32000, "One of the blocks specified in filter (fromBlock, toBlock or blockHash) cannot be found."),
    (-32000, "invalid block range params"),
    (-32000, "requested from block is greater than latest block"),
]


@pytest.mark.parametrize(("code", "text"), BEHIND)
def test_a_node_behind_the_head_is_left_for_another_one(code, text):
    """Fewer blocks would hide that it does not have them; another endpoint may."""
    found = classify(hear({"code": code, "message": text}), method="eth_getLogs")
    assert isinstance(found, TryElsewhere)
    assert not found.gone


GONE = [
    (-32000, "missing trie node 2f5a (path ) state 0x2f5a is not available, not found"),
    (-32000, "historical state 7c1 is not available"),
    (-32000, "required historical state unavailable (reexec=128)"),
    (4444, "pruned history unavailable"),
    (-32000, "old data not available due to pruning"),
    (-32000, "distance to target block exceeds maximum proof window"),
    (-32601, "this method requires an archive node"),
]


@pytest.mark.parametrize(("code", "text"), GONE)
def test_old_state_that_is_gone_does_not_come_back_here(code, text):
    """A node that dropped old state will not find it by waiting: an archive node has it."""
    found = classify(hear({"code": code, "message": text}), method="eth_call")
    assert isinstance(found, TryElsewhere)
    assert found.gone


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (3, "execution reverted: header not found"),
        (-32000, "execution reverted: daily quota exceeded, rate limit, block range"),
        (-32000, "out of gas"),
        (-32602, "invalid argument 0: hex string without 0x prefix"),
    ],
)
def test_what_repeating_cannot_mend_is_given_up(code, text):
    """A contract chooses the words with which it reverts: these must not send anyone to wait or to look elsewhere."""
    assert type(classify(hear({"code": code, "message": text}), method="eth_call")) is RpcRejected


def test_a_method_that_is_not_there_may_be_elsewhere():
    """Asking this endpoint again is useless; which method it was is known."""
    error = classify(
        hear({"code": -32601, "message": "the method trace_transaction does not exist"}), method="eth_call"
    )
    assert isinstance(error, NotOffered)
    assert error.method == "eth_call"


@pytest.mark.parametrize(
    "error",
    [
        *({}, {"code": "x"}, {"message": None}, {"message": {"a": 1}, "code": None, "data": []}, {"code": [-32005]}),
        *({"code": 2**80}, {"code": True, "message": ["daily quota"]}, [], "", 7),
    ],
)
def test_an_error_that_nobody_understands_says_nothing_about_the_request(error):
    """No message, no code, a message that is no text, no object at all: another endpoint may do better."""
    found = classify(hear(error), method="eth_getLogs")
    assert type(found) is RpcUnavailable
    assert str(found) == "eth_getLogs: an error without words"


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (-32601, "the method eth_getLogs is not allowed: logs exceed the limit of your plan", NotOffered),
        (-32600, "eth_getLogs is not allowed on this plan", RpcRejected),
        (-32602, "exceed max addresses or topics per search position", RpcRejected),
    ],
)
def test_no_smaller_range_helps_where_logs_are_refused_as_such(code, text, kind):
    """Who has no logs to give, or takes no such question, is not asked for fewer blocks."""
    assert type(classify(hear({"code": code, "message": text}), method="eth_getLogs")) is kind
