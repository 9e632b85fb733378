"""The picture of the evidence by day: what is drawn is read back from the axes."""

import io
from datetime import date, timedelta

import numpy as np
from matplotlib.image import imread

from alerts.charts.evidence_chart import draw, figure
from alerts.charts.metric_chart import DARK

DAYS = [date(2025, 9, 1) + timedelta(days=n) for n in range(4)]
LINES = {"win rate": [0.1, 0.5, 2.0, 1e9], "silence": [0.01, 0.01, 1e-9, 0.02], "score": [0.1, 0.4, 1.5, 300.0]}


def test_every_stream_the_score_and_the_level_are_drawn():
    """By name, day by day; what lies beyond the edges is drawn at them; the score is the thickest line."""
    axes = figure(DAYS, LINES, needed=0.5).axes[0]
    drawn = {line.get_label(): line for line in axes.get_lines()}
    assert list(drawn) == [*LINES, "flags above"]
    assert np.allclose(drawn["win rate"].get_ydata(), [0.1, 0.5, 2.0, 1000.0])
    assert np.allclose(drawn["silence"].get_ydata(), [0.01, 0.01, 1 / 365.25, 0.02])
    assert set(drawn["flags above"].get_ydata()) == {0.5}
    assert max(drawn.values(), key=lambda line: line.get_linewidth()) is drawn["score"]
    styles = {(line.get_color(), str(line._dash_pattern)) for line in drawn.values()}
    assert len(styles) == len(drawn), "each line is told apart"
    low, high = axes.get_ylim()
    assert low <= 1 / 365.25
    assert high >= 1000


def test_it_is_a_picture_of_the_usual_size():
    """1440 x 1200 pixels, in both palettes."""
    assert imread(io.BytesIO(draw(DAYS, LINES, needed=1.0, palette=DARK))).shape[:2] == (1200, 1440)
