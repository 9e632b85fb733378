"""Words, units and the cleaning of what others wrote. Pure."""

import html
import math
import re
from datetime import date, datetime

from ingest.text import clean as clean  # noqa: PLC0414 - the words of this room include it
from metrics.types import Evidence, Gain, Metric, MetricEvidence, Sight

SHARES = (Metric.WIN_RATE, Metric.OPEN_LOSSES)  #: metrics that are parts of a count
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


def value(metric: Metric, number: float | None, *, unit: bool = True) -> str:
    """Return ``61 %``, ``+12.4 % per trade`` or ``3.2 a day``; without the unit's words if ``unit`` is False."""
    if number is None or not math.isfinite(number):
        return "unknown"
    if metric in SHARES:
        return f"{_number(100 * number, 0)} %"
    if metric is Metric.AVERAGE_RETURN:
        return f"{_number(100 * number, 1, sign=True)} %" + (" per trade" if unit else "")
    return _pace(number) + (" a day" if unit else "")


def span(metric: Metric, low: float | None, high: float | None) -> str:
    """Return ``45 to 77 %``, or "" where an end is not known."""
    if low is None or high is None:
        return ""
    first, last = value(metric, low, unit=False), value(metric, high, unit=False)
    return f"{first.removesuffix(' %') if last.endswith(' %') else first} to {last}"


def change_span(metric: Metric, low: float | None, high: float | None) -> str:
    """Return ``+1 to +2 pp``, or "" where an end is not known."""
    if low is None or high is None:
        return ""
    first, last = change(metric, low), change(metric, high)
    unit = " pp" if last.endswith(" pp") else " a day"
    return f"{first.removesuffix(unit)} to {last}"


def change(metric: Metric, number: float) -> str:
    """Return a difference: ``+3 pp``, ``+0.4 pp``, ``+0.2 a day``."""
    if not math.isfinite(number):
        return "unknown"
    if metric is Metric.TRADE_FREQUENCY:
        return f"{_pace(number, sign=True)} a day"
    return f"{_number(100 * number, 0 if metric in SHARES else 1, sign=True)} pp"


def sample(item: MetricEvidence) -> str:
    """Return ``24 round trips in 30 days``."""
    return f"{counted(item)} in {count(item.window_days, 'day')}"


def counted(item: MetricEvidence) -> str:
    """Return ``24 round trips``: what a metric counts."""
    return count(item.n, _COUNTED.get(item.metric, "round trip"))


def moved_too(metric: Metric | None, number: int, of: int) -> str:
    """Return ``2 of 9 peers fell too``."""
    return f"{number} of {count(of, 'peer')} {'held on' if metric is Metric.OPEN_LOSSES else 'fell'} too"


def count(number: float, noun: str) -> str:
    """Return ``1 day``, ``9 days``, ``0.4 days``."""
    text = _number(number, 0 if number >= 2 or number == int(number) else 1)
    return f"{text} {noun}" if text == "1" else f"{text} {noun}s"


def recurrence(years: float) -> str:
    """Return ``once in 3.1 years``, ``once in 4 months``, ``once in 12 days``."""
    if years > MOST_YEARS:
        return f"less than once in {MOST_YEARS} years"
    if years >= 1:
        return f"once in {_number(years, 0 if years >= 10 else 1)} years" if years >= 1.05 else "once in a year"
    if years >= 1 / 6:
        return f"once in {count(round(12 * years), 'month')}"
    return f"once in {count(max(1, round(365.25 * years)), 'day')}"


def dollars(number: float, *, sign: bool = False) -> str:
    """Return ``$120``; ``+$42`` with its sign."""
    if not math.isfinite(number):
        return "unknown"
    words = _number(number, 0, sign=sign)
    return f"{words[0]}${words[1:]}" if words[0] in "+\N{MINUS SIGN}" else f"${words}"


def brought(number: float) -> str:
    """Return ``made $120`` or ``lost $42``: a phone breaks the line between a minus and a dollar."""
    if not math.isfinite(number):
        return "made or lost an unknown amount"
    return f"{'lost' if round(number) < 0 else 'made'} {dollars(abs(number))}"


def percent(share: float, *, sign: bool = False) -> str:
    """Return ``24 %`` of a share of one."""
    return f"{_number(100 * share, 0, sign=sign)} %" if math.isfinite(share) else "unknown"


def hours(seconds: float) -> str:
    """Return ``4 hours``, ``3 days``, ``20 minutes``."""
    if not math.isfinite(seconds):
        return "unknown"
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
    if days is None or days < 1:
        return None
    words = f"silent for {count(days, 'day')}"
    longest = evidence.longest_pause_days
    if longest is None or evidence.baseline_days <= 0:
        return words
    history = evidence.baseline_days
    months = f"{round(history / 30.44)} months" if history >= 60 else count(history, "day")
    return f"{words}; its longest pause in {months} was {_number(longest, 0)}"


def gain(found: Gain) -> str:
    """Return ``better than its form since 3 Jun (by luck once in 14 months)``."""
    return f"better than its form since {day(found.since)} (by luck {recurrence(found.recurrence_years)})"


def _pace(number: float, *, sign: bool = False) -> str:
    """Format trades a day: one digit after the point, two for a wallet that trades less than daily."""
    return _number(number, 1 if abs(number) >= 1 or number == round(number, 1) else 2, sign=sign)


def _number(number: float, digits: int, *, sign: bool = False) -> str:
    """Format with a real minus, no zero with a sign, and no hundred digits for what a broken token returned."""
    if abs(number) >= 1e6:
        text = f"{number:{'+' if sign else ''}.1e}"
    else:
        text = f"{round(number, digits) + 0.0:{'+' if sign else ''},.{digits}f}"
        if float(text.replace(",", "")) == 0:
            text = text.lstrip("+-")
    return text.replace("-", "\N{MINUS SIGN}")
