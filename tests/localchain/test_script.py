"""The demo's script keeps to what it promises, and the shipped files are what it writes."""

import json

import pytest

from tests.localchain.record import DEMO, TRUTH, truth, wallets_csv
from tests.localchain.script import DAYS, FOLLOWED_DAY, PACK, SLOTS, SLOTS_A_DAY, Script, actors, realised, write


@pytest.fixture(scope="module")
def script() -> Script:
    return write()


def test_shipped_files_are_the_scripts(script: Script) -> None:
    """The wallet list and the truth in the repository are those of today's script: else record the demo again."""
    assert (DEMO / "wallets.csv").read_text() == wallets_csv()
    assert json.loads(TRUTH.read_text()) == json.loads(json.dumps(truth(script)))


def test_same_seed_same_script(script: Script) -> None:
    """The script is a function of its seed."""
    assert write() == script
    assert write(8) != script


def test_realised_win_rates_are_the_scripted_ones(script: Script) -> None:
    """Before and after its change each wallet wins as often as written, within a pack's rounding at either end."""
    for actor in actors():
        if actor.label == "Wren":
            continue
        day = actor.change_day or FOLLOWED_DAY
        for form, first, last in ((actor.form_at(0), 0, day), (actor.form_at(SLOTS), day, DAYS)):
            got = realised(script, actor, first, last)
            # A window begins and ends inside a pack; both cut-off packs may lean one way.
            slack = PACK / 2 / got["trips"] if got["trips"] else 0
            assert abs(got["win_rate"] - form.win_rate) <= max(0.06, slack), (actor.label, got)


def test_changes_happen_when_and_how_they_are_written(script: Script) -> None:
    """Heron's win rate collapses, Kestrel's wins shrink at a steady win rate, Plover falls silent, Wren stays thin."""
    cast = {actor.label: actor for actor in actors()}
    heron = [realised(script, cast["Heron"], *days) for days in ((0, 120), (120, DAYS))]
    assert heron[0]["win_rate"] - heron[1]["win_rate"] > 0.3
    kestrel = [realised(script, cast["Kestrel"], *days) for days in ((0, 120), (120, DAYS))]
    assert abs(kestrel[0]["win_rate"] - kestrel[1]["win_rate"]) < 0.08
    assert kestrel[1]["mean_win"] < 0.45 * kestrel[0]["mean_win"]
    plover = [t for t in script.trips if t.actor.label == "Plover"]
    assert max(t.closed for t in plover) < 138 * SLOTS_A_DAY
    assert any(a.label == "Plover" for s, noise in script.noise.items() if s >= 138 * SLOTS_A_DAY for _, a in noise)
    assert sum(t.actor.label == "Wren" for t in script.trips) <= 8
    for actor in actors():
        if actor.group == "meme":
            fall = realised(script, actor, 0, 134)["win_rate"] - realised(script, actor, 134, DAYS)["win_rate"]
            assert fall > 0.2, actor.label


def test_trips_can_be_played(script: Script) -> None:
    """Sells follow buys, a wallet never holds one token twice, a pool has one price per slot and gives the return."""
    held: dict[tuple[str, str], int] = {}
    for trip in sorted(script.trips, key=lambda t: t.opened):
        assert trip.opened < trip.sells[0] <= trip.closed
        key = (trip.actor.label, trip.pool[1])
        assert held.get(key, -1) < trip.opened
        held[key] = trip.closed
        entry = script.prices[trip.opened, trip.pool]
        for sold in trip.sells:
            if sold < SLOTS:
                gross = script.prices[sold, trip.pool] / entry
                assert gross * 0.997**2 - 1 == pytest.approx(trip.outcome)
        if trip.from_trip:
            assert trip.from_trip.closed == trip.opened
            assert trip.from_trip.rotated_into is trip
