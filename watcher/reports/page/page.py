"""One wallet as a page that needs nothing but itself. Pure: a study in, HTML out."""

from typing import Final

from rich.table import Table

from alerts import wording
from alerts.charts import equity_chart, metric_chart
from alerts.messages.card import STAKE_USD
from alerts.messages.silence import newest
from metrics.evaluation.equity import Equity
from metrics.types import Metric, State
from watcher.reports import tables
from watcher.reports.explain import explain
from watcher.reports.overview import on_behalf
from watcher.reports.page import html
from watcher.reports.page.style import STYLE
from watcher.reports.wallet_study import Study

SHOWN: Final = 15  #: rows of a table before it is folded away
DIALS: Final = (0.25, 0.5, 1.0, 2.0, 4.0)  #: times the configured one
# Nothing may be fetched, whatever a hostile name might smuggle in.
POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_TONE: Final = {State.FLAGGED: "bad", State.WATCH: "warn", State.MARKET: "cool", State.OK: "good"}


def page(study: Study) -> str:
    """Write the page: the verdict in words, the pictures, what drove it, peers, what is open, and the watch list."""
    name = html.words(wording.clean(study.account.wallet.label, 60) or wording.short(study.account.wallet.address))
    parts = [
        _head(study, name),
        html.section("Pictures", f'<div class="pictures">{"".join(_pictures(study))}</div>'),
        _metrics(study),
        _what_if(study),
        _drivers(study),
        _peers(study),
        _open(study),
        _trades(study),
        _flags(study),
        _watch_list(study),
        f"<footer><p>{_foot(study)}</p></footer>",
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name}: Edgewatch</title><style>{STYLE}</style></head><body>"
        f"<main>{''.join(parts)}</main></body></html>\n"
    )


def _head(study: Study, name: str) -> str:
    wallet, assessment = study.account.wallet, study.assessment
    tone = _TONE.get(assessment.state, "soft") if assessment else "soft"
    told = f"flag #{study.flag.flag_id} of {study.flag.opened_at:%Y-%m-%d}, as it was told" if study.flag else ""
    as_of = f"as of {wording.moment(assessment.as_of)}" if assessment else ""
    facts = [f"followed since {wallet.followed_since:%Y-%m-%d}", as_of, told]
    return (
        f"<header><h1>{name}</h1><p><code>{html.words(wallet.address)}</code></p>"
        f'<p class="soft">{" · ".join(html.words(fact) for fact in facts if fact)}</p>'
        f'<p class="verdict {tone}">{html.words(tables.verdict(assessment))}</p></header>'
        f'<div class="card">{html.paragraphs(_words(study))}</div>'
    )


def _words(study: Study) -> list[str]:
    return explain(study.assessment, study.flag, silence=newest(study.flags), left=study.account.moved_away)


def _pictures(study: Study) -> list[str]:
    made = []
    lead = study.assessment.evidence.lead if study.assessment else None
    for metric in sorted(Metric, key=lambda each: each is not lead):
        series = study.series(metric)
        if series is None or not any(value is not None for value in series.value):
            continue
        title = wording.name(metric).capitalize()
        pictures = [
            metric_chart.draw(series, title=title, palette=each) for each in (metric_chart.LIGHT, metric_chart.DARK)
        ]
        latest = next((value for value in reversed(series.value) if value is not None), None)
        says = f"{title} by day; last {wording.value(metric, latest)}, form {wording.value(metric, series.baseline)}."
        made.append(html.picture(*pictures, says=says, below=f"{title}: {_band(study, metric)}"))
    followed = study.equity()
    if followed.n:
        pictures = [
            equity_chart.draw(followed, stake_usd=STAKE_USD, palette=each)
            for each in (metric_chart.LIGHT, metric_chart.DARK)
        ]
        words = brought(followed)
        made.append(html.picture(*pictures, says=f"Profit of following by day. {words}", below=words))
    if len(study.by_day):
        pictures = [study.draw_evidence(palette=each) for each in (metric_chart.LIGHT, metric_chart.DARK)]
        last = wording.recurrence(float(study.by_day["score"].iloc[-1]))
        below = (
            f"The evidence by day, with today's baselines and peers; its last day by luck alone: {last}. {_dial(study)}"
        )
        made.append(html.picture(*pictures, says=below, below=below))
    return made


def _dial(study: Study) -> str:
    dial = wording.setting(study.dial)
    return f"Above the dashed line it flags: {wording.recurrence(1 / study.dial)}, the dial of {dial}."


def _band(study: Study, metric: Metric) -> str:
    items = study.assessment.evidence.metrics if study.assessment else ()
    item = next((each for each in items if each.metric is metric), None)
    usual = wording.span(metric, item.low, item.high) if item else ""
    expected = f"its windows usually show {usual}" if usual else "its usual range is not known"
    return f"{expected}; by chance alone {wording.recurrence(item.recurrence_years)}." if item else f"{expected}."


