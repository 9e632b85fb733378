"""Words, units and the cleaning of what others wrote. Pure.

Every number that a person reads is written here. It may be any float, as broken data can lead to any: what is no number
is called unknown, and what is beyond sense is bounded.
"""

import html
import math
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from ingest.text import clean as clean  # noqa: PLC0414 - the words of this room include it
from metrics.types import Evidence, Gain, Metric, MetricEvidence, MovedAway, Sight

Number = int | float | Decimal
UNKNOWN: Final = "unknown"
MOST: Final = 100_000  #: beyond it, figures are not told apart
MANY: Final = 10**12  #: the same for dollars and for what is counted
LEAST: Final = Decimal("0.001")  #: of a coin, below which nothing is told apart
MINUS: Final = "\N{MINUS SIGN}"
SHARES = (Metric.WIN_RATE, Metric.OPEN_LOSSES)  #: metrics that are parts of a count
WORTH_TELLING = 0.7  #: share of them that trades must be worth, or it is said that they hang together
MOST_YEARS = 100  #: what is seldomer is not told apart
_COUNTED = {Metric.TRADE_FREQUENCY: "trade", Metric.OPEN_LOSSES: "position"}
_TAG = re.compile(r"<[^<>]*>")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # in any locale


def escape(text: str, limit: int) -> str:
    """Clean text of others and make it safe inside Telegram's HTML."""
    return html.escape(clean(text, limit), quote=False)


def strip(text: str) -> str:
    """Return what a person sees of our HTML: tags off, entities resolved."""
    return html.unescape(_TAG.sub("", text))


def visible_length(text: str) -> int:
    """Length as Telegram counts it: UTF-16 units after entities."""
    return len(strip(text).encode("utf-16-le", "surrogatepass")) // 2


def short(wallet: str) -> str:
    """Return ``0x12ab…cd34``."""
    line = clean(wallet, 64)
    return line if len(line) <= 12 else f"{line[:6]}…{line[-4:]}"


def address(wallet: str) -> str:
    """Return ``0x12ab34…12cd34``: longer than `short`, because look-alikes are made to share four characters."""
    line = clean(wallet, 64)
    first = 8 if line.startswith("0x") else 6
    return line if len(line) <= first + 7 else f"{line[:first]}…{line[-6:]}"


def day(at: date) -> str:
    """Return ``1 Jul``."""
    return f"{at.day} {_MONTHS[at.month - 1]}"


def moment(at: datetime) -> str:
    """Return ``2025-07-01 14:02 UTC``; ``at`` is UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def name(metric: Metric) -> str:
    """Return ``win rate``."""
    return metric.replace("_", " ")


def is_known(number: Number | None) -> bool:
    """Whether there is a number: neither None, nor nan, nor infinite."""
    if number is None or isinstance(number, int):
        return number is not None
    return number.is_finite() if isinstance(number, Decimal) else math.isfinite(number)


def figure(
    number: Number | None, digits: int = 0, *, scale: int = 1, sign: bool = False, unit: str = "", most: Number = MOST
) -> str:
    """Write a number for a person: ``1,234.5``, with a real minus, and no zero with a sign.

    Parameters
    ----------
    number
        Any, be it what broken data led to.
    digits
        Behind the point.
    scale
        Factor before it is written; 100 for percent.
    sign
        Whether a plus is written.
    unit
        Is put behind it, with its space.
    most
        Beyond it numbers are not told apart: ``over 100,000``, ``under -100,000``.

    Returns
    -------
    str
        ``unknown`` without a unit where there is no number.
    """
    if number is None or not is_known(number):
        return UNKNOWN
    scaled: Any = number * scale  # may be infinite now, which is beyond as well
    if abs(scaled) > most:
        words = f"{'under -' if scaled < 0 else 'over '}{most:,}"
    else:
        words = f"{round(scaled, digits) + 0:{'+' if sign else ''},.{digits}f}"
        if float(words.replace(",", "")) == 0:
            words = words.lstrip("+-")
    return f"{words.replace('-', MINUS)}{unit}"


def value(metric: Metric, number: float | None, *, unit: bool = True) -> str:
    """Return ``61 %``, ``+12.4 % per trade`` or ``3.2 a day``; without the unit's words if ``unit`` is False."""
    if metric in SHARES:
        return figure(number, scale=100, unit=" %")
    if metric is Metric.AVERAGE_RETURN:
        return figure(number, 1, scale=100, sign=True, unit=" % per trade" if unit else " %")
    return _pace(number, unit=" a day" if unit else "")


