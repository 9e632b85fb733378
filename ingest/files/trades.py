"""Trades of a file: our own export, Dune's tables, or columns that the user named. Pure."""

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Context, Decimal
from typing import NamedTuple

from ingest.errors import ConfigError
from ingest.evm.logs.logs import address
from ingest.files.cells import cell, number, shown, whole
from ingest.files.column_mapping import Layout
from ingest.files.price_file import BadLine
from ingest.files.reader import Found, ImportOptions, distinct, identity, wallet_of
from ingest.files.tabular import Row, Sheet
from ingest.text import clean
from ingest.types import FILE_CHAIN, NATIVE, Leg, Trade, Valuation, VenueStatus

SOLANA = "solana"
ALIASES = {"bnb": "bsc", "avalanche_c": "avalanche"}  #: Dune's names of chains, where ours differ
HOP_PARTS = 50  #: a token of which at most one part in fifty stays is a hop on the way
MOST = Decimal(10) ** 30  #: of a token's amount, in whole tokens
EXACT = Context(prec=400)
SOURCE = "file"  #: of a valuation

#: What prices others on Solana, known by mint: wrapped SOL, USDC, USDT.
SOLANA_QUOTES = frozenset(
    {
        "So11111111111111111111111111111111111111112",
        "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
        "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB",
    }
)
_BASE58 = re.compile(r"[1-9A-HJ-NP-Za-km-z]{32,90}")
_HASH = re.compile(r"0x[0-9a-f]{64}")
_EVM_WALLET = re.compile(r"0x[0-9a-f]{40}")
_ZERO = "0x" + "00" * 20


class _Swap(NamedTuple):
    """One row: one swap of a transaction."""

    sold: Leg
    bought: Leg
    value_usd: Decimal | None
    gas_usd: Decimal | None
    timestamp: int
    block: int
    place: int  #: index of the transaction in its block
    venue: str


_Key = tuple[int, str, str]  # chain id, transaction, wallet


def read_trades(sheet: Sheet, layout: Layout, reader: ImportOptions) -> tuple[list[Found], list[BadLine], list[str]]:
    """Trades with their valuations. Rows of one transaction and wallet are netted: a route is one trade."""
    if layout.own:
        return _own(sheet, reader)
    rows: list[tuple[int, tuple[str, ...], tuple[_Key, _Swap]]] = []
    bad: list[BadLine] = []
    for line, row in sheet.rows:
        try:
            same = tuple(str(row.get(name)) for name in sheet.columns)
            rows.append((line, same, _swap(row, layout, reader)))
        except ConfigError as error:
            bad.append(BadLine(line=line, reason=str(error)))
    kept, repeated = distinct(rows)
    bad += repeated
    groups: dict[_Key, list[tuple[int, _Swap]]] = {}
    for line, _, (key, swap) in kept:
        groups.setdefault(key, []).append((line, swap))
    found: list[Found] = []
    for key, parts in groups.items():
        lines = tuple(line for line, _ in parts)
        try:
            found.append((lines, _net(key, [swap for _, swap in parts])))
        except ConfigError as error:
            bad += [BadLine(line=line, reason=str(error)) for line in lines]
    notes = []
    if "gas_usd" not in layout.columns and found:
        notes.append("the file tells no gas: returns are before gas")
    return found, bad, notes


def _chain_id(name: str, reader: ImportOptions) -> int:
    name = name.lower()
    if name == SOLANA:
        return FILE_CHAIN
    for chain in reader.chains.values():
        if name in {chain.name, str(chain.chain_id)} or ALIASES.get(name) == chain.name:
            return chain.chain_id
    known = ", ".join(sorted([*reader.chains, SOLANA]))
    raise ConfigError(
        f"chain {shown(name)} is not known ({known}): what prices its tokens is not known either; "
        "describe it in [[chains]], or import closed round trips"
    )


def _token(text: str, chain_id: int, name: str) -> str:
    if chain_id == FILE_CHAIN:
        if not _BASE58.fullmatch(text) or len(text) > 44:
            raise ConfigError(f"{name}: {shown(text)} is not a mint's address")
        return text
    found = NATIVE if text.lower() in {"native", _ZERO} else address(text.lower())
    if found is None:
        raise ConfigError(f"{name}: {shown(text)} is not a token's address")
    return found


