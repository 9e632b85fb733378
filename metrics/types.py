"""Records that ``metrics`` produces.

Money in the books is ``Decimal``; ratios are ``float``. Unknown is ``None``, never 0.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

import msgspec


class Metric(StrEnum):
    """What is compared with a wallet's own baseline."""

    WIN_RATE = "win_rate"
    """Share of round trips with a return above zero; a return of zero is not a win."""
    AVERAGE_RETURN = "average_return"
    """Mean return of round trips, fraction of cost; none counts beyond 2.5 robust sd of the wallet's usual sizes."""
    TRADE_FREQUENCY = "trade_frequency"
    """Trades per day; silence is its extreme."""
    OPEN_LOSSES = "open_losses"
    """Share of positions still open, under water, after the longest time that it used to hold one."""


class Unit(StrEnum):
    """What wins or loses: the unit of the record."""

    EPISODE = "episode"
    """A closed position episode: ten partial exits of one winner are one win."""
    FIFO = "fifo"
    """Each sell, matched with the oldest lots: for wallets whose positions hardly ever close."""


class State(StrEnum):
    """Where a wallet stands today."""

    LEARNING = "learning"
    """Too little history for any verdict."""
    OK = "ok"
    """Inside its own regime, as far as can be seen (see ``Sight``)."""
    WATCH = "watch"
    """Outside, but not yet at the promised false-flag rate."""
    MARKET = "market"
    """Down, and its peers with it: the market moved, not the wallet."""
    FLAGGED = "flagged"
    """Outside its own regime, for a reason the peers do not share."""