def span(metric: Metric, low: float | None, high: float | None) -> str:
    """Return ``45 to 77 %``, or "" where an end is not known."""
    if not is_known(low) or not is_known(high):
        return ""
    first, last = value(metric, low, unit=False), value(metric, high, unit=False)
    return f"{first.removesuffix(' %') if last.endswith(' %') else first} to {last}"


def change_span(metric: Metric, low: float | None, high: float | None) -> str:
    """Return ``+1 to +2 pp``, or "" where an end is not known."""
    if low is None or high is None or not is_known(low) or not is_known(high):
        return ""
    first, last = change(metric, low), change(metric, high)
    unit = " pp" if last.endswith(" pp") else " a day"
    return f"{first.removesuffix(unit)} to {last}"


def change(metric: Metric, number: float) -> str:
    """Return a difference: ``+3 pp``, ``+0.4 pp``, ``+0.2 a day``."""
    if metric is Metric.TRADE_FREQUENCY:
        return _pace(number, sign=True, unit=" a day")
    return figure(number, 0 if metric in SHARES else 1, scale=100, sign=True, unit=" pp")


def sample(item: MetricEvidence) -> str:
    """Return ``24 round trips in 30 days``."""
    return f"{counted(item)} in {count(item.window_days, 'day')}"


def counted(item: MetricEvidence) -> str:
    """Return ``24 round trips``, ``52 round trips, worth about 20 independent ones``: what a metric counts."""
    many = count(item.n, _COUNTED.get(item.metric, "round trip"))
    if item.worth is None or item.worth > WORTH_TELLING * item.n:
        return many
    few = figure(max(1.0, item.worth))
    return f"{many}, worth about {few} independent {'one' if few == '1' else 'ones'}"


def moved_too(metric: Metric | None, number: int, of: int) -> str:
    """Return ``2 of 9 peers fell too``."""
    return f"{number} of {count(of, 'peer')} {'held on' if metric is Metric.OPEN_LOSSES else 'fell'} too"


def count(number: float, noun: str) -> str:
    """Return ``1 day``, ``9 days``, ``0.4 days``; ``an unknown number of days``."""
    if not is_known(number):
        return f"an {UNKNOWN} number of {noun}s"
    words = figure(number, 0 if number >= 2 or number == int(number) else 1, most=MANY)
    return f"{words} {noun}" if words == "1" else f"{words} {noun}s"


def recurrence(years: float) -> str:
    """Return ``once in 3.1 years``, ``once in 4 months``, ``once in 12 days``."""
    if years > MOST_YEARS:
        return f"less than once in {MOST_YEARS} years"
    if not is_known(years):
        return f"once in an {UNKNOWN} time"
    if years >= 1:
        return f"once in {figure(years, 0 if years >= 10 else 1)} years" if years >= 1.05 else "once in a year"
    if years >= 1 / 6:
        return f"once in {count(round(12 * years), 'month')}"
    return f"once in {count(_days(years), 'day')}"


def chance(years: float) -> str:
    """Return `recurrence` for a narrow column: ``1 in 3.1 y``."""
    if years > MOST_YEARS:
        return f"1 in >{MOST_YEARS} y"
    if not is_known(years):
        return UNKNOWN
    if years >= 1:
        return f"1 in {figure(years, 1)} y"
    return f"1 in {figure(12 * years)} mo" if years >= 1 / 6 else f"1 in {_days(years)} d"


def _days(years: float) -> int:
    return max(1, round(365.25 * max(0.0, years)))


def dollars(number: float, *, sign: bool = False, most: int = MANY) -> str:
    """Return ``$120``; ``+$42`` with its sign."""
    words = figure(number, sign=sign, most=most)
    return words if words == UNKNOWN else re.sub(r"(?=[0-9])", "$", words, count=1)


