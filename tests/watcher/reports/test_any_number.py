"""Whatever number is in a record, a person reads "unknown" or a bounded figure, and a program reads valid JSON."""

import io
import json
from dataclasses import asdict, replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from alerts import wording
from alerts.charts import equity_chart, evidence_chart, metric_chart
from alerts.messages import card, message
from alerts.messages.digest import digest
from alerts.messages.lines import CAPTION_LIMIT
from alerts.messages.market_event import event_message
from alerts.messages.promise import against_promise
from alerts.outcome import LookBack, told
from alerts.review import make_decision
from alerts.types import ChartSeries, Choice, Flag, ListedWallet, Said
from ingest.types import FiledTrip
from metrics.detector.market_event import MarketEvent
from metrics.evaluation.equity import Equity
from metrics.types import Assessment, Context, Evidence, Metric, MetricEvidence, OpenPosition, Silence, State, Track
from tests.alerts.examples import FLAG, NOW
from tests.any_number import ANY_FLOAT, EDGES, leaked, poisoned, records
from watcher.cli.shared import context
from watcher.cli.shared.rows import Format, lines
from watcher.jobs.review.deliver import flag_message
from watcher.reports import explain, overview, tables
from watcher.reports.page import page
from watcher.store import flag_log, wallets
from watcher.store.sql.database import reading, writing
from watcher.telegram.decision_handler import DecisionHandler
from watcher.types import Wallet

KEY = bytes(32)
FORTY = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
FEW = settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
METRICS = st.lists(st.sampled_from(Metric), unique=True).flatmap(
    lambda found: st.tuples(*(records(MetricEvidence, metric=st.just(each)) for each in found))
)
TRACKS = st.none() | records(Track)
EVIDENCE = records(Evidence, metrics=METRICS, context=st.none() | records(Context, earlier=TRACKS))
DAYS = tuple(date(2025, 1, day) for day in range(1, 20))
FLOATS = st.tuples(*[st.none() | ANY_FLOAT for _ in DAYS])
SERIES = records(
    ChartSeries,
    days=st.just(DAYS),
    value=FLOATS,
    peers=FLOATS,
    peers_low=FLOATS,
    peers_high=FLOATS,
    window_days=st.none() | st.integers(1, 90),
)
CHART = replace(FLAG.chart, days=FLAG.chart.days[-2:], value=FLAG.chart.value[-2:], peers=())
FLAGS = records(Flag, evidence=EVIDENCE, chart=st.just(CHART), wallet=st.just(FLAG.wallet))
ASSESSMENTS = records(Assessment, evidence=EVIDENCE, wallet=st.just(FLAG.wallet))
WALLET = Wallet(address=FLAG.wallet, label="heron", followed_since=NOW, added_at=NOW)


def read(*parts):
    """Hold that nothing leaked into words that a person reads."""
    for part in parts:
        assert leaked(part) is None


def printed(table):
    """What a terminal shows of a table, in full."""
    console = Console(file=io.StringIO(), width=400, highlight=False)
    console.print(table)
    return console.file.getvalue()


@FORTY
@given(FLAGS)
def test_every_card_can_be_written(flag):
    """The card, its later form, its details: within Telegram's limits, no number that is none."""
    made = make_decision(flag.flag_id, Choice.KEEP, decided_by="ann", user_id=7, channel="cli", now=NOW)
    shown = [message.card(flag, key=KEY, chat_id=42), message.decided(flag, made), message.details(flag)]
    read(*(message.plain(each) for each in shown))
    assert wording.visible_length(shown[0].html) <= CAPTION_LIMIT
    assert all("unknown" in wording.value(metric, number) for metric in Metric for number in EDGES[:3])


@FORTY
@given(st.lists(FLAGS, max_size=3), st.lists(ASSESSMENTS, max_size=3))
def test_every_digest_can_be_written(flags, judged):
    """With flags, with wallets, with both."""
    named = [(ListedWallet(wallet=each.wallet, label="heron"), each) for each in judged]
    read(*(message.plain(page) for page in digest("Digest", flags, wallets=named)))


@FORTY
@given(records(MarketEvent, moved=st.just((FLAG.wallet,)), beyond=st.just((FLAG.wallet,)), unknown=st.just(())))
def test_every_market_event_can_be_told(event):
    """Its change and the range of it."""
    read(message.plain(event_message(event, {FLAG.wallet: ListedWallet(wallet=FLAG.wallet)}, watched=3)))


@FORTY
@given(ASSESSMENTS, st.none() | FLAGS, st.none() | records(Silence))
def test_every_verdict_can_be_explained(assessment, flag, silence):
    """`why`, and the terminal's tables of wallets, metrics and flags."""
    read(*map(wording.strip, explain.explain(assessment, flag, silence=silence)))
    shown = [
        tables.wallets([(WALLET, assessment)]),
        tables.metrics(assessment),
        tables.flags([flag] if flag else [], {}),
    ]
    read(*map(printed, shown))


@FORTY
@given(records(LookBack), ANY_FLOAT, ANY_FLOAT, ANY_FLOAT)
def test_every_look_back_and_promise_can_be_told(item, years, dial, seconds):
    """What a decision led to, the dial's promise, and times."""
    read(wording.strip(told(item, decided_at=NOW)), against_promise(3, years, dial) or "", wording.hours(seconds))
    read(wording.brought(years), wording.percent(years), wording.dollars(years, sign=True), wording.count(years, "day"))
    read(wording.recurrence(years), wording.chance(years), wording.figure(years, 3, scale=100, sign=True))


