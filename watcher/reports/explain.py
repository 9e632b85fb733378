"""A verdict in plain words, with or without a flag. Pure."""

from collections.abc import Iterable
from datetime import timedelta

from alerts import wording
from alerts.messages import card
from alerts.messages.silence import reasons
from alerts.types import Flag
from ingest.types import FiledTrip
from metrics.types import Assessment, Context, Evidence, Metric, MetricEvidence, MovedAway, RoundTrip, Silence, State
from watcher.reports import tables


def explain(
    assessment: Assessment | None,
    flag: Flag | None = None,
    *,
    silence: Silence | None = None,
    left: MovedAway | None = None,
) -> list[str]:
    """Say what moved, against what it is held, and how sure that is: lines of Telegram's HTML, escaped.

    Parameters
    ----------
    assessment
        The verdict, if there is one.
    flag
        The flag whose verdict it is: then these are the lines of its message.
    silence
        What was found about why it has gone quiet, see ``alerts.messages.silence.newest``.
    left
        What left its positions unsold, whatever its share; a flag tells what was known when it was opened.
    """
    if flag is not None:
        return [line.html for line in card.card_lines(flag) if line.html]
    if assessment is None:
        return ["It has not been judged yet: `edgewatch once` reads and judges.", *card.gone(left)]
    evidence = assessment.evidence
    context, lead = evidence.context or Context(), card.lead_of(evidence)
    lines = [f"<b>{wording.escape(tables.verdict(assessment), 200).capitalize()}</b>"]
    if evidence.fell_back and lead is not None:
        level = wording.value(lead.metric, lead.long_run)
        lines.append(f"It is back to the long-run level of wallets like it, {level}: the streak was probably luck")
    if evidence.gain is not None:
        lines.append(f"It does {wording.gain(evidence.gain)}. No reason to act, and told for the record")
    if lead is not None:
        # Market or wallet is a question only about what stands out on its own.
        stands_out = assessment.state in {State.WATCH, State.FLAGGED}
        lines += [*card.moved(lead, evidence), *(reasons(silence) if silence else ()), *card.others(evidence)]
        lines += [card.market(evidence) if stands_out else _peers(evidence, lead)]
        lines += [*card.began(evidence, context), *card.bags(evidence), *card.luck(assessment.score, context)]
    if evidence.sight is not None:
        lines.append(f"<b>Sight</b> {wording.sight(evidence.sight)}")
    lines += card.gone(left)
    return [*lines, *(f"• {wording.escape(note, 400)}" for note in evidence.notes)]


def _peers(evidence: Evidence, lead: MetricEvidence) -> str:
    if not evidence.peers:
        return "<b>Peers</b> none: its own past is all that it is held against."
    said = f"<b>Peers</b> {wording.moved_too(lead.metric, evidence.peers_down, evidence.peers)}"
    return (
        f"{said}." if lead.peers_change is None else f"{said}; peers {wording.change(lead.metric, lead.peers_change)}."
    )


def drivers(assessment: Assessment | None, trips: Iterable[RoundTrip | FiledTrip]) -> list[RoundTrip | FiledTrip]:
    """Pick a wallet's round trips behind its verdict, what speaks loudest first.

    Those closed since the change began (else in the window of the leading metric) and before the day of the verdict.
    Where the trade frequency leads, the newest first; else by their return, the lowest first, unknown ones left out.
    Empty without a verdict.
    """
    evidence = assessment.evidence if assessment else None
    lead = card.lead_of(evidence) if evidence else None
    if assessment is None or evidence is None or lead is None:
        return []
    until = assessment.as_of.date()
    since = evidence.since or until - timedelta(days=lead.window_days)
    judged = [each for each in trips if since <= each.closed_at.date() < until]
    if lead.metric is Metric.TRADE_FREQUENCY:
        return sorted(judged, key=lambda each: each.closed_at, reverse=True)
    known = [each for each in judged if each.return_fraction is not None]
    return sorted(known, key=lambda each: each.return_fraction or 0.0)