def brought(number: float) -> str:
    """Return ``made $120`` or ``lost $42``: a phone breaks the line between a minus and a dollar."""
    if not is_known(number):
        return f"made an {UNKNOWN} amount"
    return f"{'lost' if round(number) < 0 else 'made'} {dollars(abs(number))}"


def percent(share: float, *, sign: bool = False) -> str:
    """Return ``24 %`` of a share of one."""
    return figure(share, scale=100, sign=sign, unit=" %")


def setting(number: float) -> str:
    """Return ``0.25`` or ``1``, as a person wrote it."""
    return f"{number:g}" if is_known(number) and abs(number) <= MOST else figure(number)


def amount(tokens: Decimal) -> str:
    """Return ``1,234.56``: six digits of an amount of a token, whatever its size."""
    return f"{tokens:,.6g}" if is_known(tokens) else UNKNOWN


def coins(balance: Decimal | None) -> str:
    """Return ``0.0123`` or ``1,234`` of a coin; ``?`` where that is not known."""
    if balance is None or not balance.is_finite():
        return "?"
    if 0 < abs(balance) < LEAST:
        return f"under {LEAST}"
    return figure(balance, most=MANY) if abs(balance) >= 100 else f"{balance:.3g}"


def moved_away(found: MovedAway) -> str:
    """Return ``31 % of what it bought was moved away unsold, $4,200 in 5 positions``, and what these were worth."""
    positions = count(found.positions, "position")
    said = f"{percent(found.share)} of what it bought was moved away unsold, {dollars(float(found.cost_usd))}"
    parts = [f"{found.under_water:,} under water then"] if found.under_water else []
    parts += [f"{found.unknown:,} of unknown worth"] if found.unknown else []
    worth = f" ({', '.join(parts)})" if parts else ""
    return f"{said} in {positions}{worth}"


def sure(probability: float | None) -> str:
    """Return ``97 %``, ``over 99 %`` or ``under 1 %``: nothing is ever quite sure."""
    if probability is None or not is_known(probability):
        return UNKNOWN
    return "over 99 %" if probability > 0.99 else "under 1 %" if probability < 0.01 else percent(probability)


def hours(seconds: float) -> str:
    """Return ``4 hours``, ``3 days``, ``20 minutes``."""
    if not is_known(seconds):
        return UNKNOWN
    for unit, noun in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= 2 * unit:
            return count(round(seconds / unit), noun)
    return "a minute or less" if seconds < 90 else "2 minutes"


def sight(seen: Sight) -> str:
    """Return ``a 20-point drop shows in about 45 days, silence in 6 days.``"""
    drop, silence = seen.win_rate_drop_20pp_days, seen.silence_days
    drop_says = f"in about {count(drop, 'day')}" if drop is not None else "not within a year"
    silence_says = f"in {count(silence, 'day')}" if silence is not None else "not within a year"
    return f"a 20-point drop shows {drop_says}, silence {silence_says}."


def silent(evidence: Evidence) -> str | None:
    """Return ``silent for 21 days; its longest pause in 14 months was 9``; None where it traded within a day."""
    days = evidence.silent_days
    if days is None or not days >= 1:
        return None
    words = f"silent for {count(days, 'day')}"
    longest = evidence.longest_pause_days
    if longest is None or not evidence.baseline_days > 0:
        return words
    history = evidence.baseline_days
    months = f"{figure(history / 30.44, 0)} months" if history >= 60 else count(history, "day")
    return f"{words}; its longest pause in {months} was {figure(longest, 0)}"


def gain(found: Gain) -> str:
    """Return ``better than its form since 3 Jun (by luck once in 14 months)``."""
    return f"better than its form since {day(found.since)} (by luck {recurrence(found.recurrence_years)})"


def _pace(number: float | None, *, sign: bool = False, unit: str = "") -> str:
    """Format trades a day: one digit after the point, two for a wallet that trades less than daily."""
    few = number is not None and is_known(number) and abs(number) < 1 and number != round(number, 1)
    return figure(number, 2 if few else 1, sign=sign, unit=unit)
