"""What of a list's records is edge and what is luck, from all that was read. Pure: records in, probabilities out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from metrics.baseline.baseline import usual_longest
from metrics.baseline.unrealised_losses import BAG_MARK, UNDER_WATER
from metrics.baseline.wallet_history import DAY_S, seconds
from metrics.evaluation.edge import weigh
from metrics.evaluation.luck import Candidate, Luck, judge
from watcher.record.record import Record
from watcher.types import Wallet

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

Closes = tuple[IntArray, FloatArray]
"""Day (days since 1970-01-01) and return (fraction of cost) of all that closed, or is lost though it did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLuck:
    """How sure it is that the wallets of a list have an edge."""

    probability: Mapping[str, float]  #: by wallet; those of which it cannot be told are missing
    luck: Luck | None  #: of those together; None: of nobody can it be told
    cost: float  #: of whoever copies a round trip, fraction of cost: an edge is what lies above it
    wallets: int  #: on the list


def of_list(record: Record, listed: Iterable[Wallet], peers: Iterable[Wallet], *, cost: float = 0.0) -> ListLuck:
    """How sure each wallet of a list has an edge, and how many have none.

    Parameters
    ----------
    record
        What was read of everyone.
    listed
        The list, each with the day on which it was really followed: what came before is what it was chosen for.
    peers
        Wallets that nobody chose by their records: they tell how common edges are.
    cost
        Of whoever copies a round trip beyond what the record holds, fraction of cost, >= 0.
    """
    everyone = list(listed)
    known = closes(record)
    candidates = {wallet.address: _candidate(known.get(wallet.address), wallet) for wallet in everyone}
    told = {address: each for address, each in candidates.items() if each is not None}
    weighed = (weigh(*known[each.address]) for each in peers if each.address in known.keys() - candidates.keys())
    others = [Candidate(record=each, chosen_for=None) for each in weighed if each is not None]
    luck = judge(list(told.values()), others, cost=cost) if told else None
    probability = dict(zip(told, luck.edge_probability, strict=True)) if luck else {}
    return ListLuck(probability=probability, luck=luck, cost=cost, wallets=len(everyone))


def closes(record: Record) -> dict[str, Closes]:
    """All that each wallet won and lost: round trips, bags as their marks say, and what it moved away under water."""
    last = record.positions["marked_at"] == record.positions["marked_at"].max()
    positions, departures = _by_wallet(record.positions[last]), _by_wallet(record.departures)
    return {
        wallet: _closes(
            trips,
            positions.get(wallet, record.positions.iloc[:0]),
            departures.get(wallet, record.departures.iloc[:0]),
        )
        for wallet, trips in _by_wallet(record.trips[record.trips["return"].notna()]).items()
    }


def _closes(trips: pd.DataFrame, positions: pd.DataFrame, departures: pd.DataFrame) -> Closes:
    longest = usual_longest(trips["holding_s"].dropna().to_numpy())
    idle = (positions["marked_at"] - positions["touched_at"]).dt.total_seconds()
    bags = positions[(positions["mark_return"] <= BAG_MARK) & (idle > longest) & (longest > 0)]
    away = departures[
        (departures["mark_return"] <= UNDER_WATER) & ~departures["position_id"].isin(trips["position_id"])
    ]
    away = away.drop_duplicates("position_id")
    at = pd.concat([trips["closed_at"], bags["marked_at"], away["left_at"]])
    returns = pd.concat([trips["return"], bags["mark_return"], away["mark_return"]])
    return _days(seconds(at)), returns.to_numpy(dtype=np.float64)


def _by_wallet(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {str(wallet): part for wallet, part in table.groupby("wallet")}


def _days(moments: Iterable[float]) -> IntArray:
    """Days since 1970-01-01 of unix seconds."""
    return np.array([second // DAY_S for second in moments], dtype=np.int64)


def _candidate(known: Closes | None, wallet: Wallet) -> Candidate | None:
    if known is None or (whole := weigh(*known)) is None:
        return None
    day, returns = known
    seen = day < _days([wallet.followed_since.timestamp()])
    return Candidate(record=whole, chosen_for=whole if seen.all() else weigh(day[seen], returns[seen]))
