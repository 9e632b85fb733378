"""The wall clock is set while the daemon runs: its jobs go on within one look of the watch."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.schedulers import base
from apscheduler.schedulers.background import BackgroundScheduler

from watcher.daemon import follow_clock

EVERY_S = 0.05


@pytest.fixture
def clock(monkeypatch):
    """The scheduler's clock, which can be set."""

    class Clock(datetime):
        shift = timedelta()

        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + cls.shift

    monkeypatch.setattr(base, "datetime", Clock)
    return Clock


@pytest.fixture
def ticking(clock):
    """A scheduler as the daemon builds it, with one job, and the runs of that job."""
    runs = []
    scheduler = BackgroundScheduler(timezone=UTC, job_defaults={"coalesce": True, "misfire_grace_time": None})
    scheduler.add_job(lambda: runs.append(1), "interval", seconds=EVERY_S, next_run_time=clock.now(UTC))
    scheduler.start()
    yield scheduler, runs
    scheduler.shutdown()


def runs_in(runs, seconds):
    before = len(runs)
    time.sleep(seconds)
    return len(runs) - before


@pytest.mark.parametrize("hours", [-1, 1, -24 * 365])
def test_jobs_go_on_after_the_clock_was_set(ticking, clock, hours):
    """Back or forward, by an hour or a year: after one look of the watch the job runs at its pace again."""
    scheduler, runs = ticking
    assert runs_in(runs, 0.3)
    clock.shift = timedelta(hours=hours)
    time.sleep(2 * EVERY_S)
    follow_clock(scheduler, clock.now(UTC))
    assert runs_in(runs, 0.5) > 1
    assert runs_in(runs, 0.3) < 20, "what an hour would have held is not made up for"


def test_without_the_watch_a_clock_set_back_stops_them(ticking, clock):
    """The law above rests on the watch: the scheduler alone waits until the clock is where it was."""
    _, runs = ticking
    clock.shift = timedelta(hours=-1)
    time.sleep(2 * EVERY_S)
    assert runs_in(runs, 0.5) == 0
