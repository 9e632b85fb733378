"""Does obeying the flags pay? The answer of a replay, as a table and in words. Pure."""

from rich import box
from rich.table import Table

from alerts.wording import count, figure
from metrics.evaluation.exits import ANSWERED, RULE_DAYS, RULE_FALL, RULE_PAUSE, Exit
from metrics.evaluation.follow_returns import Copied, Difference

assert ANSWERED == 1  # as the words say

WAYS = {
    Exit.NEVER: "never",
    Exit.FLAG: "at the flag",
    Exit.ANSWER: "a day after the flag",
    Exit.RANDOM: "on a random day",
    Exit.WIN_RATE_RULE: f"{RULE_DAYS}-day win rate {100 * RULE_FALL:.0f} points down",
    Exit.PAUSE_RULE: f"a pause {RULE_PAUSE:g} times the longest",
    Exit.HINDSIGHT: "the best day, in hindsight",
}


def table(found: Copied, stake: str) -> Table:
    """One line a way to stop; stakes a wallet-year."""
    out = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), title=stake)
    out.title_justify, out.title_style = "left", ""
    out.add_column("stop following", no_wrap=True)
    for name in ("left", "a year"):
        out.add_column(name, justify="right", no_wrap=True)
    out.add_column("obeying brings more by (95 %)", no_wrap=True)
    for way in found.ways:
        gain = "" if way.obeying_over_it is None else difference(way.obeying_over_it)
        out.add_row(WAYS[way.exit], f"{way.stopped}", stakes(way.a_year), gain)
    return out


def heading(found: Copied) -> str:
    """What was replayed, and what the figures mean."""
    cost = (
        f", {figure(found.cost, 2, scale=100)} % off each for your own costs"
        if found.cost
        else "; your own costs are not in it"
    )
    return (
        f"Does obeying pay? {count(found.wallets, 'wallet')}, {figure(found.wallet_years, 1)} wallet-years, "
        f"{count(found.round_trips, 'round trip')}{cost}. "
        "Obeying is to stop a day after the flag. Stakes a wallet-year:"
    )


def conclusion(found: Copied) -> str:
    """What the comparison with never leaving shows, and whether chance would have done as well."""
    if not found.of(Exit.ANSWER).stopped:
        return "No wallet was flagged in time to leave it: this record says nothing of whether obeying pays."
    never, chance = (found.of(way).obeying_over_it for way in (Exit.NEVER, Exit.RANDOM))
    assert never is not None
    assert chance is not None
    if never.low is None or never.high is None:
        return "Too few wallets for an interval: this record cannot show whether obeying pays."
    if never.low <= 0 <= never.high:
        said = "This record does not show that obeying pays: the interval beside never leaving holds zero."
    elif never.low > 0:
        said = "Obeying paid, beside never leaving."
    else:
        said = "Obeying cost money, beside never leaving."
    if chance.low is not None and chance.low > 0:
        return f"{said} It brought more than leaving as many on random days."
    return f"{said} That it brought more than leaving as many on random days is not shown."


def aftermath(found: Copied) -> str:
    """How those that were left went on."""
    after = found.aftermath
    if not after.left:
        return ""
    words = f"Of {count(after.left, 'wallet')} left a day after the flag, {after.lost} went on to lose"
    if after.loss is None or after.days is None:
        return f"{words}."
    return (
        f"{words}: {stakes(after.loss)} stakes on average, to a lowest point after {count(after.days, 'day')} (median)."
    )


def difference(found: Difference) -> str:
    """``+1.2 (-0.3 to +2.8)``."""
    if found.low is None or found.high is None:
        return f"{stakes(found.mean)} (too few wallets)"
    return f"{stakes(found.mean)} ({stakes(found.low)} to {stakes(found.high)})"


def stakes(number: float) -> str:
    """With a sign, two places."""
    return figure(number, 2, sign=True)
