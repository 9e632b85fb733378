"""A token's book while it is being written; both units write it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from metrics.books.lots import Lot, Origin
from metrics.books.postings import Posting, TokenKey, dollars, is_dust
from metrics.types import Departure, OpenPosition, RoundTrip, TokenBook


@dataclass(slots=True)
class DraftBook:
    """The running result of one wallet in one token; amounts in base units and trillionths of a dollar."""

    wallet: str
    key: TokenKey
    trips: list[RoundTrip] = field(default_factory=list)
    unpriced: int = 0
    unmatched_sells: int = 0
    unknown_cost: int = 0
    remnant_sells: int = 0
    moved_away: int = 0
    unknown: int = 0
    leftover: int = 0
    unmatched: int = 0
    left_out: int = 0
    price: tuple[int, int] | None = None  #: the last one seen: so many trillionths of a dollar for so many base units

    def position_id(self, opening: Posting) -> str:
        """Name what a posting opened; a move and a trade of one transaction have names of their own."""
        ordinal = "in" if opening.is_move else opening.ordinal
        return f"{self.key[0]}:{self.key[1]}:{opening.tx_hash}:{ordinal}"

    def see_price(self, posting: Posting) -> None:
        """Keep the price of a trade that has one."""
        if posting.value is not None:
            self.price = posting.value, abs(posting.quantity)

    def worth(self, quantity: int) -> int | None:
        """Return what a quantity is worth at the last price; None before there is one."""
        return None if self.price is None else self.price[0] * quantity // self.price[1]

    def count_sources(self, sold: int, *, leftover: int = 0, arrived: int = 0, unmatched: int = 0) -> None:
        """Count a sell under each doubtful source that gave more than dust of it."""
        self.remnant_sells += not is_dust(leftover, sold)
        self.unknown_cost += not is_dust(arrived, sold)
        self.unmatched_sells += not is_dust(unmatched, sold)

    def close(
        self,
        position_id: str,
        opened: int,
        closed: int,
        *,
        cost: int,
        proceeds: int,
        buys: int,
        sells: int,
        left: int = 0,
    ) -> None:
        """Write a round trip."""
        self.trips.append(
            RoundTrip(
                wallet=self.wallet,
                chain_id=self.key[0],
                token=self.key[1],
                position_id=position_id,
                opened_at=datetime.fromtimestamp(opened, UTC),
                closed_at=datetime.fromtimestamp(closed, UTC),
                cost_usd=dollars(cost),
                proceeds_usd=dollars(proceeds),
                buys=buys,
                sells=sells,
                left_raw=left,
            )
        )

    def open_position(
        self, position_id: str, opened: int, *, quantity: int, cost: int | None, sells: int
    ) -> OpenPosition:
        """Return what is still open; the books know no mark."""
        return OpenPosition(
            wallet=self.wallet,
            chain_id=self.key[0],
            token=self.key[1],
            position_id=position_id,
            opened_at=datetime.fromtimestamp(opened, UTC),
            quantity_raw=quantity,
            cost_usd=None if cost is None else dollars(cost),
            mark_return=None,
            sells=sells,
        )

    def finish(self, position: OpenPosition | None, *, open_cost: int, away: Iterable[Lot], by_move: bool) -> TokenBook:
        """Return the book; what is away is told by the move that took it, or by the position that it left."""
        gone: dict[tuple[str, Posting | None], list[Lot]] = {}
        for lot in away:
            named = lot.left if by_move and lot.left else lot.opening
            gone.setdefault((f"{self.position_id(named)}:out", lot.left), []).append(lot)
        departures = [self._departure(name, lots) for (name, _), lots in gone.items()]
        return TokenBook(
            chain_id=self.key[0],
            token=self.key[1],
            round_trips=tuple(self.trips),
            open_position=position,
            unpriced=self.unpriced,
            unmatched_sells=self.unmatched_sells,
            unknown_cost=self.unknown_cost,
            remnant_sells=self.remnant_sells,
            moved_away=self.moved_away,
            unknown_raw=self.unknown,
            leftover_raw=self.leftover,
            unmatched_raw=self.unmatched,
            open_usd=dollars(open_cost),
            moved_out_usd=dollars(sum(lot.cost for lots in gone.values() for lot in lots)),
            departures=tuple(sorted(departures, key=lambda each: (each.left_at, each.position_id))),
            left_out_usd=dollars(self.left_out),
        )

    def _departure(self, position_id: str, lots: list[Lot]) -> Departure:
        left = max(lot.left.timestamp if lot.left else lot.opening.timestamp for lot in lots)
        oldest = min((lot.opening for lot in lots), key=lambda opening: opening.place)
        return Departure(
            wallet=self.wallet,
            chain_id=self.key[0],
            token=self.key[1],
            position_id=position_id,
            held_as=self.position_id(oldest),
            opened_at=datetime.fromtimestamp(oldest.timestamp, UTC),
            left_at=datetime.fromtimestamp(left, UTC),
            quantity_raw=sum(lot.quantity for lot in lots),
            stayed_raw=lots[0].stayed,
            cost_usd=dollars(sum(lot.cost for lot in lots))
            if all(lot.origin is Origin.BOUGHT for lot in lots)
            else None,
        )