@FORTY
@given(st.lists(records(FiledTrip, chain_id=st.just(0)), max_size=3), st.lists(records(OpenPosition), max_size=3))
def test_every_table_of_trips_can_be_shown(trips, opened):
    """As a file claims them, and what is still open."""
    read(printed(tables.round_trips(trips, {})), printed(tables.open_positions([(each, None) for each in opened], {})))


@FORTY
@given(FLAGS, ASSESSMENTS)
def test_every_record_is_valid_json(flag, assessment):
    """nan and infinity are null there, and a spreadsheet finds an empty cell."""

    def no_constant(word):
        raise AssertionError(f"{word} is no JSON")

    def printed(value):
        with pytest.MonkeyPatch.context() as patch:
            caught = io.StringIO()
            patch.setattr("sys.stdout", caught)
            context.print_json(value)
        return caught.getvalue()

    rows = [asdict(flag), asdict(assessment)]
    for line in (printed(rows), *lines(rows, Format.JSONL)):
        json.loads(line, parse_constant=no_constant)
    _, cells = lines([{"score": flag.score}], Format.CSV)
    assert leaked(cells) is None or "e" in cells


@FEW
@given(SERIES)
def test_every_series_can_be_drawn(series):
    """No exception and no warning; no label says nan or inf."""
    figure = metric_chart.figure(series, title="heron")
    figure.savefig(io.BytesIO(), format="png", dpi=20)
    [axes] = figure.axes
    shown = [*axes.texts, *axes.get_yticklabels(), *(words for each in figure.legends for words in each.get_texts())]
    read(*(each.get_text() for each in shown))


@FEW
@given(FLOATS, st.none() | ANY_FLOAT, st.none() | ANY_FLOAT, ANY_FLOAT)
def test_every_profit_and_every_evidence_can_be_drawn(profit, low, high, needed):
    """The same for the other two pictures of a page, and for the words below them."""
    known = tuple(0.0 if each is None else each for each in profit)
    equity = Equity(days=DAYS, profit=known, n=9, unknown=0, low=low, high=high)
    drawn = equity_chart.figure(equity, stake_usd=100), evidence_chart.figure(DAYS, {"score": known}, needed=needed)
    for figure in drawn:
        figure.savefig(io.BytesIO(), format="png", dpi=20)
        [axes] = figure.axes
        read(*(each.get_text() for each in (*axes.texts, *axes.get_yticklabels())))
    read(page.brought(equity))


def test_the_largest_series_is_sent_as_a_picture():
    """The whole way of a card: its chart is drawn, not left out, be its values as far apart as floats can be."""
    flag = poisoned(FLAG)
    made = flag_message(flag, key=KEY, chat_id=42)
    assert made.chart_png is not None
    read(message.plain(made))


def test_what_is_stored_is_read_again_and_shown(store):
    """A flag and a verdict with numbers that are none: stored as they are, and every command still answers."""
    flag = poisoned(FLAG)
    assessment = Assessment(
        wallet=FLAG.wallet, as_of=NOW, score=2.0, flagged=True, state=State.FLAGGED, evidence=flag.evidence
    )
    with writing(store) as connection:
        wallets.add(connection, WALLET)
        flag_log.open_flag(
            connection, address=WALLET.address, at=NOW, score=2.0, evidence=flag.evidence, chart=flag.chart
        )
        flag_log.replace_assessments(connection, [assessment])
    with reading(store) as connection:
        [stored] = flag_log.flags(connection)
        assert repr(stored.evidence) == repr(flag.evidence)
        assert repr(stored.chart) == repr(flag.chart)
        read(message.plain(overview.status_message(overview.read(connection, NOW))))
    desk = DecisionHandler(store, clock=lambda: datetime(2025, 7, 2, tzinfo=UTC), key=KEY, chats=[42], units_a_day=1000)
    for number, words in enumerate(
        ("/status", "/wallets", "/wallet heron", "/why heron", "/flags", "/digest", "/health")
    ):
        answer = desk.command(Said(update_id=number, user_id=7, user_name="@ann", chat_id=42, text=words))
        assert "failed here" not in answer.html
        read(message.plain(answer))


def test_figures_are_bounded_and_unknown_is_said():
    """Golden words for both, with their units."""
    minus = "\N{MINUS SIGN}"
    assert wording.value(Metric.AVERAGE_RETURN, 1e308) == "over 100,000 % per trade"
    assert wording.value(Metric.WIN_RATE, -1e308) == f"under {minus}100,000 %"
    assert wording.value(Metric.TRADE_FREQUENCY, float("inf")) == "unknown"
    assert wording.dollars(-1e308) == f"under {minus}$1,000,000,000,000"
    assert wording.dollars(2_500_000.4, sign=True) == "+$2,500,000"
    assert wording.brought(float("nan")) == "made an unknown amount"
    assert wording.recurrence(float("nan")) == "once in an unknown time"
    assert wording.count(float("inf"), "day") == "an unknown number of days"
    assert wording.figure(-0.0004, 2, sign=True) == "0.00"
    assert card.STAKE_USD == 100


def test_nothing_is_ever_quite_sure():
    """A probability is written in whole percent, its ends as bounds, and what is no number as unknown."""
    told = [wording.sure(each) for each in (0.0, 0.0099, 0.01, 0.97, 0.99, 0.9901, 1.0, float("nan"), None)]
    assert told == ["under 1 %", "under 1 %", "1 %", "97 %", "99 %", "over 99 %", "over 99 %", "unknown", "unknown"]
