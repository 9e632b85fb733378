"""Which column of a file is which fact: as the user says, or as a known export is recognised by its columns. Pure."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ingest.errors import ConfigError
from ingest.files.cells import shown


class Kind(StrEnum):
    """What the rows of a file are."""

    ROUND_TRIPS = "round trips"
    TRADES = "trades"


TRIP_FIELDS = frozenset(
    {
        *("wallet", "id", "asset", "chain", "opened_at", "closed_at"),
        *("size_usd", "pnl_usd", "proceeds_usd", "return", "return%"),
    }
)
TRADE_FIELDS = frozenset(
    {
        *("wallet", "tx", "id", "chain", "time", "block", "index", "value_usd", "gas_usd", "venue"),
        *(f"{side}_{what}" for side in ("sold", "bought") for what in ("token", "amount_raw", "amount", "decimals")),
    }
)
FIELDS = TRIP_FIELDS | TRADE_FIELDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What the columns of one file mean."""

    name: str  #: for the report
    kind: Kind
    columns: Mapping[str, str]  #: field to column
    own: bool = False  #: our own export of trades: its legs are lists, and its rows are trades already


_OWN_TRIPS = {
    **{field: field for field in ("wallet", "opened_at", "closed_at", "pnl_usd", "return")},
    "id": "position_id",
    "asset": "token",
    "chain": "chain_id",
    "size_usd": "cost_usd",
}
_OWN_TRADES = frozenset({"chain_id", "tx_hash", "wallet", "timestamp", "sold", "bought", "value_usd"})
_DUNE = {"time": "block_time", "value_usd": "amount_usd", "venue": "project"} | {
    f"{side}_amount_raw": f"token_{side}_amount_raw" for side in ("sold", "bought")
}
_DUNE_EVM = _DUNE | {
    "chain": "blockchain",
    "tx": "tx_hash",
    **{f"{side}_token": f"token_{side}_address" for side in ("sold", "bought")},
}
_DUNE_SOLANA = _DUNE | {
    "wallet": "trader_id",
    "tx": "tx_id",
    "chain": "blockchain",
    **{f"{side}_token": f"token_{side}_mint_address" for side in ("sold", "bought")},
}
_DUNE_MORE = {"block": ("block_number", "block_slot"), "index": ("tx_index",), "id": ("evt_index",)}


def parse_map(text: str) -> dict[str, str]:
    """Read ``field=column,field=column``. A comma in a column's name is understood where no field follows it.

    Raises
    ------
    ConfigError
        A field is unknown or named twice.
    """
    names = "|".join(re.escape(name) for name in sorted(FIELDS, key=len, reverse=True))
    pairs = [part.partition("=") for part in re.split(rf",(?=\s*(?:{names})\s*=)", text)]
    fields = [field.strip() for field, _, _ in pairs]
    for field in fields:
        check_field(field)
    if double := next((field for field in fields if fields.count(field) > 1), None):
        raise ConfigError(f"the mapping names {double} twice")
    return {field.strip(): column.strip() for field, _, column in pairs}


def check_field(field: str) -> None:
    """Refuse a field that there is not.

    Raises
    ------
    ConfigError
        With the nearest one.
    """
    if field not in FIELDS:
        near = difflib.get_close_matches(field, FIELDS, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(sorted(FIELDS))}"
        raise ConfigError(f"the mapping names an unknown field {shown(field)}{hint}")