# A struct: the books make one for every sell, and a frozen dataclass costs ten times as much to make.
class RoundTrip(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A closed position episode (or one FIFO-matched sell)."""

    wallet: str
    chain_id: int
    token: str
    position_id: str  #: stable: chain, token and the opening transaction (the sell's own where the unit is fifo)
    opened_at: datetime  #: UTC
    closed_at: datetime  #: UTC
    cost_usd: Decimal  #: what the bought quantity cost, gas of the buys included
    proceeds_usd: Decimal  #: what the sells brought, gas of the sells taken off
    buys: int  #: buys of the episode; lots matched where the unit is fifo
    sells: int
    left_raw: int = 0  #: base units never sold, dust or a remnant: their cost is in ``cost_usd``, at no proceeds

    @property
    def pnl_usd(self) -> Decimal:
        """Profit, US dollars."""
        return self.proceeds_usd - self.cost_usd

    @property
    def return_fraction(self) -> float:
        """Profit as a fraction of cost; ``cost_usd`` is above zero by construction."""
        return float(self.pnl_usd / self.cost_usd)

    @property
    def holding_s(self) -> float:
        """Seconds from the first buy to the close."""
        return (self.closed_at - self.opened_at).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPosition:
    """A position episode that has not closed."""

    wallet: str
    chain_id: int
    token: str
    position_id: str
    opened_at: datetime  #: UTC
    quantity_raw: int  #: base units still held
    cost_usd: Decimal | None  #: cost of what is still held; None where a part of it is unknown
    mark_return: float | None  #: if all of it were sold at its newest ``Mark``, fraction of cost; None: unknown
    sells: int = 0  #: partial exits so far


class Departure(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A part of a position that moved out unsold and has not come back."""

    wallet: str
    chain_id: int
    token: str
    position_id: str  #: of the episode that it left; by lots, of the move itself
    held_as: str  #: the open position that it was part of until then
    opened_at: datetime  #: UTC; when what left was bought
    left_at: datetime  #: UTC
    quantity_raw: int  #: base units
    stayed_raw: int  #: of the position, when it left
    cost_usd: Decimal | None  #: None where a part of it is unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedAway:
    """What a wallet moved out of its positions unsold, of all that was read of it."""

    share: float  #: of the known cost of all that it bought, 0 to 1
    cost_usd: Decimal  #: as far as it is known
    positions: int
    under_water: int  #: of them, worth less than they cost when they left, by the nearest mark: losses
    unknown: int  #: of them, of which no mark near that time, or no cost, is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a wallet's holding of one token would have brought on one day, sold at once into the pool it last used."""

    wallet: str
    chain_id: int
    token: str
    marked_at: datetime  #: UTC, time of the finalised block that was asked
    quantity_raw: int  #: base units that were priced, above zero
    proceeds_usd: Decimal  #: what selling all of it would have brought; 0 for a drained pool


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenBook:
    """The books of one wallet in one token of one chain.

    Nothing is lost, to the base unit and to ``metrics.books.postings.MONEY_DIGITS`` decimals of a dollar::

        bought + moved in + unmatched = sold + moved out + open position + unknown + leftover
        priced cost = round trips + open_usd + moved_out_usd + left_out_usd
    """

    chain_id: int
    token: str
    round_trips: tuple[RoundTrip, ...]  #: by time of close
    open_position: OpenPosition | None
    unpriced: int  #: closed episodes (or sells) left out because a part of them has no price
    unmatched_sells: int  #: sells, by more than 2 %, of tokens that nothing known brought
    unknown_cost: int  #: sells, by more than 2 %, of tokens that arrived by transfer
    remnant_sells: int  #: sells, by more than 2 %, of what an episode had left behind when it closed
    moved_away: int  #: episodes that ended because the tokens moved out before anything was sold
    unknown_raw: int  #: base units held that arrived by transfer
    leftover_raw: int  #: base units held that no episode counts any more: dust and remnants
    unmatched_raw: int  #: base units sold or moved out that nothing known brought
    open_usd: Decimal  #: cost in the open position, what was sold of it so far included
    moved_out_usd: Decimal  #: cost of what moved out and has not come back
    departures: tuple[Departure, ...]  #: the same, move by move, in the order of leaving
    left_out_usd: Decimal  #: known cost in what closed without a verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricEvidence:
    """One metric: what it is now, what it was, and how often chance alone would do this."""

    metric: Metric
    recent: float | None  #: over ``window_days``; None with nothing in the window
    baseline: float | None  #: the wallet's own, frozen
    low: float | None  #: 95 % range of ``recent`` if nothing had changed: chance, own variance, peers' change
    high: float | None
    peers_change: float | None  #: the peers' change over the same days, in the metric's own unit; None: no peers
    n: int  #: round trips (trades for trade frequency) in the window
    window_days: int
    recurrence_years: float  #: with no change, evidence this strong once in so many years of this wallet; > 0
    peers_low: float | None = None  #: 95 % interval of ``peers_change``; None: not known
    peers_high: float | None = None
    long_run: float | None = None  #: the level that the record, freed of the luck of being chosen, makes likely
    #: independent ones that ``n`` are worth: parts of one order hang together, moods last; None: not known
    worth: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What could be seen at all at this wallet's pace. None: not within a year."""

    win_rate_drop_20pp_days: float | None  #: days until a drop of 20 points would show
    silence_days: float | None  #: days of silence that would show


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """A wallet that does better than its form, beyond what its peers share."""

    since: date  #: estimated start
    recurrence_years: float  #: with no change, evidence this strong once in so many years of this wallet; > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One number of how a wallet trades: before it was followed, and in the window of the verdict."""

    before: float
    now: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """What became of earlier flags of one kind; the rest of them cannot be told yet."""

    flags: int
    false_alarms: int = 0  #: so called by a person
    right: int | None = None  #: the wallet stayed out of form, by looking back; None: nobody has looked yet
    wrong: int | None = None  #: it came back


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What stood around a verdict when it was told. None: not known."""

    chains: tuple[str, ...] = ()  #: names of the chains that were read for this wallet
    watched: int | None = None  #: wallets on the list that can be flagged, this one among them
    coverage: str | None = None  #: weakest level of coverage within the window
    trades: int | None = None  #: trades in the window
    unpriced: int | None = None  #: of them, without a price
    followed_n: int | None = None  #: round trips closed since the change began
    followed_return: float | None = None  #: sum of their returns: profit of one equal stake on each, in stakes
    win_size: Shift | None = None  #: median return of wins, fraction of cost
    loss_size: Shift | None = None  #: median return of losses, fraction of cost, below zero
    stake_usd: Shift | None = None  #: median cost of a round trip; set only where it changed
    holding_s: Shift | None = None  #: median holding time; set only where it changed
    earlier: Track | None = None  #: earlier flags that the same metric led
    moved_away: MovedAway | None = None  #: None: nothing was, or it was not looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedOut:
    """What a wallet sent to one address, of the tokens that it trades. What the native coin did leaves no log."""

    to: str
    share: float  #: of the value that the wallet is known to have held, above 0, at most 1
    first_at: datetime  #: UTC
    last_at: datetime
    transfers: int  #: transactions
    starts: tuple[tuple[int, int], ...]  #: chain id and block of the first on each chain


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainUse:
    """What a quiet wallet did on one chain, by its nonce and its balance. None: not known."""

    chain: str
    trades: int | None  #: that count; None: its trades on this chain are not read
    sent: int | None  #: transactions
    coin: str  #: symbol of the native coin
    coin_before: Decimal | None  #: balance after its last trade there, or when it went quiet
    coin_now: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """What may be the reason why a wallet has gone quiet, looked for once. None: not known."""

    at: datetime  #: UTC; when it was looked for
    since: datetime  #: UTC; its last trade, or when the change began if that was before
    came: int  #: transactions since then in which tokens came in without a trade
    went: int  #: and in which tokens went out
    moved: MovedOut | None  #: to the address that got the most, where that is much
    contract: bool | None = None  #: whether that address is a contract
    listed: bool = False  #: whether it is on the watch list
    trades_there: int | None = None  #: of that address since the first transfer
    sent_there: int | None = None  #: transactions of that address since then
    chains: tuple[ChainUse, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why a wallet has its state."""

    #: One per ``Metric``, in that order; open losses only where open positions are known; empty while learning.
    metrics: tuple[MetricEvidence, ...]
    lead: Metric | None  #: the metric that speaks loudest; None while learning
    since: date | None  #: estimated start of the change; None where none shows
    silent_days: float | None  #: days since the last trade; None if never
    baseline_n: int  #: round trips in the baseline
    baseline_days: float  #: days of history in the baseline
    peers: int  #: wallets compared with
    peers_down: int  #: of them, how many fell at least half as far on the leading metric over the same days
    sight: Sight | None
    peer_wallets: tuple[str, ...] = ()  #: the wallets compared with
    notes: tuple[str, ...] = ()  #: plain sentences: what is missing or doubtful
    open_bags: int = 0  #: open positions that count as losses among the judged round trips
    moved_losses: int = 0  #: positions that were moved away under water and count as losses among them
    since_from: date | None = None  #: 95 % interval of ``since``; None: not known
    since_to: date | None = None
    fell_back: bool = False  #: it fell to its long-run level: the record for which it was chosen was probably luck
    gain: Gain | None = None  #: only where nothing stands out for the worse
    longest_pause_days: float | None = None  #: without a trade, in the baseline; None: too few pauses are known
    peers_effective: float | None = None  #: independent peers that ``peers`` are worth; None: as many as there are
    context: Context | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """One wallet at one tick."""

    wallet: str
    as_of: datetime  #: UTC
    score: float  #: recurrence interval in years; > 0, finite, grows with the evidence
    flagged: bool
    state: State
    evidence: Evidence