def brought(followed: Equity) -> str:
    """Say what following has brought; something must have closed."""
    total = wording.dollars(STAKE_USD * followed.profit[-1], sign=True)
    trips = wording.count(followed.n, "round trip")
    words = f"{wording.dollars(STAKE_USD)} on each of {trips} since it is followed: {total}"
    if followed.low is not None and followed.high is not None:
        ends = [wording.dollars(STAKE_USD * end, sign=True) for end in (followed.low, followed.high)]
        words += f" (such round trips end between {ends[0]} and {ends[1]}, 95 %)"
    left = f" {wording.count(followed.unknown, 'round trip')} of unknown return left out." if followed.unknown else ""
    return f"{words}. At the wallet's own prices: your delay, slippage and gas are not taken off.{left}"


def _metrics(study: Study) -> str:
    if study.assessment is None or not study.assessment.evidence.metrics:
        return ""
    below = '<p class="soft">Over fixed windows, with the 95 % interval of chance alone:</p>'
    shown = html.table(tables.metrics(study.assessment)), below, html.table(tables.windows(study.windows()))
    return html.section("Now against its own form", "".join(shown))


def _what_if(study: Study) -> str:
    frame = study.what_if(study.dial * each for each in DIALS)
    if frame.empty:
        return ""
    assert study.assessment is not None, "without a verdict there is nothing to read at another setting"
    stands = f"It stands at: {wording.recurrence(study.assessment.score)} by luck alone."
    note = f'<p class="soft">The dial is how many false flags a wallet and year you accept. {html.words(stands)}</p>'
    made = html.table(tables.what_if(frame), strong=DIALS.index(1.0))
    return html.section("At other settings of the dial", note, made)


def _drivers(study: Study) -> str:
    trips = study.drivers()
    if not trips:
        return ""
    lead = study.assessment.evidence.lead if study.assessment else None
    order = "newest first" if lead is Metric.TRADE_FREQUENCY else "the worst first"
    note = f'<p class="soft">What closed in the time that is judged, {order}.</p>'
    return html.section("What drove it", note, html.table(tables.round_trips(trips[:SHOWN], study.names)))


def _peers(study: Study) -> str:
    frame = study.side_by_side()
    if frame.empty:
        return ""
    place = list(frame["role"]).index("this wallet")
    note = "Chosen because they trade alike; before this wallet was followed, and in the window of the verdict."
    return html.section(
        "Beside its peers", f'<p class="soft">{note}</p>', html.table(tables.beside_peers(frame), strong=place)
    )


def _open(study: Study) -> str:
    if not study.opened:
        return ""
    return html.section(
        "Open positions",
        _folded(
            tables.open_positions(study.opened, study.names, study.bags),
            wording.count(len(study.opened), "open position"),
            SHOWN,
        ),
    )


def _trades(study: Study) -> str:
    newest = list(reversed(study.account.trades))[: 4 * SHOWN]
    made = tables.trades(newest, study.names)
    count = f"{wording.count(len(study.account.trades), 'trade')} in all; the newest {len(newest)}"
    return html.section("Trade log", _folded(made, count, 0)) if newest else ""


def _flags(study: Study) -> str:
    return html.section("Flags", html.table(tables.flags(study.flags, study.decided))) if study.flags else ""


def _watch_list(study: Study) -> str:
    pairs = [pair for pair in study.standing if pair[0].alerted]
    return (
        html.section("The whole watch list", _folded(tables.wallets(pairs), wording.count(len(pairs), "wallet"), 0))
        if pairs
        else ""
    )


def _folded(made: Table, title: str, fewest: int) -> str:
    """Fold a table away under a title where it is longer than ``fewest`` rows."""
    shown = html.table(made)
    if made.row_count <= fewest:
        return shown
    return f"<details><summary>{html.words(title)}</summary>{shown}</details>"


def _foot(study: Study) -> str:
    books, account = study.account.books, study.account
    left = {
        "unpriced": books.unpriced,
        "sells of unknown cost": books.unknown_cost + books.unmatched_sells,
        "unverified trades": books.unverified,
        "trades that look like wash trades": len(account.doubts),
    }
    said = ", ".join(f"{count} {what}" for what, count in left.items() if count) or "nothing"
    others = f"{words}. " if (words := on_behalf(account.swaps_by_others)) else ""
    return html.words(
        f"{wording.count(len(account.round_trips), 'round trip')} in the books; left out: {said}. {others}"
        "No flag is not health. Edgewatch only reads: it never trades."
    )
