"""What a wallet that has gone quiet did with what it held. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from statistics import median
from typing import Final

from ingest.evm.logs.token_flows import ZERO
from ingest.types import NATIVE, Move, Sending
from metrics.books.postings import Entry
from metrics.types import MovedOut

LARGE: Final = 0.25  #: share of what a wallet held, and of a usual trade, from which a transfer is large
USUAL: Final = 30  #: newest trades whose middle size is a usual trade

Token = tuple[int, str]  #: chain id and address


def moved_out(
    entries: Sequence[Entry],
    moves: Iterable[Move],
    sendings: Iterable[Sending],
    *,
    coins: Mapping[int, int],
    wrapped: Mapping[int, str],
) -> MovedOut | None:
    """Return what a wallet sent to the address that got the most, if that is large.

    Valued at the price of the wallet's own newest trade in each token. The share is that address's part of all that was
    sent and of all that is still held; large is a share of at least `LARGE`, worth at least so much of a usual trade.
    Tokens that the wallet never traded have no value here, so that a forged token cannot point at an address.

    Parameters
    ----------
    entries, moves
        Its whole record, in the chain's order.
    sendings
        What it sent of late.
    coins
        Chain id to native coin that it still has or had when it last traded, wei.
    wrapped
        Chain id to the wrapped native coin, which is worth as much.

    Returns
    -------
    MovedOut or None
        None where nothing large is known.
    """
    prices = own_prices(entries)
    for chain_id, token in wrapped.items():
        worth = prices.get((chain_id, NATIVE)) or prices.get((chain_id, token))
        if worth is not None:
            prices |= {(chain_id, NATIVE): worth, (chain_id, token): worth}
    found: dict[str, list[Sending]] = {}
    for item in sendings:
        if (item.chain_id, item.token) in prices:
            found.setdefault(item.to, []).append(item)
    sent = {to: sum(item.amount_raw * prices[item.chain_id, item.token] for item in some) for to, some in found.items()}
    addresses = sorted(sent.keys() - {ZERO}, key=lambda to: (-sent[to], to))  # nobody owns zero: a bridge, or burnt
    if not addresses:
        return None
    most = addresses[0]
    held = {token: amount for token, amount in holdings(entries, moves).items() if token in prices}
    held |= {(chain_id, NATIVE): wei for chain_id, wei in coins.items() if (chain_id, NATIVE) in prices}
    left = sum(amount * prices[token] for token, amount in held.items())
    share = float(sent[most] / (sum(sent.values()) + left)) if sent[most] else 0.0
    if share < LARGE or float(sent[most]) < LARGE * float(usual_trade(entries)):
        return None
    there = found[most]
    first = {
        chain_id: min(item.block_number for item in there if item.chain_id == chain_id)
        for chain_id in {item.chain_id for item in there}
    }
    return MovedOut(
        to=most,
        share=share,
        first_at=datetime.fromtimestamp(min(item.timestamp for item in there), UTC),
        last_at=datetime.fromtimestamp(max(item.timestamp for item in there), UTC),
        transfers=len({(item.chain_id, item.tx_hash) for item in there}),
        starts=tuple(sorted(first.items())),
    )


def own_prices(entries: Iterable[Entry]) -> dict[Token, Decimal]:
    """US dollars of a base unit of each token, by the wallet's newest verified trade of it alone against something."""
    prices: dict[Token, Decimal] = {}
    for entry in entries:
        trade, worth = entry.trade, entry.valuation
        if worth is None or not worth.value_usd or not trade.counts:
            continue
        for side in (trade.sold, trade.bought):
            if len(side) == 1:
                prices[trade.chain_id, side[0].token] = worth.value_usd / side[0].amount_raw
    return prices


def holdings(entries: Iterable[Entry], moves: Iterable[Move]) -> dict[Token, int]:
    """Base units of each token that the record says are held; the native coin, which moves unseen, left out.

    Where more went out than had come in, the wallet had some before its record begins: the least that it must have had
    is added.
    """
    steps: list[tuple[tuple[int, int], Token, int]] = []
    for entry in entries:
        trade = entry.trade
        at = trade.timestamp or 0, trade.transaction_index
        steps += [(at, (trade.chain_id, leg.token), -leg.amount_raw) for leg in trade.sold]
        steps += [(at, (trade.chain_id, leg.token), leg.amount_raw) for leg in trade.bought]
    for move in moves:
        steps.append(((move.timestamp or 0, move.transaction_index), (move.chain_id, move.token), move.amount_raw))
    held: dict[Token, int] = {}
    for _, token, amount in sorted(steps, key=lambda step: step[0]):
        if token[1] != NATIVE:
            held[token] = max(0, held.get(token, 0) + amount)
    return held


def usual_trade(entries: Sequence[Entry]) -> Decimal:
    """The middle size of the newest trades, US dollars; 0 where none has a price."""
    in_time = sorted(entries, key=lambda each: each.trade.timestamp or 0)
    worths = [each.valuation.value_usd for each in in_time if each.valuation and each.valuation.value_usd]
    return median(worths[-USUAL:]) if worths else Decimal(0)
