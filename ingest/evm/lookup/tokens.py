"""What a token says about itself: words by a stranger, cleaned before anyone sees them."""

from collections.abc import Sequence
from typing import Any

from eth_abi.abi import decode as abi_decode
from eth_abi.exceptions import DecodingError

from ingest.evm.rpc.node import Node, Request
from ingest.text import clean

DECIMALS = "0x313ce567"  #: ERC-20 decimals()
SYMBOL = "0x95d89b41"  #: ERC-20 symbol()
MOST_DECIMALS = 36  #: above it the answer is a joke or an attack
SYMBOL_LENGTH = 16


def read_tokens(node: Node, addresses: Sequence[str]) -> dict[str, tuple[str | None, int | None]]:
    """Address to (symbol, decimals); None where the contract gives no usable answer."""
    requests: list[Request] = [
        ("eth_call", [{"to": address, "data": data}, "latest"]) for address in addresses for data in (SYMBOL, DECIMALS)
    ]
    answers = node.batch(requests, tolerant=True)
    return {
        address: (symbol_of(answers[2 * i]), decimals_of(answers[2 * i + 1])) for i, address in enumerate(addresses)
    }


def _bytes(answer: Any) -> bytes:
    try:
        return bytes.fromhex(answer[2:]) if isinstance(answer, str) else b""
    except ValueError:
        return b""


def symbol_of(answer: Any) -> str | None:
    """A symbol from ``symbol()``: a string, or bytes32 as old tokens have it."""
    data = _bytes(answer)
    if len(data) == 32:
        text = data.rstrip(b"\0").decode("utf-8", errors="ignore")
    else:
        try:
            [text] = abi_decode(["string"], data)
        except (DecodingError, UnicodeDecodeError, OverflowError, ValueError):
            return None
    return clean(text, SYMBOL_LENGTH) or None


def decimals_of(answer: Any) -> int | None:
    """Decimals from ``decimals()``; None where they are missing or absurd."""
    data = _bytes(answer)
    if len(data) < 32:
        return None
    value = int.from_bytes(data[:32])
    return value if value <= MOST_DECIMALS else None
