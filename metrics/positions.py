"""The books: a wallet's trades become position episodes, and closed episodes become round trips.

An episode runs from the first buy of a token until at most 2 % of its peak quantity (or one dollar) is left, so that
ten partial exits of one winner are one win. Pure; the same trades in any order of arrival give the same books.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from ingest.types import Trade, Valuation, VenueStatus
from metrics.types import OpenPosition, RoundTrip

DUST_SHARE = Decimal("0.02")  #: of the peak quantity; what is left below it does not keep an episode open
DUST_USD = Decimal(1)

#: Chain id to the addresses of its quote tokens, the native coin among them.
QuoteAddresses = Mapping[int, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A trade with its valuation."""

    trade: Trade
    valuation: Valuation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What the trades of one wallet came to."""

    round_trips: tuple[RoundTrip, ...]  #: by time of close
    open_positions: tuple[OpenPosition, ...]
    unpriced: int  #: closed episodes left out because a part of them has no price
    unmatched_sells: int  #: sells of tokens that no known buy brought: cost unknown, never a win
    unverified: int  #: trades left out because nobody vouches for their venue


@dataclass(slots=True)
class _Episode:
    """The running state of one position; private to this file."""

    position_id: str
    opened_at: int
    quantity: int = 0
    peak: int = 0
    cost: Decimal = Decimal(0)  #: of everything bought
    bought: int = 0
    proceeds: Decimal = Decimal(0)
    buys: int = 0
    sells: int = 0
    priced: bool = True

    def left_usd(self, price: Decimal | None) -> Decimal | None:
        return None if price is None else price * self.quantity


@dataclass(slots=True)
class _Ledger:
    round_trips: list[RoundTrip] = field(default_factory=list)
    open: dict[tuple[int, str], _Episode] = field(default_factory=dict)
    last_price: dict[tuple[int, str], Decimal] = field(default_factory=dict)  #: US dollars per base unit
    unpriced: int = 0
    unmatched_sells: int = 0
    unverified: int = 0


def order(trade: Trade) -> tuple[int, int, int, int, str]:
    """Sort key: time first, so that chains interleave, then the place on the chain."""
    return (trade.timestamp or 0, trade.chain_id, trade.block_number, trade.transaction_index, f"{trade.ordinal:06d}")


def keep_books(wallet: str, entries: Iterable[Entry], quotes: QuoteAddresses) -> Books:
    """Close the books of one wallet.

    A buy (quote to asset) adds quantity and cost with its gas; a sell (asset to quote) takes quantity away and adds
    proceeds less its gas; a rotation (asset to asset) is a sell and a buy at the same value; a conversion (quote to
    quote) changes nothing. Where a trade has several assets on a side, its value cannot be split and the episodes it
    touches stay unpriced. A sell of more than is held counts for the part that is held.

    Parameters
    ----------
    wallet
        Whose trades they are.
    entries
        Trades with valuations, in any order. Unverified trades are counted and left out.
    quotes
        Quote tokens by chain.

    Returns
    -------
    Books
    """
    ledger = _Ledger()
    for entry in sorted(entries, key=lambda item: order(item.trade)):
        if entry.trade.venue_status is not VenueStatus.VERIFIED:
            ledger.unverified += 1
        elif entry.trade.timestamp is not None:
            _post(ledger, wallet, entry, quotes.get(entry.trade.chain_id, frozenset()))
    return Books(
        round_trips=tuple(sorted(ledger.round_trips, key=lambda trip: (trip.closed_at, trip.position_id))),
        open_positions=tuple(
            _open_position(wallet, key, episode, ledger.last_price.get(key)) for key, episode in ledger.open.items()
        ),
        unpriced=ledger.unpriced,
        unmatched_sells=ledger.unmatched_sells,
        unverified=ledger.unverified,
    )


def _post(ledger: _Ledger, wallet: str, entry: Entry, quotes: frozenset[str]) -> None:
    trade, value = entry.trade, entry.valuation.value_usd if entry.valuation else None
    gas = entry.valuation.gas_usd if entry.valuation else None
    given = [leg for leg in trade.sold if leg.token not in quotes]
    got = [leg for leg in trade.bought if leg.token not in quotes]
    rotation = bool(given and got)
    if len(given) > 1 or len(got) > 1:
        value = None
    # A rotation's gas is charged once, to the sell.
    sell_gas, buy_gas = (gas, Decimal(0) if rotation else gas)
    for leg in given:
        _sell(ledger, wallet, trade, leg.token, leg.amount_raw, value, sell_gas)
    for leg in got:
        _buy(ledger, trade, leg.token, leg.amount_raw, value, buy_gas)


def _buy(ledger: _Ledger, trade: Trade, token: str, amount: int, value: Decimal | None, gas: Decimal | None) -> None:
    key = (trade.chain_id, token)
    assert trade.timestamp is not None
    episode = ledger.open.get(key)
    if episode is None:
        position_id = f"{trade.chain_id}:{token}:{trade.tx_hash}:{trade.ordinal}"
        episode = ledger.open[key] = _Episode(position_id, trade.timestamp)
    episode.quantity += amount
    episode.bought += amount
    episode.peak = max(episode.peak, episode.quantity)
    episode.buys += 1
    if value is None or gas is None:
        episode.priced = False
    else:
        episode.cost += value + gas
        ledger.last_price[key] = value / amount


def _sell(
    ledger: _Ledger,
    wallet: str,
    trade: Trade,
    token: str,
    amount: int,
    value: Decimal | None,
    gas: Decimal | None,
) -> None:
    key = (trade.chain_id, token)
    episode = ledger.open.get(key)
    if value is not None:
        ledger.last_price[key] = value / amount
    if episode is None:
        ledger.unmatched_sells += 1
        return
    matched = min(amount, episode.quantity)
    episode.quantity -= matched
    episode.sells += 1
    if value is None or gas is None:
        episode.priced = False
    else:
        episode.proceeds += value * matched / amount - gas
    left_usd = episode.left_usd(ledger.last_price.get(key))
    if episode.quantity <= episode.peak * DUST_SHARE or (left_usd is not None and left_usd <= DUST_USD):
        del ledger.open[key]
        if episode.priced and episode.cost > 0:
            ledger.round_trips.append(_round_trip(wallet, trade, token, episode))
        else:
            ledger.unpriced += 1


def _round_trip(wallet: str, last: Trade, token: str, episode: _Episode) -> RoundTrip:
    assert last.timestamp is not None
    return RoundTrip(
        wallet=wallet,
        chain_id=last.chain_id,
        token=token,
        position_id=episode.position_id,
        opened_at=datetime.fromtimestamp(episode.opened_at, UTC),
        closed_at=datetime.fromtimestamp(last.timestamp, UTC),
        cost_usd=episode.cost,
        proceeds_usd=episode.proceeds,
        buys=episode.buys,
        sells=episode.sells,
    )


def _open_position(wallet: str, key: tuple[int, str], episode: _Episode, price: Decimal | None) -> OpenPosition:
    held = episode.cost * episode.quantity / episode.bought if episode.priced else None
    value = episode.left_usd(price)
    return OpenPosition(
        wallet=wallet,
        chain_id=key[0],
        token=key[1],
        position_id=episode.position_id,
        opened_at=datetime.fromtimestamp(episode.opened_at, UTC),
        quantity_raw=episode.quantity,
        cost_usd=held,
        mark_return=float(value / held - 1) if value is not None and held else None,
    )