def find_layout(columns: Sequence[str], mapping: Mapping[str, str]) -> Layout:
    """What a file's columns mean; ``mapping`` adds to what is recognised, and replaces it.

    Raises
    ------
    ConfigError
        Nothing is recognised, or the mapping does not fit the file; the message says how to go on.
    """
    known = _recognise(set(columns))
    told = {field: _column(columns, field, column) for field, column in mapping.items()}
    if known is not None and known.own:
        if told:
            raise ConfigError(f"this is {known.name}: it needs no mapping")
        return known
    both = {**(known.columns if known else {}), **told}
    kinds = [kind for kind, field in ((Kind.ROUND_TRIPS, "closed_at"), (Kind.TRADES, "sold_token")) if field in both]
    if len(kinds) != 1:
        raise ConfigError(
            "it is not clear what the columns mean; they are "
            f"{', '.join(shown(name) for name in columns[:40])}. Say it with --map, for closed round trips like "
            '"closed_at=Close Time,return%=Profit %,wallet=Account", for trades with time, sold_token, '
            "sold_amount_raw, bought_token, bought_amount_raw and value_usd; see docs/files.md"
        )
    layout = Layout(name=known.name if known else f"{kinds[0]} by your mapping", kind=kinds[0], columns=both)
    _check(layout)
    return layout


def _recognise(names: set[str]) -> Layout | None:
    if {"position_id", *_OWN_TRIPS.values()} <= names:
        return Layout(name="an export of round trips", kind=Kind.ROUND_TRIPS, columns=_OWN_TRIPS)
    if names >= _OWN_TRADES:
        return Layout(name="an export of trades", kind=Kind.TRADES, columns={}, own=True)
    for name, columns in (("Dune dex.trades", _DUNE_EVM), ("Dune dex_solana.trades", _DUNE_SOLANA)):
        if set(columns.values()) - {"project", "blockchain"} <= names:
            # Who sent the transaction: the taker is a router as often as not.
            trader = {"wallet": "tx_from" if "tx_from" in names else "taker"} if columns is _DUNE_EVM else {}
            more = {field: column for field, any_of in _DUNE_MORE.items() for column in any_of if column in names}
            present = {field: column for field, column in (columns | trader).items() if column in names}
            return Layout(name=name, kind=Kind.TRADES, columns=present | more)
    return None


def _column(columns: Sequence[str], field: str, wanted: str) -> str:
    check_field(field)
    found = [name for name in columns if name == wanted] or [name for name in columns if name.lower() == wanted.lower()]
    if len(found) != 1:
        many = f"{len(found)} columns are" if found else "no column is"
        raise ConfigError(
            f"{field}: {many} called {shown(wanted)}; the file has {', '.join(shown(name) for name in columns[:40])}"
        )
    return found[0]


def _check(layout: Layout) -> None:
    columns = layout.columns
    wrong = sorted(set(columns) - (TRIP_FIELDS if layout.kind is Kind.ROUND_TRIPS else TRADE_FIELDS))
    if wrong:
        raise ConfigError(f"{', '.join(wrong)}: no field of {layout.kind}")
    if layout.kind is Kind.ROUND_TRIPS:
        if "return" in columns and "return%" in columns:
            raise ConfigError("map return (a fraction, 0.05) or return% (per cent, 5), not both")
        if "return" in columns and re.search(r"%|percent|pct", columns["return"], re.IGNORECASE):
            raise ConfigError(
                f"the column {shown(columns['return'])} sounds like per cent, but return means a fraction (0.05 for "
                "5 %): write return%= for per cent; if it does hold fractions, give the column another name"
            )
        if not {"return", "return%"} & set(columns) and not ({"pnl_usd", "proceeds_usd"} & set(columns)):
            raise ConfigError("map return, return%, pnl_usd (with size_usd) or proceeds_usd (with size_usd)")
        return
    if missing := {"time", "sold_token", "bought_token", "value_usd"} - set(columns):
        raise ConfigError(f"trades need {', '.join(sorted(missing))} too")
    for side in ("sold", "bought"):
        exact = f"{side}_amount_raw" in columns
        if exact == (f"{side}_amount" in columns):
            raise ConfigError(f"trades need {side}_amount_raw (base units), or {side}_amount with {side}_decimals")
        if not exact and f"{side}_decimals" not in columns:
            raise ConfigError(
                f"{side}_amount cannot be made exact without {side}_decimals; where there are none (forex, shares), "
                "import closed round trips instead: map closed_at, and return% or size_usd and pnl_usd"
            )
