"""From statistics to recurrence intervals."""

import numpy as np
import pytest

from metrics.detector.cusum import Stream
from metrics.detector.recurrence import (
    ALONE,
    KNOTS,
    SHARES,
    WITH_PEERS,
    needed_statistic,
    recurrence_years,
    score_years,
)


@pytest.mark.parametrize("peers", [np.inf, 3.0, 0.0])
@pytest.mark.parametrize("rate", [0.01, 0.5, 1.0, 3.0, 8.7, 200.0])
def test_grows_with_the_evidence(rate: float, peers: float) -> None:
    """More evidence is rarer: positive, finite and strictly growing in every stream, without end."""
    statistic = np.concatenate([np.linspace(0, 40, 401), [1e3]])
    years = recurrence_years(
        np.repeat(statistic[:, None], len(Stream), axis=1),
        np.full(len(statistic), rate),
        np.full(len(statistic), peers),
    )
    assert np.isfinite(years).all()
    assert (years > 0).all()
    assert (np.diff(years[:-1], axis=0) > 0).all()


@pytest.mark.parametrize("peers", [np.inf, 3.0, 0.0])
@pytest.mark.parametrize("years", [0.1, 1.0, 20.0])
def test_needed_statistic_is_the_inverse(years: float, peers: float) -> None:
    """The statistic that is needed for a score brings exactly this score; a gain brings none."""
    for stream in tuple(Stream)[: len(SHARES)]:
        need = needed_statistic(stream, years, 3.0, peers=peers)
        statistic = np.zeros((1, len(Stream)))
        statistic[0, stream] = need
        got = score_years(recurrence_years(statistic, np.array([3.0]), np.array([peers])), np.array([peers]))
        assert got[0] == pytest.approx(years)
    none, gained = np.zeros((1, len(Stream))), np.zeros((1, len(Stream)))
    gained[0, Stream.GAIN] = 30.0
    none, gained = (recurrence_years(each, np.array([3.0]), np.array([peers])) for each in (none, gained))
    assert score_years(gained, np.array([peers])) == score_years(none, np.array([peers]))


def test_tables_have_a_row_per_stream_and_rate() -> None:
    """Every stream has a curve for each trading pace, one value per knot."""
    for table in (WITH_PEERS, ALONE):
        assert len(table) == len(Stream)
        assert all(len(row) == len(KNOTS) for rows in table for row in rows)
