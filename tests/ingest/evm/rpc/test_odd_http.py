"""Whatever status, header and body an endpoint answers with: the other one is asked, or the error has a type."""

from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.errors import RpcUnavailable
from ingest.evm.rpc.endpoint import retry_after
from tests.fakes.node import FakeNode
from tests.fakes.stranger import JSON, Stranger, write
from tests.ingest.evm.rpc.test_answer_checks import FEWER, client


@pytest.fixture(scope="module")
def nodes() -> Iterator[tuple[Stranger, FakeNode]]:
    """One that answers oddly, and an honest one."""
    methods = {"eth_chainId": lambda: "0x1", "eth_blockNumber": lambda: "0x6"}
    with Stranger(methods) as stranger, FakeNode(methods) as honest:
        yield stranger, honest


HEADERS = st.dictionaries(
    st.sampled_from(["Retry-After", "Date", "Content-Type", "Location", "Set-Cookie", "X-Odd", "Content-Encoding"]),
    st.sampled_from(
        [
            *(
                "99999999999999999999",
                "-1",
                "nan",
                "inf",
                "1e999",
                "9" * 5_000,
                "Fri, 31 Dec 99999999999999999999 23:59:59 GMT",
            ),
            *(
                "Fri, 31 Dec 9999 23:59:59 GMT",
                "Thu, 01 Jan 1970 00:00:00 GMT",
                "Fri, 31 Dec 1999 23:59:59 +99999999999",
            ),
            *("http://[::1", "//\u00ff:99999999/", "gzip", "text/html; charset=\u00ff", "a=b; expires=" + "9" * 5_000),
            *("a=b; Max-Age=99999999999999999999; Domain=\u00ff", "", "\u00ff\u00fe"),
        ]
    )
    | st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40),
)
BODIES = (
    st.binary(max_size=40)
    | st.builds(write, st.fixed_dictionaries({"id": st.just(1), "error": JSON}))
    | st.builds(write, JSON)
)


@settings(FEWER, max_examples=settings.default.max_examples)
@given(status=st.integers(200, 599), headers=HEADERS, body=BODIES)
@example(status=429, headers={"Retry-After": "Fri, 31 Dec 99999999999999999999 23:59:59 GMT"}, body=b"")
@example(
    status=429,
    headers={"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT", "Date": "Thu, 01 Jan 1970 00:00:00 GMT"},
    body=b"",
)
@example(status=400, headers={}, body=b'{"error": {"code": [1], "message": {"a": 1}}}')
def test_odd_http_is_asked_elsewhere(
    status: int, headers: dict[str, str], body: bytes, nodes: tuple[Stranger, FakeNode]
) -> None:
    """Any status, header and body: the other endpoint's answer."""
    stranger, honest = nodes
    stranger.reply = status, headers, body
    try:
        with client(stranger.url, honest.url) as node:
            assert node.call("eth_blockNumber") == honest.methods["eth_blockNumber"]()
    finally:
        stranger.reply = None


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_header_says_how_long_to_wait_or_nothing(value: str, date: str) -> None:
    """Within bounds, whatever stands in it."""
    wait = retry_after({"retry-after": value, "date": date})
    assert wait is None or 0 <= wait <= 1e9


def test_alone_an_odd_endpoint_is_unavailable() -> None:
    """Without another endpoint the error has a type, and says which answer could not be used."""
    odd = {"eth_chainId": lambda: "0x1", "eth_blockNumber": lambda: "0x" + "f" * 5_000}
    with (
        FakeNode(odd) as fake,
        client(fake.url) as node,
        pytest.raises(RpcUnavailable, match="no usable answer to eth_b"),
    ):
        node.call("eth_blockNumber")
