"""The written script of the demo: who trades what, when, and how it ends. Pure and seeded.

Every round trip's outcome is drawn from its wallet's form at the moment it closes, and the market maker makes it
true: at the buy a pool stands at the token's reference price, at the sell at whatever gives the drawn return after
the pools' fees. A pool has one price per slot (one block), so a slot and pool already taken for another price send
a trip elsewhere; that moves trips between tokens and by a few hours, never their outcomes.

Wins are dealt like cards, in shuffled packs of ``PACK`` with the scripted share of wins, not tossed like coins: so
that a steady wallet is steady, and the realised rates are those written here.
"""

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np
from eth_utils.crypto import keccak

START = datetime(2025, 5, 1, tzinfo=UTC)
DAYS = 150
FOLLOWED_DAY = 100
SLOTS_A_DAY = 6
SLOTS = DAYS * SLOTS_A_DAY
PACK = 20
POOL_FEE = 0.003
CORE = ("AMBER", "BASIL", "CEDAR", "DELTA", "EMBER", "FLINT")
MEME = ("GIZMO", "HONK", "IGLOO", "JELLY", "KAZOO", "LLAMA")
FRIEND, SPAMMER = (("0x" + keccak(text=f"edgewatch demo {name}")[-20:].hex()) for name in ("friend", "spammer"))

FLAGGED = ("flagged",)

PoolName = tuple[str, str, str]
"""Venue, token, quote."""
WETH_USD: PoolName = ("v3", "WETH", "USD")


@dataclass(frozen=True, slots=True)
class Form:
    """How a wallet trades."""

    win_rate: float
    mean_win: float  #: fraction of cost
    mean_loss: float  #: fraction of cost, positive
    per_day: float  #: round trips opened a day


@dataclass(frozen=True, slots=True)
class Actor:
    """One wallet of the script."""

    label: str
    group: Literal["core", "meme"]
    form: Form
    role: Literal["followed", "peer"] = "followed"
    change_day: int | None = None
    change: str = "none"
    after: Form | None = None
    expected: tuple[str, ...] = ("ok",)  #: states it may have at the end

    @property
    def address(self) -> str:
        """Derived from the label; nobody holds its key."""
        return "0x" + keccak(text=f"edgewatch demo {self.label}")[-20:].hex()

    def form_at(self, slot: int) -> Form:
        """Return the form at a slot."""
        changed = self.change_day is not None and slot >= self.change_day * SLOTS_A_DAY
        return self.after if changed and self.after else self.form


@dataclass(slots=True)
class Trip:
    """One round trip: a buy, and one or two sells."""

    actor: Actor
    pool: PoolName
    opened: int  #: slot
    sells: tuple[int, ...]  #: slots; the last one sells everything left
    outcome: float  #: return as a fraction of cost, gas apart
    size_usd: float
    from_trip: "Trip | None" = None  #: bought by selling that trip's token: a rotation
    rotated_into: "Trip | None" = field(default=None, compare=False, repr=False)  #: its last sell buys that token

    @property
    def closed(self) -> int:
        """Slot of the last sell."""
        return self.sells[-1]


@dataclass(slots=True)
class Script:
    """What happens, by slot."""

    times: list[int]  #: unix seconds of each slot's block
    native_usd: list[float]  #: by slot
    prices: dict[tuple[int, PoolName], float]  #: where the market maker puts pools, dollars
    trips: list[Trip]
    noise: dict[int, list[tuple[str, Actor]]] = field(default_factory=dict)  #: by slot: kind, wallet


