"""``edgewatch replay``: what one would have been told, and what it would have been worth."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from ingest.evm.chains import registry
from ingest.files.cells import Clock
from ingest.files.column_mapping import parse_map
from ingest.files.importer import read_file
from ingest.files.reader import ImportOptions
from metrics.evaluation.false_flag_rate import CalibrationFactor
from tests.watcher.jobs.sync.test_import_file import MAP, document, edgewatch, table
from watcher.config.settings import DetectionConfig
from watcher.jobs.review.assess import assess_once
from watcher.jobs.sync.import_file import FollowSettings, import_file
from watcher.record import calibration_factor
from watcher.record.accounts import trade_key
from watcher.record.record import read_record
from watcher.reports import backtest
from watcher.store import files, flag_log, wallets
from watcher.store.sql import database
from watcher.store.sql.database import reading
from watcher.types import Role
from watcher.wallet_list import parse_file_id

__all__ = ["edgewatch"]
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
DIAL = 1.0


@pytest.fixture
def engine(tmp_path):
    """An empty database."""
    engine = database.connect(f"sqlite:///{tmp_path}/edgewatch.db")
    database.prepare(engine)
    yield engine
    engine.dispose()


def take(engine, lines, day, *, since=0):
    """Import lines half an hour into a day, as all that happened since another; wallets that are new are followed."""
    now, content = BEGIN + timedelta(days=day, minutes=30), document(*lines)
    reader = ImportOptions(
        clock=Clock(now=now, zone=UTC, form=None),
        chains={each.name: each for each in registry().values()},
        wallet_id=parse_file_id,
        mapping=parse_map(MAP),
        wallet=None,
        chain=None,
    )
    import_file(
        engine,
        read_file(content, reader),
        name="day.csv",
        sha256=hashlib.sha256(content).hexdigest(),
        chains={},
        covers=(BEGIN + timedelta(days=since), BEGIN + timedelta(days=day)),
        following=FollowSettings(since=now, role=Role.FOLLOWED),
        now=now,
    )
    return now


def between(lines, first, last):
    """Lines that closed in the days ``first`` .. ``last - 1``."""
    low, high = (f"{BEGIN + timedelta(days=day):%Y-%m-%d}" for day in (first, last))
    return [line for line in lines if low <= line.split(",")[2] < high]


def known_now(engine, now):
    with reading(engine) as connection:
        record = read_record(connection, wallets.all_wallets(connection), {}, unit=None, now=now)
        trades = {trade_key(trade): at for trade, _, at in files.all_trades(connection)}
        return backtest.as_lived(record, trades, files.trip_times(connection))


def test_as_lived_says_what_was_said_then(engine):
    """Replayed later, each day on which the job ran has its verdicts: a late wallet, a later past, a factor."""
    with database.writing(engine) as connection:
        calibration_factor.keep(
            connection, CalibrationFactor(value=1.2, low=1.1, high=1.5, dial=DIAL, wallets=12), BEGIN
        )
    record = [*table("a:fell", days=100, falls_on=68, seed=3)]
    record += [line for n in range(5) for line in table(f"a:peer {n}", days=100, seed=20 + n)]
    late = table("a:late", days=100, seed=9)
    runs = [60, 61, 66, 72, 73, 80, 90]
    said = {}
    for before, day in pairwise([0, *runs]):
        now = take(engine, between(record, before, day), day)
        if day == 72:  # another wallet with the newer half of its past; the older half comes a week later
            take(engine, between(late, 30, day), day, since=30)
        elif day > 72:
            take(engine, between(late, before, day), day, since=30)
        if day == 80:
            take(engine, between(late, 0, 30), day)
        assess_once(engine, chains={}, detection=DetectionConfig(), now=now)
        with reading(engine) as connection:
            said[day] = flag_log.latest_assessments(connection)
    replayed = {
        (midnight - BEGIN).days: {each.wallet: each for each in assessments}
        for midnight, assessments in backtest.judged(known_now(engine, now), DIAL)
    }
    assert list(replayed) == list(range(61, 91))
    assert any(each.flagged for each in said[90].values())
    for day in runs[1:]:
        then = {name: each for name, each in said[day].items() if name in replayed[day]}
        assert len(then) == (7 if day > 72 else 6)
        assert {name: (each.score, each.state) for name, each in replayed[day].items()} == {
            name: (pytest.approx(each.score), each.state) for name, each in then.items()
        }


def test_a_wallet_dropped_since_counts_until_then_and_is_flagged_no_more(engine):
    """Who was followed and dropped is part of the result, else only survivors would count; a later fall is no flag."""
    lines = [*table("a:early", days=100, falls_on=66), *table("a:late", days=100, falls_on=85, seed=5)]
    lines += [line for n in range(5) for line in table(f"a:peer {n}", days=100, seed=20 + n)]
    take(engine, between(lines, 0, 60), 60)
    for before, day in ((60, 80), (80, 100)):
        now = take(engine, between(lines, before, day), day)
    with database.writing(engine) as connection:
        for name in ("a:early", "a:late"):
            wallets.unfollow(connection, name, BEGIN + timedelta(days=84))
    found = backtest.replay(known_now(engine, now), DIAL)
    assert {flag.wallet for flag in found.flags} & {"a:early", "a:late"} == {"a:early"}
    flag = next(flag for flag in found.flags if flag.wallet == "a:early")
    assert flag.lead_days == (BEGIN + timedelta(days=84)).toordinal() - flag.day.toordinal() > 0
    life = next(life for life in found.lives if life.wallet == "a:late")
    assert life.last == (BEGIN + timedelta(days=84)).timestamp() / 86_400
    assert max(life.opened[life.copied]) < life.last


def test_the_command_tells_counts_and_worth(edgewatch, tmp_path):
    """An imported history was not lived; with hindsight one wallet of five is flagged after its fall, and it paid."""
    peers = [line for n in range(5) for line in table(f"forex:peer {n}", days=200, seed=10 + n)]
    (tmp_path / "fx.csv").write_bytes(document(*table(days=200, falls_on=140), *peers))
    edgewatch("import", "fx.csv", "--map", MAP, "--covers", "2025-01-01..2025-07-19", "--follow")
    code, _, err = edgewatch("replay")
    assert (code, "--hindsight" in err) == (3, True)
    code, out, _ = edgewatch("replay", "--hindsight", "--json", "--dial", "1", "--dial", "0.2", "--chart", "r.png")
    usual, strict = json.loads(out)
    assert code == 0
    assert (usual["mode"], usual["wallets"]) == ("hindsight", 6)
    assert len(strict["flags"]) <= len(usual["flags"])
    flag = next(each for each in usual["flags"] if each["wallet"] == "forex:alice")
    assert "2025-05-21" < flag["day"] < "2025-06-20"
    assert flag["delay_days"] >= 0
    worth = usual["following"]["equal_stakes"]
    ways = {way["exit"]: way for way in worth["ways"]}
    assert ways["a_day_after_the_flag"]["a_year"] > ways["never"]["a_year"]
    gain = ways["never"]["obeying_over_it"]
    assert gain["low"] <= gain["mean"] <= gain["high"]
    assert (tmp_path / "r.png").read_bytes().startswith(b"\x89PNG")
    words = " ".join(edgewatch("replay", "--hindsight")[1].split())
    assert "with hindsight: each row as if known when it closed" in words
    assert "Does obeying pay? 6 wallets" in words
    assert "the same stake in each stop following left a year obeying brings more by (95 %)" in words
    assert "never 0" in words
    assert "the best day, in hindsight" in words
    assert "holds zero. It brought" not in words
    assert "Of 1 wallet left a day after the flag, 1 went on to lose" in words
