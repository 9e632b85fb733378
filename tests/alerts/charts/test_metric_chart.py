"""The chart shows the series and nothing else: what is drawn is read back from the axes, not from pixels."""

import io
import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.image import imread

from alerts.charts.metric_chart import DARK, LIGHT, draw, figure
from alerts.types import ChartSeries
from metrics.types import Metric
from tests.alerts.examples import chart_series

EPOCH = date(1970, 1, 1)
SERIES = replace(
    chart_series(),
    since_from=date(2025, 5, 29),
    since_to=date(2025, 6, 11),
    peers_low=tuple(each - 0.04 for each in chart_series().peers if each is not None),
    peers_high=tuple(each + 0.05 for each in chart_series().peers if each is not None),
    window_days=30,
)


def day(at: date) -> int:
    return (at - EPOCH).days


def axes_of(series: ChartSeries):
    return figure(series, title="Alice").axes[0]


def drawn(series: ChartSeries) -> dict[str, object]:
    """Label of each thing in the axes to the thing."""
    return {each.get_label(): each for each in axes_of(series).get_children()}


def legend(series: ChartSeries) -> list[str]:
    return [words.get_text() for words in figure(series, title="").legends[0].get_texts()]


def test_it_is_a_sharp_png_whose_words_a_phone_can_show():
    """1440 x 1200 pixels, far below Telegram's 10 MB; no word below 10 pixels where the picture is 360 wide."""
    png = draw(SERIES, title="0x12ab…cd34 “Alice”: win rate")
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert imread(io.BytesIO(png)).shape[:2] == (1200, 1440)
    assert 20_000 < len(png) < 500_000
    shown = figure(SERIES, title="Alice")
    axes = shown.axes[0]
    shown.canvas.draw()
    words = [*axes.texts, *axes.get_xticklabels(), *axes.get_yticklabels(), *shown.legends[0].get_texts()]
    sizes = [each.get_fontsize() for each in [*words, axes.yaxis.label, shown.texts[0]] if each.get_text()]
    assert min(sizes) / 72 * 360 / shown.get_size_inches()[0] >= 10


def test_the_scale_of_a_slow_wallet_reads_as_the_numbers_that_it_marks():
    """Ticks below a tenth keep their zero: 0.08 trades a day is not 08."""
    slow = replace(SERIES, metric=Metric.TRADE_FREQUENCY, value=tuple(0.001 * n for n in range(len(SERIES.days))))
    shown = figure(replace(slow, low=None, high=None, baseline=None, peers=(), peers_low=(), peers_high=()), title="")
    shown.canvas.draw()
    axis = shown.axes[0].yaxis
    ticks = list(zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=True))
    assert len(ticks) >= 3
    assert all(
        float(label.get_text().replace("\N{MINUS SIGN}", "-")) == pytest.approx(at, abs=0.006) for at, label in ticks
    )


def test_the_lines_are_the_series():
    """Wallet and peers day by day, the band of the peers, the form with its range, and the days that matter."""
    found = drawn(SERIES)
    days = [day(each) for each in SERIES.days]
    values = [math.nan if each is None else each for each in SERIES.value]
    np.testing.assert_array_equal(found["wallet"].get_xdata(), days)
    np.testing.assert_array_equal(found["wallet"].get_ydata(), values)
    np.testing.assert_array_equal(found["peers"].get_ydata(), SERIES.peers)
    corners = found["peers' interval"].get_paths()[0].vertices
    assert corners[:, 1].min() == min(SERIES.peers_low)
    assert corners[:, 1].max() == max(SERIES.peers_high)
    assert set(found["form"].get_ydata()) == {0.61}
    span = found["range"]
    assert (span.get_y(), span.get_y() + span.get_height()) == pytest.approx((0.45, 0.77))
    assert set(found["change"].get_xdata()) == {day(date(2025, 6, 5))}
    assert set(found["followed"].get_xdata()) == {day(date(2025, 3, 1))}
    when = found["change interval"]
    assert (when.get_x(), when.get_width()) == (day(date(2025, 5, 29)), 13)


def test_the_legend_names_what_is_there():
    """Every line is named, in the order of interest; what is not known is neither drawn nor named."""
    named = ["this wallet", "its usual range", "its form, 61 %", "peers' median", "followed 1 Mar", "change 5 Jun"]
    assert legend(SERIES) == named
    alone = tuple(None for _ in SERIES.days)
    bare = replace(SERIES, peers=alone, peers_low=(), peers_high=(), low=None, baseline=None, since=None)
    assert legend(bare) == ["this wallet", "followed 1 Mar"]


def test_a_gap_is_a_gap_and_a_lonely_day_a_point():
    """Days without a value break the line; a day between two gaps, which a line cannot show, is a point."""
    holes = tuple(None if 60 <= i < 90 or 91 <= i < 120 else 0.6 for i in range(180))
    lines = axes_of(replace(SERIES, value=holes)).get_lines()
    line, points = lines[0].get_ydata(), lines[1].get_ydata()
    assert [i for i, value in enumerate(line) if math.isnan(value)] == [*range(60, 90), *range(91, 120)]
    assert [i for i, value in enumerate(points) if not math.isnan(value)] == [90]


def test_the_latest_value_stands_at_its_end():
    """The number that a reader looks for is written at the last known day."""
    [words] = axes_of(replace(SERIES, value=(*SERIES.value[:-3], 0.384, None, None))).texts
    assert words.get_text() == "38 %"
    assert words.xy == (day(SERIES.days[-3]), 0.384)


def test_days_outside_the_picture_do_not_stretch_it():
    """Marks before the first or after the last day are left out, an interval is cut."""
    odd = replace(SERIES, followed_since=date(1999, 1, 1), since=date(2031, 1, 1), since_from=date(2000, 1, 1))
    assert "followed" not in drawn(odd)
    assert "change" not in drawn(odd)
    low, high = axes_of(odd).get_xlim()
    assert high - low < 1.1 * len(SERIES.days)


def test_light_and_dark():
    """The dark picture has a dark paper and light words; both have the same lines."""
    for palette in (LIGHT, DARK):
        shown = figure(SERIES, title="Alice", palette=palette)
        assert to_hex(shown.get_facecolor()) == palette.paper
        assert {to_hex(each.get_color()) for each in shown.legends[0].get_texts()} == {palette.ink}
        assert len(shown.axes[0].get_lines()) == len(axes_of(SERIES).get_lines())


@pytest.mark.parametrize("metric", Metric)
def test_nothing_to_show_is_still_a_picture(metric: Metric):
    """An empty series, one day, no band, no peers, marks outside the days, and hostile titles are drawn."""
    series = replace(SERIES, metric=metric)
    none = tuple(None for _ in series.days)
    for odd in (
        replace(series, days=(), value=(), peers=(), low=None, high=None, baseline=None),
        replace(series, days=series.days[:1], value=(0.5,), peers=(None,)),
        replace(series, value=none, peers=none, low=None),
        replace(series, value=tuple(float("nan") for _ in series.days), peers=(float("inf"),) * 180),
    ):
        assert draw(odd, title="$x^ 漢字 \u202e\x00 🚀 \\frac{" + "x" * 10_000).startswith(b"\x89PNG")
