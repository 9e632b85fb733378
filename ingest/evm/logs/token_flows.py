"""What a receipt says about token movements, and what a wallet gave and got.

Raw JSON-RPC mappings come in; they are a stranger's bytes, so nothing here raises on them: what cannot be
read is left out. A token can claim any movement; whether a movement counts is decided in ``ingest.decode``.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from ingest.evm.logs import topics
from ingest.evm.logs.logs import Log, address, as_address, number, read_logs
from ingest.types import NATIVE, Flow, NativeSource

ZERO = "0x" + "00" * 20
POLYGON_NATIVE = "0x0000000000000000000000000000000000001010"
"""Polygon's native coin as a contract: the only one here that logs every native movement."""


class Transfer(msgspec.Struct, frozen=True, gc=False):
    """One ERC-20 movement as a token reports it."""

    token: str
    source: str
    target: str
    amount: int
    index: int


class Wrap(msgspec.Struct, frozen=True, gc=False):
    """Native coin turned into its wrapped form (positive) or back (negative) by an account."""

    account: str
    amount: int
    index: int


class Movements(msgspec.Struct, frozen=True, gc=False):
    """Everything in a receipt that moves value."""

    logs: tuple[Log, ...]
    transfers: tuple[Transfer, ...]
    wraps: tuple[Wrap, ...]
    nft_receivers: frozenset[str]


def read_movements(receipt: Mapping[str, Any], wrapped_native: str | None) -> Movements:
    """Read every ERC-20 transfer, wrap and NFT receipt of a transaction.

    Parameters
    ----------
    receipt
        A raw ``eth_getTransactionReceipt`` result.
    wrapped_native
        The chain's wrapped native coin, whose ``Deposit`` and ``Withdrawal`` are the only movements of the
        native coin that leave a log.
    """
    logs = read_logs(receipt.get("logs"))
    transfers = read_transfers(logs)
    return Movements(
        logs=logs,
        transfers=transfers,
        wraps=_wraps(logs, transfers, wrapped_native),
        nft_receivers=frozenset(r for r in map(_nft_receiver, logs) if r is not None),
    )


def read_transfers(logs: Iterable[Log]) -> tuple[Transfer, ...]:
    """Read every ERC-20 transfer, in the order of the logs."""
    found = []
    for log in logs:
        # Three topics and one word: an ERC-721 Transfer has the same topic, but its id is indexed too.
        if log.topic == topics.TRANSFER and log.fits(2, 1):
            source, target = as_address(log.indexed[0]), as_address(log.indexed[1])
            if source is not None and target is not None:
                found.append(Transfer(log.address, source, target, log.word(0), log.index))
    return tuple(found)


def _nft_receiver(log: Log) -> str | None:
    if log.topic == topics.TRANSFER and len(log.indexed) == 3:
        return as_address(log.indexed[1])
    if log.topic in (topics.TRANSFER_SINGLE, topics.TRANSFER_BATCH) and len(log.indexed) == 3:
        return as_address(log.indexed[2])
    return None


def _wraps(logs: Iterable[Log], transfers: Iterable[Transfer], wrapped: str | None) -> tuple[Wrap, ...]:
    if wrapped is None:
        return ()
    # Some wrapped coins are bridged tokens that mint and burn with a Transfer, with or without the WETH9
    # event beside it: a movement is counted once, whichever way it is told.
    minted = [
        Wrap(t.target, t.amount, t.index) if t.source == ZERO else Wrap(t.source, -t.amount, t.index)
        for t in transfers
        if t.token == wrapped and (t.source == ZERO) != (t.target == ZERO)
    ]
    told = {(w.account, w.amount) for w in minted}
    plain = []
    for log in logs:
        if log.address == wrapped and log.topic in (topics.DEPOSIT, topics.WITHDRAWAL) and log.fits(1, 1):
            account = as_address(log.indexed[0])
            amount = log.word(0) if log.topic == topics.DEPOSIT else -log.word(0)
            if account is not None and (account, amount) not in told:
                plain.append(Wrap(account, amount, log.index))
    return tuple(sorted(minted + plain, key=lambda w: w.index))


def token_flows(moved: Movements, wallet: str, wrapped_native: str | None) -> tuple[Flow, ...]:
    """Return the wallet's own token movements in log order; the wrapped native coin counts as a token.

    Parameters
    ----------
    moved
        The transaction's movements.
    wallet
        Lower-case address.
    wrapped_native
        The chain's wrapped native coin, or None if unknown.
    """
    flows = [
        Flow(
            token=t.token,
            amount_raw=t.amount if t.target == wallet else -t.amount,
            counterparty=t.source if t.target == wallet else t.target,
            log_index=t.index,
        )
        for t in moved.transfers
        if t.amount and t.source != t.target and wallet in (t.source, t.target)
    ]
    if wrapped_native is not None:
        told = {t.index for t in moved.transfers}
        flows += [
            Flow(token=wrapped_native, amount_raw=w.amount, counterparty=wrapped_native, log_index=w.index)
            for w in moved.wraps
            if w.account == wallet and w.amount and w.index not in told
        ]
    return tuple(sorted(flows, key=lambda flow: flow.log_index or 0))


def seen_native(
    transaction: Mapping[str, Any],
    moved: Movements,
    wallet: str,
    internal_transactions: Sequence[Mapping[str, Any]] | None,
) -> tuple[int, NativeSource]:
    """Return the wallet's net native movement as far as it can be seen, and how it was.

    Parameters
    ----------
    transaction
        The raw transaction.
    moved
        The transaction's movements.
    wallet
        Lower-case address.
    internal_transactions
        Etherscan ``txlistinternal`` entries, or None where there is no trace; an empty list says that
        there were none.

    Returns
    -------
    tuple
        Signed wei (gas apart) and its source; ``VALUE`` means that anything paid back stayed unseen.
    """
    logged = [log for log in moved.logs if log.address == POLYGON_NATIVE and log.topic == topics.LOG_TRANSFER]
    if logged:
        net = 0
        for log in logged:
            if log.fits(3, 1):
                net += log.word(0) * ((as_address(log.indexed[2]) == wallet) - (as_address(log.indexed[1]) == wallet))
        return net, NativeSource.INTERNAL
    net = -(number(transaction.get("value")) or 0) if address(transaction.get("from")) == wallet else 0
    if address(transaction.get("to")) == wallet:
        net += number(transaction.get("value")) or 0
    if internal_transactions is None:
        return net, NativeSource.VALUE
    for entry in internal_transactions:
        if isinstance(entry, Mapping) and _moved_value(entry):
            amount = number(entry.get("value")) or 0
            into, out = address(entry.get("to")) == wallet, address(entry.get("from")) == wallet
            net += amount * (into - out)
    return net, NativeSource.INTERNAL


def _moved_value(entry: Mapping[str, Any]) -> bool:
    # A delegated call shows its caller's value again without moving it.
    return str(entry.get("isError", "0")) in ("0", "") and entry.get("type") not in ("delegatecall", "callcode")


def net_by_token(flows: Iterable[Flow]) -> dict[str, int]:
    """Sum flows by token; tokens that cancel out are left out."""
    net: dict[str, int] = {}
    for flow in flows:
        net[flow.token] = net.get(flow.token, 0) + flow.amount_raw
    return {token: amount for token, amount in net.items() if amount}


def native_flow(amount: int) -> tuple[Flow, ...]:
    """Return a summed native movement as flows: one, or none if nothing moved."""
    return (Flow(token=NATIVE, amount_raw=amount, counterparty=None, log_index=None),) if amount else ()
