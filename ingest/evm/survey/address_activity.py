"""What an address did of late, for a few requests: nonce, balance, code, and trades where reading them is cheap."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from ingest.errors import RangeRefused
from ingest.evm.interpret import Interpreter
from ingest.evm.logs.block_ranges import FIRST_STEP, LARGEST_STEP, BlockRange
from ingest.evm.logs.logs import number
from ingest.evm.rpc.adaptive_size import AdaptiveSize
from ingest.evm.rpc.node import Node, Request
from ingest.evm.sync import fetch
from ingest.types import VenueStatus

WINDOWS: Final = 40  #: of blocks; what takes more is not cheap
TRANSACTIONS: Final = 300  #: an address with more is rather an exchange
COIN: Final = Decimal(10) ** 18  #: base units of a native coin (EIP-7528)
DELEGATED: Final = "0xef0100"  #: how the code of an account begins that lends itself some, but has a key (EIP-7702)


def sent_since(node: Node, address: str, first: int, last: int) -> int | None:
    """Transactions that an address sent after block ``first`` up to ``last``; None where the node does not say."""
    before, now = _numbers(node, "eth_getTransactionCount", address, (first, last))
    return None if before is None or now is None or now < before else now - before


def balances(node: Node, address: str, first: int, last: int) -> tuple[int | None, int | None]:
    """The native coin of an address at two blocks, wei; None where the node does not say."""
    before, now = _numbers(node, "eth_getBalance", address, (first, last))
    return before, now


def is_contract(node: Node, address: str, block: int) -> bool | None:
    """Whether code is at an address and no key of its own; None where the node does not say."""
    [code] = node.batch([("eth_getCode", [address, hex(block)])], tolerant=True)
    if not isinstance(code, str):
        return None
    return code not in ("", "0x") and not code.lower().startswith(DELEGATED)


def trades_in(interpreter: Interpreter, address: str, blocks: BlockRange) -> int | None:
    """Count the verified trades of an address that nobody watches; nothing of it is kept.

    Returns
    -------
    int or None
        None where it would take more than `WINDOWS` requests of logs or `TRANSACTIONS` transactions.
    """
    node, stride, count, seen, at = interpreter.node, AdaptiveSize(FIRST_STEP, LARGEST_STEP), 0, 0, blocks.first
    for tried in range(WINDOWS):
        if at > blocks.last:
            return count
        window = BlockRange(at, min(at + stride.step - 1, blocks.last))
        # Twice as many as are left, for a stride that has not grown yet.
        if tried > WINDOWS // 4 and len(BlockRange(at, blocks.last)) > 2 * (WINDOWS - tried) * stride.step:
            return None
        try:
            touches = fetch.touches_in(node.batch(fetch.log_requests([address], window)), [address], window)
        except RangeRefused as refusal:
            if len(window) == 1:
                return None
            stride.refuse(len(window), suggested=refusal.suggested)
            continue
        seen += len(touches)
        if seen > TRANSACTIONS:
            return None
        if touches:
            found = interpreter.interpret(fetch.read_touched(node, touches, window).transactions)
            count += sum(trade.venue_status is VenueStatus.VERIFIED for trade in found.trades)
        stride.agree(len(window))
        at = window.last + 1
    return count if at > blocks.last else None


def _numbers(node: Node, method: str, address: str, at: tuple[int, int]) -> Iterator[int | None]:
    asked: list[Request] = [(method, [address, hex(block)]) for block in at]
    return map(number, node.batch(asked, tolerant=True))  # of a refusal: None
