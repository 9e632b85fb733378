"""A curve holds for the detector that it was fitted with, and for no other."""

import ast
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from metrics import monitor
from metrics.detector import fingerprint, recurrence
from metrics.detector.cusum import Stream
from metrics.evaluation.synthetic import START, population
from metrics.evaluation.synthetic_positions import with_positions
from metrics.monitor import Monitor

RECALIBRATE = (
    "the detector is another than the one that the tables of metrics.detector.recurrence were fitted with: fit them "
    "anew with `python -m benchmarks.calibrate` and put what it prints in their place"
)

SAID = {
    "WIN_RATE": 0.428304453,
    "RETURN_SIZE": 0.818099152,
    "JOINT": 0.615103840,
    "SILENCE": 0.501641794,
    "SURGE": 0.149284207,
    "OPEN_LOSSES": 0.083698488,
    "GAIN": 0.623414011,
}
"""Means of the streams' statistics in the world below, by the detector that the tables were fitted with."""
RATE = 2.800132478

SHELL = {
    "metrics.monitor",
    "metrics.detector.curve_population",
    "metrics.detector.verdict",
    "metrics.detector.change_date",
    "metrics.detector.time_to_detect",
    "metrics.types",
    "metrics.intervals",
}
"""Modules that the monitor reads and no score depends on."""


def test_the_shipped_curve_was_fitted_with_this_detector() -> None:
    """No constant that shapes a score changes without a new calibration."""
    assert fingerprint.detector() == recurrence.FITTED_WITH, RECALIBRATE


@pytest.mark.parametrize("line", sorted(fingerprint.constants()))
def test_every_constant_is_in_the_fingerprint(line: str) -> None:
    """Another value of one, one more and one less each give another fingerprint."""
    known = fingerprint.constants()
    changed = [known - {line} | {f"{line}1"}, known | {f"NEW_{line}"}, known - {line}]
    assert fingerprint.detector() not in {fingerprint.fingerprint(frozenset(each)) for each in changed}


def test_no_module_between_the_rows_and_the_score_is_forgotten() -> None:
    """Whatever the monitor imports shapes the scores, and is among the modules whose constants count."""
    root = Path(monitor.__file__).parents[1]
    found, left = set(), {"metrics.monitor"}
    while left:
        name = left.pop()
        found.add(name)
        tree = ast.parse((root / f"{name.replace('.', '/')}.py").read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "metrics":
                package = (root / (node.module or "").replace(".", "/")).is_dir()
                named = {f"{node.module}.{each.name}" for each in node.names} if package else {node.module or ""}
                left |= named - found
    counted = {module.__name__ for module in fingerprint.MODULES}
    assert found - SHELL == counted


def test_what_the_detector_says_of_a_fixed_world_is_what_it_said_when_it_was_calibrated() -> None:
    """The mean statistic of each stream over an invented world: what is written into a formula counts as well."""
    rng = np.random.default_rng(11)
    frame, market = population(rng, wallets=7, history_days=60, days=40, drawdowns=2, rate=3.0)
    frame, positions = with_positions(rng, frame, market)
    past = frame["closed_at"] < START
    alone = Monitor(false_flags_per_wallet_year=1e-9)
    alone.start(frame[past], None, followed_since=START, open_positions=positions[positions["marked_at"] == START])
    alone.tick(START + timedelta(days=40), frame[~past], positions)
    statistic, rate = alone.course(40)
    said = dict(zip(tuple(each.name for each in Stream), statistic.mean(axis=(0, 1)).tolist(), strict=True))
    assert said == pytest.approx(SAID, rel=1e-5), RECALIBRATE
    assert float(rate.mean()) == pytest.approx(RATE, rel=1e-5), RECALIBRATE