def _transaction(text: str, chain_id: int) -> str:
    pattern, text = (_BASE58, text) if chain_id == FILE_CHAIN else (_HASH, text.lower())
    if not pattern.fullmatch(text):
        raise ConfigError(f"tx: {shown(text)} is not a transaction of this chain")
    return text


def _owner(wallet: str, chain_id: int) -> str:
    if chain_id != FILE_CHAIN and not _EVM_WALLET.fullmatch(wallet):
        raise ConfigError(f"{shown(wallet)} is no wallet of this chain: expected 0x and 40 hex digits")
    return wallet


def _amount(row: Row, layout: Layout, side: str) -> int:
    columns = layout.columns
    if (raw := columns.get(f"{side}_amount_raw")) is not None:
        amount = whole(cell(row, raw), f"{side}_amount_raw")
    else:
        given = number(cell(row, columns[f"{side}_amount"]), f"{side}_amount", below=MOST)
        decimals = whole(cell(row, columns[f"{side}_decimals"]), f"{side}_decimals", bits=8)
        scaled = None if given is None else given.scaleb(decimals, EXACT)
        if scaled is None or scaled != int(scaled):
            raise ConfigError(f"{side}_amount: {given} cannot be made exact with {decimals} decimals")
        amount = int(scaled)
    if not 0 < amount < 1 << 256:
        raise ConfigError(f"{side}: an amount of {amount} is no trade")
    return amount


def _swap(row: Row, layout: Layout, reader: ImportOptions) -> tuple[_Key, _Swap]:
    texts = {name: cell(row, column) for name, column in layout.columns.items()}
    name = texts.get("chain") or reader.chain
    if not name:
        raise ConfigError("no chain: map chain, or name the one chain with --chain")
    chain_id = _chain_id(name, reader)
    wallet = _owner(wallet_of(row, layout, reader), chain_id)
    at: datetime | None = reader.clock.moment(texts["time"], "time")
    if at is None:
        raise ConfigError("no time")
    value, gas = (number(texts.get(money, ""), money) for money in ("value_usd", "gas_usd"))
    swap = _Swap(
        sold=Leg(_token(texts["sold_token"], chain_id, "sold_token"), _amount(row, layout, "sold")),
        bought=Leg(_token(texts["bought_token"], chain_id, "bought_token"), _amount(row, layout, "bought")),
        value_usd=value if value is not None and value > 0 else None,  # Dune writes 0 where it knows no price
        gas_usd=gas if "gas_usd" in layout.columns else Decimal(0),
        timestamp=int(at.timestamp()),
        block=whole(texts["block"], "block", bits=63) if texts.get("block") else 0,
        place=whole(texts["index"], "index", bits=31) if texts.get("index") else 0,
        venue=clean(texts.get("venue", ""), 40) or SOURCE,
    )
    if "tx" in layout.columns:
        tx_hash = _transaction(texts["tx"], chain_id)
    else:
        tx_hash = identity([wallet, texts.get("id", ""), *swap])
    return (chain_id, tx_hash, wallet), swap


def _net(key: _Key, swaps: list[_Swap]) -> tuple[Trade, Valuation]:
    chain_id, tx_hash, wallet = key
    first = swaps[0]
    if len({(swap.timestamp, swap.block, swap.place) for swap in swaps}) > 1:
        raise ConfigError("rows of this transaction name different times or blocks")
    given: dict[str, int] = {}
    got: dict[str, int] = {}
    for swap in swaps:
        given[swap.sold.token] = given.get(swap.sold.token, 0) + swap.sold.amount_raw
        got[swap.bought.token] = got.get(swap.bought.token, 0) + swap.bought.amount_raw
    net = {}
    for token in sorted({*given, *got}):
        change = got.get(token, 0) - given.get(token, 0)
        gross = max(got.get(token, 0), given.get(token, 0))
        if token not in given or token not in got or abs(change) * HOP_PARTS > gross:
            net[token] = change
    sold = tuple(Leg(token, -change) for token, change in net.items() if change < 0)
    bought = tuple(Leg(token, change) for token, change in net.items() if change > 0)
    if not sold or not bought:
        raise ConfigError("what this transaction gives and gets nets to no trade")
    trade = Trade(
        chain_id=chain_id,
        block_number=first.block,
        transaction_index=first.place,
        tx_hash=tx_hash,
        ordinal=0,
        wallet=wallet,
        timestamp=first.timestamp,
        sold=sold,
        bought=bought,
        venue="+".join(sorted({swap.venue for swap in swaps})),
        venue_status=VenueStatus.VERIFIED,  # whoever made the file vouches for it
        native_source=None,
        fee_native_raw=0,
    )
    given_up = {leg.token for leg in sold}
    value = _sum(swap.value_usd for swap in swaps if swap.sold.token in given_up)
    return trade, _valuation(trade, value, _sum(swap.gas_usd for swap in swaps))