def actors() -> list[Actor]:
    """Return the cast."""
    quiet = Form(0, 0, 0, 0)
    heron, kestrel = Form(0.64, 0.12, 0.07, 1.6), Form(0.66, 0.14, 0.065, 1.4)
    plover, wren = Form(0.60, 0.12, 0.07, 1.4), Form(0.63, 0.12, 0.07, 8 / DAYS)
    cast = [
        Actor("Heron", "core", heron, "followed", 120, "win_rate", replace(heron, win_rate=0.22), FLAGGED),
        Actor("Kestrel", "core", kestrel, "followed", 120, "win_size", replace(kestrel, mean_win=0.049), FLAGGED),
        Actor("Plover", "core", plover, "followed", 138, "quiet", quiet, FLAGGED),
        Actor("Wren", "core", wren, expected=("learning",)),
    ]
    steady = [("Avocet", 0.64), ("Curlew", 0.60), ("Dunlin", 0.57), ("Godwit", 0.66)]
    steady_peers = [("Peer 1", 0.61), ("Peer 2", 0.65), ("Peer 3", 0.58), ("Peer 4", 0.62), ("Peer 5", 0.60)]
    memes = [("Swift", 0.66), ("Martin", 0.63), ("Siskin", 0.61), ("Linnet", 0.65)]
    meme_peers = [("Peer 6", 0.63), ("Peer 7", 0.61), ("Peer 8", 0.65), ("Peer 9", 0.62)]
    for i, (label, rate) in enumerate(steady + steady_peers):
        form = Form(rate, 0.115 + 0.005 * (i % 4), 0.065 + 0.005 * (i % 3), 1.25 + 0.05 * (i % 5))
        cast.append(Actor(label, "core", form, "followed" if i < len(steady) else "peer"))
    for i, (label, rate) in enumerate(memes + meme_peers):
        form = Form(rate, 0.20 + 0.01 * (i % 4), 0.12 + 0.01 * (i % 3), 1.55 + 0.05 * (i % 4))
        down = replace(form, win_rate=round(rate - 0.34, 2))
        role: Literal["followed", "peer"] = "followed" if i < len(memes) else "peer"
        # Swift is the one to look at; the others fall as far, and chance decides how much of it shows.
        expected = ("market",) if label == "Swift" else ("market", "watch", "ok")
        cast.append(Actor(label, "meme", form, role, 134, "market", down, expected))
    return cast


def pool_names(symbol: str) -> tuple[PoolName, PoolName]:
    """Return a token's two pools; V2 and V3, coin and dollar take turns."""
    turn = (CORE + MEME).index(symbol) % 2
    return (("v2", symbol, "WETH"), ("v3", symbol, "USD")) if turn else (("v3", symbol, "WETH"), ("v2", symbol, "USD"))


def write(seed: int = 7) -> Script:
    """Write the whole script."""
    rng = np.random.default_rng(seed)
    opening = int(START.timestamp())
    slot_s = 86_400 // SLOTS_A_DAY
    # Blocks fall anywhere in a slot: people do not trade on the hour.
    times = [opening + slot * slot_s + int(rng.integers(60, slot_s - 60)) for slot in range(SLOTS)]
    references = {s: _walk(rng, 10 ** rng.uniform(-1, 1), 0.03 if s in CORE else 0.05) for s in CORE + MEME}
    script = Script(times, _walk(rng, 3000.0, 0.02), {}, [])
    cast = actors()
    decks = {actor.label: _Deck(np.random.default_rng([seed, i])) for i, actor in enumerate(cast)}
    mine: dict[str, list[Trip]] = {actor.label: [] for actor in cast}
    for slot, actor in _arrivals(rng, cast):
        trip = _place(rng, script, references, mine[actor.label], actor, slot)
        if trip is None:
            continue
        trip.outcome = decks[actor.label].draw(actor.form_at(trip.closed))
        entry = references[trip.pool[1]][trip.opened]
        script.prices[trip.opened, trip.pool] = entry
        for sold in trip.sells:
            if sold < SLOTS:
                script.prices[sold, trip.pool] = entry * (1 + trip.outcome) / (1 - POOL_FEE) ** 2
        mine[actor.label].append(trip)
        script.trips.append(trip)
    _add_noise(rng, script, cast)
    return script


