"""What a person compares, as tables for a terminal. Pure: records in, renderables out."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pandas as pd
from rich import box
from rich.table import Table
from rich.text import Text

from alerts import wording
from alerts.types import Decision, Flag
from ingest.types import FILE_CHAIN, NATIVE, FiledTrip, Leg, Trade, Valuation
from metrics.evaluation.false_flag_rate import Realised
from metrics.types import Assessment, Mark, Metric, MetricEvidence, OpenPosition, RoundTrip, State
from watcher.reports.audit import Finding, Report
from watcher.reports.backtest import Replayed
from watcher.types import Role, TokenInfo, Wallet

_STYLE = {
    State.LEARNING: "dim",
    State.OK: "green",
    State.WATCH: "yellow",
    State.MARKET: "cyan",
    State.FLAGGED: "bold red",
}

_SHORT = {
    Metric.WIN_RATE: "win rate %",
    Metric.AVERAGE_RETURN: "return %",
    Metric.TRADE_FREQUENCY: "trades a day",
    Metric.OPEN_LOSSES: "open losses %",
}
_LISTED = (Metric.WIN_RATE, Metric.AVERAGE_RETURN, Metric.TRADE_FREQUENCY)  # in the list of wallets, for want of room

#: (chain id, address) to token
Tokens = Mapping[tuple[int, str], TokenInfo]


def verdict(assessment: Assessment | None) -> str:
    """A wallet's state in a few words."""
    if assessment is None:
        return "not judged yet"
    evidence = assessment.evidence
    lead = wording.name(evidence.lead) if evidence.lead else ""
    match assessment.state:
        case State.LEARNING:
            return "too little history"
        case State.OK if evidence.gain is not None:
            return f"better than its form since {wording.day(evidence.gain.since)}"
        case State.OK:
            return "in form"
        case State.WATCH:
            return f"outside, not yet sure: {lead}"
        case State.MARKET:
            return f"down with its peers: {evidence.peers_down} of {evidence.peers} fell too"
        case State.FLAGGED if evidence.lead is Metric.TRADE_FREQUENCY and _fell(assessment):
            return f"gone quiet: {wording.silent(evidence) or 'hardly trades'}"
        case _:
            return f"left its form: {lead}"


def _fell(assessment: Assessment) -> bool:
    item = _metric(assessment, Metric.TRADE_FREQUENCY)
    return item is None or item.recent is None or item.baseline is None or item.recent < item.baseline


def _metric(assessment: Assessment | None, metric: Metric) -> MetricEvidence | None:
    items = assessment.evidence.metrics if assessment else ()
    return next((item for item in items if item.metric is metric), None)


def _change(assessment: Assessment | None, metric: Metric) -> Text:
    item = _metric(assessment, metric)
    if item is None or item.baseline is None:
        return Text("-", style="dim")
    words = f"{_bare(metric, item.baseline)} → {_bare(metric, item.recent)}"
    outside = item.recent is not None and item.low is not None and item.recent < item.low
    return Text(words, style="red" if outside else "")


def _bare(metric: Metric, number: float | None) -> str:
    return "-" if number is None else wording.value(metric, number, unit=False).removesuffix(" %")


