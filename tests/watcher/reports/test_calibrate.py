"""``edgewatch calibrate``: flags among shuffled weeks, and a factor that verdicts then obey."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from metrics.detector.curve_population import TRAITS
from metrics.evaluation.false_flag_rate import CalibrationFactor
from tests.watcher.jobs.sync.test_import_file import MAP, document, edgewatch, table
from watcher.config.settings import DetectionConfig
from watcher.record import calibration_factor
from watcher.record.record import read_record
from watcher.store import flag_log, usage, wallets
from watcher.store.sql import database
from watcher.store.sql.database import reading, writing

__all__ = ["edgewatch"]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
TWICE = CalibrationFactor(value=2.0, low=1.4, high=3.1, dial=1.0, wallets=12)
COVERS = ["--covers", "2025-01-01..2025-07-19", "--follow", "--followed-since", "2025-04-01"]


@pytest.fixture
def imported(edgewatch, tmp_path):
    """Six wallets of 200 days; one falls in June."""
    peers = [line for n in range(5) for line in table(f"forex:peer {n}", days=200, seed=10 + n)]
    (tmp_path / "fx.csv").write_bytes(document(*table(days=200, falls_on=150), *peers))
    edgewatch("import", "fx.csv", "--map", MAP, *COVERS)
    engine = database.connect(f"sqlite:///{tmp_path}/edgewatch.db")
    yield engine
    engine.dispose()


def test_it_counts_and_says_what_it_found(edgewatch, imported):
    """Each dial with its rate; few wallets make no factor; the same record gives the same answer."""
    code, out, _ = edgewatch("calibrate", "--times", "2", "--json")
    found = json.loads(out)
    assert (code, found["factor"], len(found["wallets"]), found["left_out"]) == (0, None, 6, [])
    assert [each["dial"] for each in found["rates"]] == [1.0, 0.25, 4.0]
    one, strict, loose = found["rates"]
    assert strict["flags"] <= one["flags"] <= loose["flags"]
    assert one["rate"] == pytest.approx(one["flags"] / one["wallet_years"])
    assert one["low"] <= one["rate"] <= one["high"]
    assert {each["trait"] for each in found["assumed"]} == set(TRAITS)
    assert all(each["least"] <= each["median"] <= each["most"] for each in found["assumed"])
    assert [(each["days"], len(each["wallets"])) for each in found["stretches"]] == [(196, 6)]
    assert json.loads(edgewatch("calibrate", "--times", "2", "--json")[1]) == found
    words = " ".join(edgewatch("calibrate", "--times", "1")[1].split())
    assert "from 10 on, scores would be corrected" in words
    assert "trait curve made with yours: median (all) outside" in words
    assert "in lists of 32, that the shipped curve was made with" in words


def test_what_cannot_be_shuffled_is_told(edgewatch, tmp_path):
    """No record, a record that is too short, and a block that is no week."""
    assert "nothing was read yet" in edgewatch("calibrate")[2]
    (tmp_path / "fx.csv").write_bytes(document(*table(days=60)))
    edgewatch("import", "fx.csv", "--map", MAP, "--covers", "2025-01-01..2025-03-02", "--follow")
    code, _, err = edgewatch("calibrate")
    assert (code, "too little to shuffle" in err) == (3, True)
    code, _, err = edgewatch("calibrate", "--block", "10")
    assert (code, "multiple of 7" in err) == (3, True)


def test_verdicts_obey_the_factor_until_it_is_forgotten(edgewatch, imported):
    """Intervals are shorter by the factor, a flag's fingerprint tells it apart, status and doctor show it."""
    with reading(imported) as connection:
        plain = read_record(connection, wallets.all_wallets(connection), {}, unit=None, now=NOW)
    with writing(imported) as connection:
        calibration_factor.keep(connection, TWICE, NOW)
        strict = read_record(connection, wallets.all_wallets(connection), {}, unit=None, now=NOW)
    assert strict.factor == 2.0
    # No wallet is flagged at so small a dial, so that the same peers are witnesses in both.
    before, after = (
        {each.wallet: each.score for each in record.judge(1e-200)} for record in (plain, replace(plain, factor=2.0))
    )
    assert after == {wallet: pytest.approx(score / 2) for wallet, score in before.items()}
    assert edgewatch("once")[0] == 0
    with reading(imported) as connection:
        [flag] = flag_log.flags(connection)
    settings = DetectionConfig()
    assert flag.config_hash == calibration_factor.fingerprint(settings, 2.0) != settings.fingerprint
    said = json.loads(edgewatch("status", "--json")[1])
    assert (said["factor"]["factor"]["value"], said["promise"]) == (2.0, None)
    assert "are 2.0 times shorter than the shipped curve says" in " ".join(edgewatch("status")[1].split())
    [check] = [each for each in json.loads(edgewatch("doctor", "--json")[1]) if each["name"] == "calibration"]
    assert check["health"] == "ok"
    assert edgewatch("calibrate", "--forget")[0] == 0
    assert json.loads(edgewatch("status", "--json")[1])["factor"] is None
    with reading(imported) as connection:
        assert calibration_factor.in_use(connection) == 1.0


def test_a_factor_of_another_curve_is_not_used(edgewatch, imported):
    """It corrects the curve that it was found with; after an update it rests, and doctor asks for a new one."""
    with writing(imported) as connection:
        calibration_factor.keep(connection, TWICE, NOW)
        old = json.loads(usage.recall(connection, calibration_factor.KEY)) | {
            "curve": calibration_factor.curve("another detector")
        }
        usage.remember(connection, calibration_factor.KEY, json.dumps(old))
        assert calibration_factor.in_use(connection) == 1.0
    [check] = [each for each in json.loads(edgewatch("doctor", "--json")[1]) if each["name"] == "calibration"]
    assert (check["health"], check["todo"]) == ("warning", "edgewatch calibrate")