class _Deck:
    """Deals outcomes: shuffled packs with the scripted share of wins; a new form, a new pack."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng, self.form, self.cards = rng, Form(0, 0, 0, 0), np.zeros(0, dtype=bool)

    def draw(self, form: Form) -> float:
        if form != self.form or not len(self.cards):
            wins = int(PACK * form.win_rate + self.rng.random())
            self.form, self.cards = form, self.rng.permutation(np.arange(PACK) < wins)
        won, self.cards = self.cards[0], self.cards[1:]
        # Gamma of shape 5: sizes vary by 45 %; never so small that gas or impact turns the sign.
        size = self.rng.gamma(5.0) / 5.0 * (form.mean_win if won else form.mean_loss)
        return float(max(size, 0.01)) if won else -float(np.clip(size, 0.01, 0.8))


def _walk(rng: np.random.Generator, level: float, daily: float) -> list[float]:
    """Return a price by slot that wanders and is drawn back, so that it stays within sight of its level."""
    logs = np.zeros(SLOTS)
    for slot in range(1, SLOTS):
        logs[slot] = 0.995 * logs[slot - 1] + rng.normal(0, daily / SLOTS_A_DAY**0.5)
    return [float(price) for price in level * np.exp(logs)]


def _arrivals(rng: np.random.Generator, cast: list[Actor]) -> list[tuple[int, Actor]]:
    """Return the slots at which wallets want to open trips, in time order, at each wallet's pace.

    The gaps are gamma distributed with shape 3: less bunched than chance, as one who trades by routine.
    """
    found = []
    for i, actor in enumerate(cast):
        if actor.expected == ("learning",):
            found += [(int(slot), i) for slot in rng.choice(np.arange(SLOTS // 4, SLOTS - 12), 8, replace=False)]
            continue
        slot = 0.0
        while slot < SLOTS and (pace := actor.form_at(int(slot)).per_day):
            slot += rng.gamma(3.0) / 3.0 * SLOTS_A_DAY / pace
            if slot < SLOTS:
                found.append((int(slot), i))
    return [(slot, cast[i]) for slot, i in sorted(found)]


def _place(
    rng: np.random.Generator,
    script: Script,
    references: dict[str, list[float]],
    mine: list[Trip],
    actor: Actor,
    slot: int,
) -> Trip | None:
    """Find token, pool and slots for a trip; None where all are taken, or where the wallet goes quiet first."""
    median, usd = (5.0, 2500.0) if actor.group == "core" else (2.5, 700.0)
    hold = int(np.clip(np.rint(median * rng.lognormal(0, 0.5)), 1, 14))
    size = float(usd * rng.lognormal(0, 0.3))
    split = hold >= 2 and rng.random() < 0.15
    source = _rotation_source(rng, script, mine, slot) if rng.random() < 0.08 else None
    opened = source.closed if source else slot
    names = [name for symbol in (CORE if actor.group == "core" else MEME) for name in pool_names(symbol)]
    if source:
        names = [n for n in names if (n[0], n[2]) == (source.pool[0], source.pool[2]) and n[1] != source.pool[1]]
    order = rng.permutation(len(names))
    for later in range(4):
        closed = opened + hold + later
        sells = (opened + (hold + 1) // 2, closed) if split else (closed,)
        if actor.change == "quiet" and actor.change_day and closed >= actor.change_day * SLOTS_A_DAY:
            return None
        for name in (names[i] for i in order):
            entry = references[name[1]][opened]
            if script.prices.get((opened, name), entry) != entry:
                continue
            if any((sold, name) in script.prices for sold in sells):
                continue
            if any(t.pool[1] == name[1] and t.opened <= closed and opened <= t.closed for t in mine):
                continue
            trip = Trip(actor, name, opened, sells, 0.0, size, source)
            if source:
                source.rotated_into = trip
            return trip
    return None


def _rotation_source(rng: np.random.Generator, script: Script, mine: list[Trip], slot: int) -> Trip | None:
    """Return one of the wallet's trips that closes soon, for its sell to become the next buy."""
    soon = [t for t in mine if slot < t.closed <= slot + 4 and t.closed < SLOTS and t.rotated_into is None]
    return soon[int(rng.integers(len(soon)))] if soon else None


NOISE = ("transfer", "wrap", "failed", "airdrop", "poison", "convert", "approve")
"""What must not become a trade (a conversion is one, but moves no position)."""


def _add_noise(rng: np.random.Generator, script: Script, cast: list[Actor]) -> None:
    for actor in cast:
        last = (actor.change_day if actor.change == "quiet" and actor.change_day else DAYS) * SLOTS_A_DAY
        for i in range(12):
            kind = NOISE[i % len(NOISE)]
            # What others do to a wallet goes on after it has gone quiet: silence must see through it.
            passive = kind in ("airdrop", "poison")
            slot = int(rng.integers(SLOTS - 60 if passive and i >= 7 else 0, SLOTS if passive else last))
            script.noise.setdefault(slot, []).append((kind, actor))
            if kind == "convert":
                script.prices[slot, WETH_USD] = script.native_usd[slot]


def date_of(day: int) -> str:
    """Return a scripted day as an ISO date."""
    return (START + timedelta(days=day)).date().isoformat()


def realised(script: Script, actor: Actor, first_day: float, last_day: float) -> dict[str, float | int]:
    """Return what the script gave a wallet in trips closed from ``first_day`` to before ``last_day``."""
    low, high = first_day * SLOTS_A_DAY, last_day * SLOTS_A_DAY
    returns = [t.outcome for t in script.trips if t.actor == actor and low <= t.closed < min(high, SLOTS)]
    wins = [r for r in returns if r > 0]
    losses = sorted(returns)[: bisect_left(sorted(returns), 0)]
    return {
        "trips": len(returns),
        "per_day": round(len(returns) / (last_day - first_day), 2),
        "win_rate": round(len(wins) / len(returns), 3) if returns else 0.0,
        "mean_return": round(float(np.mean(returns)), 4) if returns else 0.0,
        "mean_win": round(float(np.mean(wins)), 4) if wins else 0.0,
        "mean_loss": round(float(np.mean(losses)), 4) if losses else 0.0,
    }
