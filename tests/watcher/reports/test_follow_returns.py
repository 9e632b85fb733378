"""The words of whether obeying pays: each conclusion where the figures are so, and no other."""

import numpy as np
import pytest
from rich.console import Console

from alerts.wording import MINUS
from metrics.evaluation.exits import Life
from metrics.evaluation.follow_returns import compare
from watcher.reports import follow_returns


def life(n, returns, flagged=None):
    days = np.arange(len(returns), dtype=float)
    return Life(
        wallet=f"w{n}",
        first=0.0,
        last=float(len(returns)),
        opened=days,
        closed=days,
        returns=np.array(returns, dtype=float),
        sizes=np.full(len(returns), np.nan),
        flagged=flagged,
    )


def found(lives, cost=0.0):
    return compare(lives, np.random.default_rng(5), cost=cost, draws=200).equal_stakes


FALLS, GOES_ON = [0.1] * 50 + [-0.2] * 50, [0.1] * 100


@pytest.mark.parametrize(
    ("lives", "said"),
    [
        ([life(n, FALLS, 52.0) for n in range(12)], "Obeying paid, beside never leaving. It brought more than"),
        ([life(n, GOES_ON, 52.0) for n in range(12)], "Obeying cost money, beside never leaving. That it brought"),
        (
            [life(n, FALLS if n % 2 else GOES_ON, 52.0) for n in range(12)],
            "This record does not show that obeying pays: the interval beside never leaving holds zero. ",
        ),
        ([life(n, FALLS, 52.0) for n in range(4)], "Too few wallets for an interval: this record cannot show"),
        ([life(n, FALLS) for n in range(12)], "No wallet was flagged in time to leave it: this record says nothing"),
    ],
)
def test_what_is_concluded_is_what_the_interval_says(lives, said):
    """Above zero it paid, below it cost, around zero nothing is shown; too few wallets, or none left, show nothing."""
    assert follow_returns.conclusion(found(lives)).startswith(said)


def test_how_those_that_were_left_went_on():
    """Losses are told with their size and length; without any there is no such figure; without a flag no sentence."""
    assert follow_returns.aftermath(found([life(0, FALLS, 52.0)])) == (
        f"Of 1 wallet left a day after the flag, 1 went on to lose: {MINUS}9.40 stakes on average, "
        "to a lowest point after 46 days (median)."
    )
    assert follow_returns.aftermath(found([life(0, GOES_ON, 52.0)])) == (
        "Of 1 wallet left a day after the flag, 0 went on to lose."
    )
    assert follow_returns.aftermath(found([life(0, GOES_ON)])) == ""


def test_the_table_fits_80_columns():
    """Every way to stop has its line, with an interval where there are wallets enough."""
    console = Console(width=80, record=True, file=None, force_terminal=False, no_color=True)
    with console.capture() as captured:
        console.print(follow_returns.table(found([life(n, FALLS, 52.0) for n in range(12)]), "the same stake in each"))
    lines = captured.get().splitlines()
    assert max(map(len, lines)) <= 80
    for words in follow_returns.WAYS.values():
        assert any(line.strip().startswith(words) for line in lines)
    assert "…" not in captured.get()


def test_the_heading_tells_costs():
    """Costs that were taken off are said, and that none were."""
    lives = [life(n, FALLS) for n in range(12)]
    assert "12 wallets, 3.3 wallet-years, 1,200 round trips; your own costs are not in it." in follow_returns.heading(
        found(lives)
    )
    assert "0.50 % off each for your own costs." in follow_returns.heading(found(lives, cost=0.005))
