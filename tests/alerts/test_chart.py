"""The chart is a picture of the series: gaps are gaps, and nothing breaks it."""

import io
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from matplotlib.image import imread

from alerts.chart import draw
from alerts.types import ChartSeries
from metrics.types import Metric
from tests.alerts.examples import chart_series

WALLET_COLOUR = np.array([0xC2, 0x41, 0x0C]) / 255


def columns(series: ChartSeries) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Return for each column of the plot whether the wallet's line is in it."""
    picture = imread(io.BytesIO(draw(series, title="")))[:800, :, :3]
    return (np.abs(picture - WALLET_COLOUR).max(axis=2) < 0.01).any(axis=0)


def test_it_is_a_sharp_png():
    """A PNG of 1800 x 1000 pixels, well below Telegram's 10 MB."""
    png = draw(chart_series(), title="0x12ab…cd34 “Alice”: win rate")
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert imread(io.BytesIO(png)).shape[:2] == (1000, 1800)
    assert len(png) < 500_000


def test_a_gap_breaks_the_line():
    """Days without a value are empty in the picture, and days between two gaps are still seen."""
    whole = replace(chart_series(), since=None, value=tuple(0.6 for _ in chart_series().days))
    holes = tuple(None if 60 <= i < 90 or 91 <= i < 120 else 0.6 for i in range(180))
    drawn, broken = columns(whole), columns(replace(whole, value=holes))
    first = int(np.argmax(drawn))
    length = int(np.argmin(drawn[first:]))  # one unbroken line; the words at its end come after
    width = length / 180
    assert length > 1300
    assert not broken[int(first + 62 * width) : int(first + 87 * width)].any()
    assert broken[int(first + 88 * width) : int(first + 92 * width)].any()
    assert not broken[int(first + 94 * width) : int(first + 116 * width)].any()


@pytest.mark.parametrize("metric", Metric)
def test_nothing_to_show_is_still_a_picture(metric: Metric):
    """An empty series, one day, no band, no peers, marks outside the days, and hostile titles are drawn."""
    series = replace(chart_series(), metric=metric)
    none = tuple(None for _ in series.days)
    for odd in (
        replace(series, days=(), value=(), peers=(), low=None, high=None, baseline=None),
        replace(series, days=series.days[:1], value=(0.5,), peers=(None,)),
        replace(series, value=none, peers=none, low=None),
        replace(series, followed_since=date(1999, 1, 1), since=date(2031, 1, 1)),
        replace(series, value=tuple(float("nan") for _ in series.days), peers=(float("inf"),) * 180),
    ):
        assert draw(odd, title="$x^ 漢字 \u202e\x00 🚀 \\frac{").startswith(b"\x89PNG")
