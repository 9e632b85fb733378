"""Losses that were never booked: open positions under water and idle for longer than is usual.

A wallet that never sells its losers never loses by its closed positions alone. So a position far under water, a bag,
counts as a loss on the day on which it became one, at its mark of that day, until it closes after all: then the close
stands alone. And every position under water, however little, is overdue once it is idle for too long: that it happened
stays, whatever comes of it.

What was moved away under water is a bag that never closes, however little it lost: a loss at the mark of its leaving.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

import pandas as pd

from metrics.baseline.wallet_history import DAY_S, Away, Held, Told, seconds

BAG_MARK = -0.5  #: fraction of cost; a bag is marked there or lower
FREE_MARK = -0.35  #: and stays one until it is marked above this: a mark that hovers is no news every day
UNDER_WATER = 0.0  #: marked there or lower a position does not win; what is marked above is forgotten


class Spell(NamedTuple):
    """A position's time as a bag; days since 1970-01-01."""

    position: str
    day: int  #: on which it became one
    mark: float  #: of that day, fraction of cost: the return of the provisional loss
    known: int  #: day of the frame that told it; later than ``day`` where nothing was known before
    gone: int | None  #: day of the frame or of the close that ended it; None: still one


def spells(
    frames: Mapping[int, Told],
    marked: Mapping[str, int],
    closed: Mapping[str, int],
    *,
    holding_p95_s: float,
    mark_at: float = BAG_MARK,
    free_above: float = FREE_MARK,
) -> list[Spell]:
    """All times of one wallet's positions as bags, in the order in which they became known.

    A position becomes a bag when it is marked at ``mark_at`` or lower and idle for longer than 19 of 20 of the
    wallet's round trips were held. It stays one until it closes, is open no more, or is marked above ``free_above``; a
    frame without its mark changes nothing. One that is a bag at its first mark ever became one nobody knows when: it
    is dated on the day on which it became overdue.

    Parameters
    ----------
    frames
        Day to what was open at its end.
    marked
        Position to the day of its first known mark.
    closed
        Position to the day of its close.
    holding_p95_s
        The wallet's usual longest holding time, seconds; 0 = unknown: then nothing is overdue.
    mark_at, free_above
        Fractions of cost.
    """
    done: list[Spell] = []
    live: dict[str, Spell] = {}
    if not holding_p95_s > 0:
        return done
    for day in sorted(frames):
        moment, held = frames[day]
        if not held and not live:
            continue
        for position in [
            each for each in live if _freed(held.get(each), free_above) or closed.get(each, day + 1) <= day
        ]:
            spell = live.pop(position)
            done.append(spell._replace(gone=min(day, closed.get(position, day))))
        overdue = [
            position
            for position, (idle_since, mark) in held.items()
            if mark is not None and mark <= mark_at and moment - idle_since > holding_p95_s
        ]
        for position in sorted(overdue):
            idle_since, mark = held[position]
            if position in live or mark is None or closed.get(position, day) < day:
                continue
            due = int((idle_since + holding_p95_s) // DAY_S)
            since = min(day, due) if marked.get(position, day) >= day else day
            live[position] = Spell(position, since, mark, day, None)
    return done + [spell._replace(gone=closed.get(position)) for position, spell in live.items()]


def _freed(held: Held | None, above: float) -> bool:
    return held is None or (held[1] is not None and held[1] > above)


def first_spells(found: list[Spell]) -> list[Spell]:
    """The first spell of each position: what was overdue once is no news when it is so again."""
    out: dict[str, Spell] = {}
    for spell in sorted(found, key=lambda each: (each.known, each.day)):
        out.setdefault(spell.position, spell)
    return list(out.values())


def away_spells(away: Iterable[Away], *, holding_p95_s: float) -> list[Spell]:
    """What left under water and did not come back, each position once; nothing ends such a spell.

    It begins when the position left, or when it is older than 19 of 20 of the wallet's round trips were held, where
    that is later: what is deposited and withdrawn sooner has not left.

    Parameters
    ----------
    away
        In the order of leaving.
    holding_p95_s
        As for :func:`spells`.
    """
    if not holding_p95_s > 0:
        return []
    found = []
    for each in away:
        if each.mark is not None and each.mark <= UNDER_WATER:
            day = _due(each, holding_p95_s)
            known = day if each.marked_s is None else max(day, int(each.marked_s // DAY_S))
            found.append(Spell(each.position, day, each.mark, known, None))
    return first_spells(found)


def with_away(found: list[Spell], left: list[Spell]) -> list[Spell]:
    """Bags and what left under water as losses, each once: a bag that is moved away stays the old loss that it was."""
    gone = {spell.position: spell for spell in left}
    kept = []
    for spell in found:
        away = gone.get(spell.position)
        left_so = away is not None and (spell.gone is None or spell.gone >= away.day)
        if left_so:
            del gone[spell.position]
        kept.append(spell._replace(gone=None) if left_so else spell)
    return [*kept, *gone.values()]


def unknown_away(away: Iterable[Away], first: int, end: int, *, holding_p95_s: float) -> set[str]:
    """Positions of which a part left for good on the days ``first .. end - 1``, at nobody knows what worth."""
    if not holding_p95_s > 0:
        return set()
    return {each.position for each in away if each.mark is None and first <= _due(each, holding_p95_s) < end}


def _due(away: Away, holding_p95_s: float) -> int:
    return int(max(away.left_s, away.opened_s + holding_p95_s) // DAY_S)


def standing(found: list[Spell], end: int, *, told_late: bool = False) -> dict[int, dict[str, float]]:
    """Bags as they stood before the day ``end``: day → position → mark.

    With ``told_late``, those that became known after the end count as well, by their days.
    """
    out: dict[int, dict[str, float]] = {}
    for spell in found:
        late = told_late and spell.known >= end > spell.day
        if late or (spell.known < end and (spell.gone is None or spell.gone >= end)):
            out.setdefault(spell.day, {})[spell.position] = spell.mark
    return out


def overdue_bound(closed: int, open_still: int) -> tuple[float, float]:
    r"""Largest share of positions that become overdue while nothing changes, and its standard error.

    A new holding time exceeds the 95th percentile of n earlier ones with a chance that is
    :math:`	ext{Beta}(0.05 n + 0.95,\ 0.95 n + 0.05)`, whatever the holding times look like; at most all of those are
    under water by then. Positions of the history that became overdue and are ``open_still`` come on top: they are
    among none of the n. Source: the distribution of order statistics, David and Nagaraja (2003).
    """
    total = closed + 1 + open_still
    share = (0.05 * closed + 0.95 + open_still) / total
    return share, math.sqrt(share * (1 - share) / (total + 1))


def told_positions(frame: pd.DataFrame, now: datetime | None) -> dict[float, dict[str, dict[str, Held]]]:
    """What a frame of open positions tells: moment (unix seconds) → wallet → position → ``Held``.

    Parameters
    ----------
    frame
        ``wallet, opened_at, mark_return`` (nan: unknown), optional ``position_id`` (else the time of opening tells
        positions apart), ``touched_at`` (last trade in it; else it is idle since it was opened) and ``marked_at``.
        Each moment tells of every wallet: one without rows holds nothing.
    now
        The moment of rows without ``marked_at``.
    """
    if now is None and "marked_at" not in frame:
        raise ValueError("open positions of the past need a column marked_at")
    told: dict[float, dict[str, dict[str, Held]]] = {} if now is None else {now.timestamp(): {}}
    if "marked_at" in frame:
        told = {}
    for moment, wallet, position, held in _rows(frame, now):
        mine = told.setdefault(moment, {}).setdefault(wallet, {})
        other = mine.get(position)
        if other is None or other[1] is None or (held[1] is not None and held[1] > other[1]):
            mine[position] = held
    return told


def away_positions(frame: pd.DataFrame) -> dict[str, list[Away]]:
    """Wallet to what it moved away, of a frame as ``metrics.frames.departure_frame`` makes it."""
    found: dict[str, list[Away]] = {}
    if frame.empty:
        return found
    marks = frame["mark_return"].to_numpy(dtype="float64").tolist()
    marked = frame["marked_at"].fillna(frame["left_at"])
    for wallet, position, opened_s, left_s, mark, marked_s in zip(
        frame["wallet"].tolist(),
        frame["position_id"].tolist(),
        seconds(frame["opened_at"]),
        seconds(frame["left_at"]),
        marks,
        seconds(marked),
        strict=True,
    ):
        known = mark == mark  # not nan
        away = Away(str(position), opened_s, left_s, mark if known else None, marked_s if known else None)
        found.setdefault(str(wallet), []).append(away)
    return found


def _rows(frame: pd.DataFrame, now: datetime | None) -> Iterator[tuple[float, str, str, Held]]:
    if frame.empty:
        return
    opened = seconds(frame["opened_at"])
    idle = seconds(frame["touched_at"]) if "touched_at" in frame else opened
    moments = [now.timestamp()] * len(frame) if now is not None and "marked_at" not in frame else None
    names = frame["position_id"].tolist() if "position_id" in frame else [None] * len(frame)
    marks = frame["mark_return"].to_numpy(dtype="float64").tolist()
    for moment, wallet, name, opened_s, idle_s, mark in zip(
        moments or seconds(frame["marked_at"]), frame["wallet"].tolist(), names, opened, idle, marks, strict=True
    ):
        position = name if isinstance(name, str) else f"@{opened_s:.0f}"
        yield moment, str(wallet), position, (idle_s, mark if mark == mark else None)
