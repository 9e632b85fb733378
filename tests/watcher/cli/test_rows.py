"""Exports: the same rows as JSON lines and as CSV, and no cell that a spreadsheet would run."""

import csv
import io
import json

from hypothesis import given
from hypothesis import strategies as st

from alerts.review import make_decision
from alerts.types import Act, Choice, Verb
from ingest.text import clean
from tests.alerts.examples import FLAG, NOW
from watcher.cli.export import act_row, decision_row, flag_row
from watcher.cli.shared.rows import LONGEST, Format, lines

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=6))
def test_what_goes_in_comes_out(items):
    """Whatever people wrote; in CSV as one clean line, up to a quote in front of what looks like a formula."""
    rows = [{"note": a, "label": b, "n": 1, "none": None} for a, b in items]
    assert [json.loads(line) for line in lines(rows, Format.JSONL)] == rows
    head, *read = csv.reader(io.StringIO("\n".join(lines(rows, Format.CSV)), newline=""))
    assert head == ["note", "label", "n", "none"]
    bare = [[cell.removeprefix("'") for cell in row] for row in read]
    said = [[clean(words, LONGEST).removeprefix("'") for words in pair] for pair in items]
    assert bare == [[*pair, "1", ""] for pair in said]


@given(st.sampled_from(["=", "+", "-", "@", "\t", "\r", " =", "\uff1d", "\uff0b", "\uff0d", "\uff20"]), WORDS)
def test_nothing_begins_like_a_formula_but_a_number(sign, words):
    """A note such as =HYPERLINK(…) is text; -12.5 stays a number."""
    [_, line] = lines([{"a": sign + words + "x"}], Format.CSV)
    begins = clean(sign + words + "x", LONGEST)[0]
    assert begins not in "\t\r"
    assert line.lstrip('"').startswith("'") is (sign.strip() != "" or begins in "=+-@'\uff1d\uff0b\uff0d\uff20")
    assert list(lines([{"a": "-12.5"}, {"a": -3}], Format.CSV)) == ["a", "-12.5", "-3"]


def test_decisions_and_acts_share_their_columns():
    """One table for a spreadsheet; a flag carries its evidence."""
    decision = make_decision(17, Choice.KEEP, decided_by="@x", user_id=7, channel="telegram", now=NOW, message_id=3)
    row = decision_row(decision, FLAG, [])
    act = Act(wallet="w", verb=Verb.SNOOZE, at=NOW, by="@x", user_id=7, channel="cli", until=NOW)
    assert list(act_row(act)) == list(row)
    assert (row["message_id"], row["by"], row["choice"]) == (3, "@x", "keep")
    assert flag_row(FLAG)["evidence"]["lead"] == "win_rate"