def wallets(pairs: Iterable[tuple[Wallet, Assessment | None]], *, title: str | None = None) -> Table:
    """One line a wallet: its verdict, and each metric from its baseline to now."""
    table = Table(
        title=title,
        title_justify="left",
        header_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for name in ("wallet", "verdict"):
        table.add_column(name, min_width=11)
    for name in (*(_SHORT[metric] for metric in _LISTED), "by chance"):
        table.add_column(name, justify="right", no_wrap=True)
    rank = {State.FLAGGED: 0, State.WATCH: 1, State.MARKET: 2, State.OK: 3, State.LEARNING: 4}
    ordered = sorted(pairs, key=lambda pair: (rank[pair[1].state] if pair[1] else 5, pair[0].label, pair[0].address))
    for wallet, assessment in ordered:
        words = Text(verdict(assessment), style=_STYLE[assessment.state] if assessment else "dim")
        if wallet.unfollowed_at:
            words.append(" (unfollowed)", style="dim")
        elif wallet.paused:
            words.append(" (paused)", style="dim")
        judged = assessment is not None and assessment.state is not State.LEARNING
        table.add_row(
            f"{wording.clean(wallet.label, 20)} {wording.short(wallet.address)}".strip(),
            words,
            *(_change(assessment, metric) for metric in _LISTED),
            wording.chance(assessment.score) if assessment and judged else "-",
        )
    return table


def wallet_list(items: Iterable[Wallet]) -> Table:
    """The watch list itself."""
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("label", "address", "role", "chains", "followed since", "note"):
        table.add_column(name, no_wrap=name == "address")
    for item in items:
        note = f"unfollowed {item.unfollowed_at:%Y-%m-%d}" if item.unfollowed_at else ("paused" if item.paused else "")
        table.add_row(
            wording.clean(item.label, 40),
            item.address,
            Text(item.role.value, style="dim" if item.role is Role.PEER else ""),
            ", ".join(item.chains) if item.chains else "all",
            f"{item.followed_since:%Y-%m-%d}",
            note,
        )
    return table


_FINDING_STYLE = {
    Finding.OFF_FORM: "bold red",
    Finding.MACHINE: "red",
    Finding.OUTSIDE: "yellow",
    Finding.MARKET: "cyan",
    Finding.IN_FORM: "green",
    Finding.CANNOT_JUDGE: "dim",
}


def audit(items: Iterable[Report]) -> Table:
    """One line a wallet: what the audit says of it, and on what that rests."""
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("wallet", min_width=11)
    table.add_column("finding", ratio=1)
    for name in ("edge sure", "peers", "by chance"):
        table.add_column(name, justify="right", no_wrap=True)
    for item in items:
        seen = item.assessment
        table.add_row(
            f"{wording.clean(item.wallet.label, 20)} {wording.short(item.wallet.address)}".strip(),
            Text(item.words, style=_FINDING_STYLE[item.finding]),
            item.edge,
            (f"{seen.evidence.peers}" if seen.evidence.peers else Text("none", style="yellow")) if seen else "-",
            wording.chance(seen.score) if seen else "-",
        )
    return table


def realised(rates: Iterable[Realised]) -> Table:
    """What each setting of the dial promises and what it brought where nothing changed."""
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("promised a wallet-year", "realised", "95 %", "first flags", "wallet-years"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in rates:
        between = (
            "too few wallets"
            if each.low is None or each.high is None
            else f"{wording.figure(each.low, 2)} to {wording.figure(each.high, 2)}"
        )
        years = wording.figure(each.wallet_years, most=wording.MANY)
        table.add_row(wording.setting(each.dial), wording.figure(each.rate, 2), between, f"{each.flags:,}", years)
    return table


def replayed(found: Replayed) -> Table:
    """One line a flag that would have been."""
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("flagged", "wallet", "change about", "delay", "before you", "by chance", "event"):
        table.add_column(name, no_wrap=True)
    for flag in found.flags:
        table.add_row(
            f"{flag.day}",
            f"{wording.clean(flag.label, 20)} {wording.short(flag.wallet)}".strip(),
            f"{flag.since}" if flag.since else "-",
            "-" if flag.delay_days is None else wording.count(flag.delay_days, "day"),
            "-" if flag.lead_days is None else wording.count(flag.lead_days, "day"),
            wording.chance(flag.score),
            Text("beyond the market", style="cyan") if found.in_event(flag) else "",
        )
    return table


def flags(items: Sequence[Flag], decided: Mapping[int, Decision]) -> Table:
    """Flags with what was decided."""
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("flag", "wallet", "opened", "metric", "by chance", "status", "decided by"):
        table.add_column(
            name, no_wrap=name in {"flag", "opened", "by chance", "status"}, min_width=11 if name == "wallet" else None
        )
    for item in items:
        decision = decided.get(item.flag_id)
        table.add_row(
            f"#{item.flag_id}",
            f"{wording.clean(item.label, 20)} {wording.short(item.wallet)}".strip(),
            f"{item.opened_at:%Y-%m-%d}",
            _SHORT[item.evidence.lead].removesuffix(" %") if item.evidence.lead else "-",
            wording.chance(item.score),
            Text(item.status.value, style="bold red" if decision is None else ""),
            f"{wording.clean(decision.decided_by, 30)}, {decision.decided_at:%Y-%m-%d}" if decision else "-",
        )
    return table


def metrics(assessment: Assessment) -> Table:
    """Each metric of one wallet against its baseline and its peers."""
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("metric", "baseline", "now", "expected", "peers", "n", "days", "by chance"):
        table.add_column(name, justify="left" if name == "metric" else "right", no_wrap=True)
    for item in assessment.evidence.metrics:
        table.add_row(
            _SHORT[item.metric],
            _bare(item.metric, item.baseline),
            _bare(item.metric, item.recent),
            f"{_bare(item.metric, item.low)} to {_bare(item.metric, item.high)}" if item.low is not None else "-",
            wording.change(item.metric, item.peers_change).removesuffix(" a day")
            if item.peers_change is not None
            else "-",
            f"{item.n}",
            f"{item.window_days}",
            wording.chance(item.recurrence_years),
        )
    return table


def windows(frame: pd.DataFrame) -> Table:
    """One wallet over several windows, each number with its 95 % interval (see ``metrics.rolling.form``)."""
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("days", "n", "win rate %", "mean return %", "median %", "trades a day"):
        table.add_column(name, justify="right", no_wrap=name in {"days", "n"})  # an interval may go below its number
    for days, row in frame.iterrows():
        cells = (
            (Metric.WIN_RATE, "win_rate", "win"),
            (Metric.AVERAGE_RETURN, "average_return", "return"),
            (Metric.AVERAGE_RETURN, "median_return", "median"),
            (Metric.TRADE_FREQUENCY, "trades_per_day", "trades"),
        )
        table.add_row(
            f"{days}",
            wording.figure(row["n"], most=wording.MANY),
            *(_within(metric, row[name], row[f"{ends}_low"], row[f"{ends}_high"]) for metric, name, ends in cells),
        )
    return table


def _within(metric: Metric, number: float, low: float, high: float) -> str:
    if math.isnan(number):
        return "-"
    shown, known = _bare(metric, number), wording.is_known(low) and wording.is_known(high)
    return f"{shown} ({_bare(metric, low)} to {_bare(metric, high)})" if known else shown


def what_if(frame: pd.DataFrame) -> Table:
    """How a verdict would read at other settings of the dial (see ``watcher.reports.wallet_study.Study.what_if``)."""
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("dial", "flags from once in"):
        table.add_column(name, justify="right")
    table.add_column("reads")
    for dial, needed, _found, reads in frame.itertuples(name=None):
        table.add_row(wording.setting(dial), wording.recurrence(needed).removeprefix("once in "), reads)
    return table


def course(frame: pd.DataFrame) -> Table:
    """Every verdict as it was given, oldest first (see ``watcher.reports.wallet_study.Study.course``)."""
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("as of", *frame.columns):
        table.add_column(name, no_wrap=True, justify="left" if name in {"as of", "state"} else "right")
    for as_of, state, *years in frame.itertuples(name=None):
        table.add_row(
            f"{as_of:%Y-%m-%d %H:%M}", state, *("-" if math.isnan(each) else wording.chance(each) for each in years)
        )
    return table


def beside_peers(frame: pd.DataFrame) -> Table:
    """A wallet and its peers, before and now (see ``watcher.reports.wallet_study.Study.side_by_side``)."""
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("wallet")
    for name in ("win rate before", "now", "return before", "now", "n now"):
        table.add_column(name, justify="right")
    table.add_column("role")
    for label, role, won, wins, earned, earns, n in frame.itertuples(name=None):
        shares = [_known(Metric.WIN_RATE, each) for each in (won, wins)]
        returns = [_known(Metric.AVERAGE_RETURN, each) for each in (earned, earns)]
        table.add_row(wording.clean(label, 40), *shares, *returns, str(n), role)
    return table


def _known(metric: Metric, number: float) -> str:
    return "-" if math.isnan(number) else wording.value(metric, number, unit=False)


def _signed(words: str) -> Text:
    return Text(words, style="" if words == wording.UNKNOWN else "red" if wording.MINUS in words else "green")


def round_trips(items: Sequence[RoundTrip | FiledTrip], tokens: Tokens) -> Table:
    """Round trips as they are given, what counts first, for a phone; ``-`` is what a file does not say."""
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("closed", "token", "return", "profit $", "cost $", "held"):
        table.add_column(name, justify="left" if name in {"closed", "token"} else "right", no_wrap=True)
    for item in items:
        table.add_row(
            f"{item.closed_at:%Y-%m-%d %H:%M}",
            token_name(item.chain_id, item.token, tokens),
            "-"
            if item.return_fraction is None
            else wording.value(Metric.AVERAGE_RETURN, item.return_fraction, unit=False),
            "-" if item.pnl_usd is None else _signed(wording.figure(item.pnl_usd, sign=True, most=wording.MANY)),
            "-" if item.cost_usd is None else wording.figure(item.cost_usd, most=wording.MANY),
            "-" if item.holding_s is None else wording.figure(item.holding_s / 3600, 1, unit=" h"),
        )
    return table


def open_positions(
    items: Sequence[tuple[OpenPosition, Mark | None]], tokens: Tokens, bags: Collection[str] = ()
) -> Table:
    """Open positions with what selling all that is held would bring, and when that was asked.

    Those whose id is among ``bags`` count as losses already, and say so.
    """
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("open since", "token", "cost $", "would bring $", "return", "asked"):
        table.add_column(name, justify="left" if name in {"open since", "token"} else "right", no_wrap=True)
    for item, mark in items:
        proceeds = None if mark is None else mark.proceeds_usd * item.quantity_raw / mark.quantity_raw
        change = item.mark_return
        table.add_row(
            f"{item.opened_at:%Y-%m-%d %H:%M}",
            f"{token_name(item.chain_id, item.token, tokens)}{' (bag)' if item.position_id in bags else ''}",
            "not known" if item.cost_usd is None else wording.figure(item.cost_usd, most=wording.MANY),
            Text("not known", style="dim") if proceeds is None else wording.figure(proceeds, most=wording.MANY),
            Text("-", style="dim")
            if change is None
            else _signed(wording.value(Metric.AVERAGE_RETURN, change, unit=False)),
            Text("-", style="dim") if mark is None else f"{mark.marked_at:%Y-%m-%d %H:%M}",
        )
    return table


def trades(items: Sequence[tuple[Trade, Valuation | None]], tokens: Tokens) -> Table:
    """Trades as they were decoded."""
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("time", "sold", "bought", "value $", "venue", "status", "transaction"):
        table.add_column(name, no_wrap=True)
    for trade, worth in items:
        table.add_row(
            "-" if trade.timestamp is None else f"{datetime.fromtimestamp(trade.timestamp, UTC):%Y-%m-%d %H:%M}",
            legs(trade.chain_id, trade.sold, tokens),
            legs(trade.chain_id, trade.bought, tokens),
            wording.figure(worth.value_usd, 2, most=wording.MANY) if worth and worth.value_usd is not None else "-",
            trade.venue,
            trade.venue_status.value,
            f"{trade.tx_hash[:10]}…",
        )
    return table


def legs(chain_id: int, items: Sequence[Leg], tokens: Tokens) -> str:
    """Amounts with the token's name; base units where its decimals are unknown."""
    return " + ".join(_leg(chain_id, item, tokens) for item in items)


def _leg(chain_id: int, leg: Leg, tokens: Tokens) -> str:
    known = tokens.get((chain_id, leg.token))
    decimals = 18 if leg.token == NATIVE else (known.decimals if known else None)
    amount = (
        f"{leg.amount_raw} units" if decimals is None else wording.amount(Decimal(leg.amount_raw).scaleb(-decimals))
    )
    return f"{amount} {token_name(chain_id, leg.token, tokens)}"


def token_name(chain_id: int, address: str, tokens: Tokens) -> str:
    """A token's symbol with its address: the symbol alone is a stranger's claim."""
    if address == NATIVE:
        return "native"
    if chain_id == FILE_CHAIN:
        return wording.clean(address, 20) or "-"
    known = tokens.get((chain_id, address))
    return f"{known.symbol} ({wording.short(address)})" if known and known.symbol else wording.short(address)