def _sum(values: Iterable[Decimal | None]) -> Decimal | None:
    total = Decimal(0)
    for value in values:
        if value is None:
            return None
        total += value
    return total


def _valuation(trade: Trade, value: Decimal | None, gas: Decimal | None) -> Valuation:
    return Valuation(
        chain_id=trade.chain_id,
        tx_hash=trade.tx_hash,
        wallet=trade.wallet,
        ordinal=trade.ordinal,
        value_usd=value,
        gas_usd=gas,
        source=SOURCE,
        as_of=trade.timestamp,
    )


def _own(sheet: Sheet, reader: ImportOptions) -> tuple[list[Found], list[BadLine], list[str]]:
    items: list[tuple[int, tuple[int, str, str, int], tuple[Trade, Valuation]]] = []
    bad: list[BadLine] = []
    for line, row in sheet.rows:
        try:
            trade, valuation = _own_trade(row, reader)
        except ConfigError as error:
            bad.append(BadLine(line=line, reason=str(error)))
        else:
            items.append((line, (trade.chain_id, trade.tx_hash, trade.wallet, trade.ordinal), (trade, valuation)))
    kept, repeated = distinct(items)
    notes = []
    if no_gas := sum(valuation.gas_usd is None for _, _, (_, valuation) in kept):
        notes.append(f"trades whose gas has no known price: {no_gas}; their round trips are left out as unpriced")
    return [((line,), record) for line, _, record in kept], bad + repeated, notes


def _own_trade(row: Row, reader: ImportOptions) -> tuple[Trade, Valuation]:
    chain_id = whole(cell(row, "chain_id"), "chain_id", bits=63)
    if chain_id != FILE_CHAIN:
        chain_id = _chain_id(str(chain_id), reader)
    if doubt := cell(row, "suspicion"):
        raise ConfigError(f"the export doubts this trade ({shown(doubt)}), and its books left it out")
    at = reader.clock.moment(cell(row, "timestamp"), "timestamp")
    if at is None:
        raise ConfigError("no time")
    fee = whole(cell(row, "fee_native_raw") or "0", "fee_native_raw")
    status = cell(row, "venue_status")
    if status not in set(VenueStatus):
        raise ConfigError(f"venue_status: {shown(status)} is neither verified nor unverified")
    tx_hash = cell(row, "tx_hash")
    trade = Trade(
        chain_id=chain_id,
        block_number=whole(cell(row, "block_number") or "0", "block_number", bits=63),
        transaction_index=whole(cell(row, "transaction_index") or "0", "transaction_index", bits=31),
        tx_hash=tx_hash if re.fullmatch(r"row:[0-9a-f]{32}", tx_hash) else _transaction(tx_hash, chain_id),
        ordinal=whole(cell(row, "ordinal") or "0", "ordinal", bits=31),
        wallet=_owner(reader.wallet_id(cell(row, "wallet")), chain_id),
        timestamp=int(at.timestamp()),
        sold=_own_legs(row, "sold", chain_id),
        bought=_own_legs(row, "bought", chain_id),
        venue=clean(cell(row, "venue"), 200),
        venue_status=VenueStatus(status),
        native_source=None,
        fee_native_raw=fee,
    )
    gas = Decimal(0) if fee == 0 else number(cell(row, "gas_usd"), "gas_usd")
    return trade, _valuation(trade, number(cell(row, "value_usd"), "value_usd"), gas)


def _own_legs(row: Row, side: str, chain_id: int) -> tuple[Leg, ...]:
    legs = row.get(side)
    if not isinstance(legs, list) or not legs or not all(isinstance(leg, dict) for leg in legs):
        raise ConfigError(f"{side}: not a list of legs")
    return tuple(Leg(_token(cell(leg, "token"), chain_id, side), whole(cell(leg, "amount_raw"), side)) for leg in legs)
