"""Which transactions are worth a receipt: anyone can send a wallet tokens, thousands of them a day. Pure.

A trade gives something. What a wallet gives leaves a Transfer, or is native coin, which leaves none: then the wallet
sent the transaction, or somebody carried out what it had agreed to, whose calldata must say for whom.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ingest.errors import RpcUnavailable
from ingest.evm.logs.json_codec import raw_logs
from ingest.evm.logs.logs import address, read_log
from ingest.evm.logs.token_flows import read_transfers
from ingest.evm.rpc.answer_checks import count, hash32
from ingest.types import BlockRef, Move

TRANSFER_CALL, TRANSFER_FROM_CALL = "0xa9059cbb", "0x23b872dd"  #: ERC-20 transfer and transferFrom
_LENGTHS = {TRANSFER_CALL: 10 + 2 * 64, TRANSFER_FROM_CALL: 10 + 3 * 64}
LIST = 8  #: so many addresses in a row, or each beside a number, are the receivers of a distribution
_WORD = 64  #: hex digits
_PAD = "0" * 24


@dataclass(slots=True)
class Touch:
    """What the logs of one transaction say about watched wallets."""

    block: int
    block_hash: str
    index: int  #: of the transaction in its block
    gave: set[str] = field(default_factory=set)  #: wallets from which a token went away
    came: dict[tuple[str, str], int] = field(default_factory=dict)  #: (wallet, token) to base units, what may be 0
    gone: set[tuple[str, str]] = field(default_factory=set)  #: (wallet, token) of what went away
    sender: str | None = None  #: who sent it; "": none of the wallets. None: not known

    @property
    def wallets(self) -> frozenset[str]:
        """The wallets that it touches."""
        return frozenset(self.gave).union(wallet for wallet, _ in self.came)


def read_touches(logs: Iterable[object], wallets: Collection[str]) -> dict[str, Touch]:
    """Gather Transfer logs by transaction.

    A Transfer of nothing, which anyone can make "from" anyone, is not giving.

    Parameters
    ----------
    logs
        Of ``eth_getLogs``, as ``RawLog`` or plain objects; one given twice counts once.
    wallets
        Watched, lower-case.

    Raises
    ------
    ValueError
        A log has not the shape of one, or does not say where it stands.
    """
    found: dict[str, Touch] = {}
    seen: set[tuple[int, int]] = set()
    for log in raw_logs(list(logs)):
        if log is None:
            raise ValueError("not a log")
        name, block = hash32(log.transaction_hash), count(log.block_number)
        place = block, count(log.log_index)
        if place in seen:
            continue
        seen.add(place)
        if (touch := found.get(name)) is None:
            touch = found[name] = Touch(block, hash32(log.block_hash), count(log.transaction_index))
        known = read_log(log)
        for transfer in read_transfers((known,) if known else ()):
            if transfer.source in wallets and transfer.amount:
                touch.gave.add(transfer.source)
                touch.gone.add((transfer.source, transfer.token))
            if transfer.target in wallets:
                key = transfer.target, transfer.token
                touch.came[key] = touch.came.get(key, 0) + transfer.amount
    return found


def moves_in(
    chain_id: int, touches: Mapping[str, Touch], involved: Mapping[str, Collection[str]], refs: Mapping[int, BlockRef]
) -> Iterator[Move]:
    """What came to wallets that had no part in its coming.

    Parameters
    ----------
    involved
        Wallets by transaction whose part the receipt tells.
    refs
        The blocks of all touches, by number.

    Raises
    ------
    RpcUnavailable
        The logs are of another block.
    """
    for tx_hash, touch in touches.items():
        block = refs[touch.block]
        if touch.block_hash != block.hash:
            raise RpcUnavailable(f"the logs of {tx_hash} are of another block than its header")
        for (wallet, token), amount in touch.came.items():
            if amount and wallet not in involved.get(tx_hash, ()):
                yield Move(
                    chain_id=chain_id,
                    block_number=block.number,
                    transaction_index=touch.index,
                    tx_hash=tx_hash,
                    wallet=wallet,
                    timestamp=block.timestamp,
                    token=token,
                    amount_raw=amount,
                )


def may_have_agreed(transaction: Mapping[str, Any], wallet: str) -> bool:
    """Tell whether a wallet may have had a part in a transaction in which no token of its own went away.

    It sent the transaction, was called by it, or is named in its calldata otherwise than as the receiver of a plain
    transfer or as one of a list of receivers. What this misses: a contract wallet that a stranger's call, without
    naming it, makes pay in native coin.

    Parameters
    ----------
    transaction
        The raw transaction.
    wallet
        Lower-case address.
    """
    if wallet in (address(transaction.get("from")), address(transaction.get("to"))):
        return True
    data = str(transaction.get("input") or "").lower()
    if len(data) == _LENGTHS.get(data[:10]):
        return False
    at = data.find(wallet[2:])
    while at >= 0:
        if not _is_listed(data, at - len(_PAD)):
            return True
        at = data.find(wallet[2:], at + 40)
    return False


def _is_listed(data: str, start: int) -> bool:
    """Tell whether the word at a position is one of a row of addresses, each alone or beside another word."""

    def holds_address(at: int) -> bool:
        # Below 2^112 it is rather an amount: a token of 18 digits that exists a thousand trillion times.
        word = data[at : at + _WORD] if at >= 0 else ""
        return len(word) == _WORD and word.startswith(_PAD) and word[24:36] != "0" * 12

    def run(stride: int) -> int:
        count = 0
        while count < LIST and holds_address(start + count * stride):
            count += 1
        return count

    return any(run(stride) + run(-stride) - 1 >= LIST for stride in (_WORD, 2 * _WORD))
