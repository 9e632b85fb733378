"""The plan in words: cheapest first, refused if and only if it can never finish, with ways out that hold."""

import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from ingest.evm.sync.cost_model import DAY_S, Ability, Activity, Polls, Task, make_plan, together
from ingest.evm.sync.header_checks import ENDS, PROVEN
from watcher.reports import cost_plan

POLLS = Polls(logs_s=300, index_s=86_400)
HOST = "eth.g.alchemy.com"
BLOCK_S = {"ethereum": 12.0, "base": 2.0, "bsc": 0.75}


def task(chain="base", *, wallets=40, days=180, source="logs", cap=10, index="alchemy", bloom=0.2, verify="auto"):
    blocks = int(days * DAY_S / BLOCK_S[chain])
    return Task(
        chain=chain,
        block_seconds=BLOCK_S[chain],
        wallets=wallets,
        gaps=((blocks, wallets),) if blocks else (),
        source=source,
        ability=Ability(endpoint=HOST, range_cap=cap, index=index, internal=True, bloom=bloom),
        activity=Activity(transactions=5 / 3, arrivals=5 / 3),
        verify=verify,
    )


def printed(renderable):
    console = Console(file=io.StringIO(), width=80)
    console.print(renderable)
    return [line.rstrip() for line in console.file.getvalue().splitlines() if line.strip()]


def test_the_table_of_a_free_plan():
    """What is printed is what a person compares: ways of each chain, cheapest first, within 80 columns."""
    tasks = [task(chain, source="index") for chain in BLOCK_S]
    plan = make_plan(tasks, polls=POLLS, budget=300_000, reserved=30_000)
    assert printed(cost_plan.table(plan, tasks)) == GOLDEN_TABLE
    assert cost_plan.summary(plan) == GOLDEN_SUMMARY


def test_the_refusal_of_a_free_plan_without_the_index():
    """Three chains at real block times, 10-block ranges and 300,000 units a day: never, and why, and three ways out."""
    tasks = [task(chain) for chain in BLOCK_S]
    plan = make_plan(tasks, polls=POLLS, budget=300_000, reserved=30_000)
    assert not plan.possible
    assert cost_plan.ways_out(plan, tasks, POLLS).splitlines() == GOLDEN_REFUSAL


def test_a_source_that_the_endpoint_does_not_offer_is_refused():
    """An index that is configured and not there, or logs that are not given, is no plan."""
    for asked in (task(source="index", index=None), task(cap=None, bloom=None)):
        plan = make_plan([asked], polls=POLLS, budget=10**12)
        assert not plan.possible
        assert "does not offer" in cost_plan.ways_out(plan, [asked], POLLS)


def test_what_auto_chooses_is_said():
    """The plan counts what reading will do: the same rule, for the backfill and for every day after."""
    need = 7_200 * 40 * 5  # units of a budget, a fifth of which proves a day of Ethereum's blocks
    month = 30 * need
    for budget, pair in ((need - 1, (ENDS, ENDS)), (need, (ENDS, PROVEN)), (month, (PROVEN, PROVEN))):
        asked = task("ethereum", days=30)
        plan = make_plan([asked], polls=POLLS, budget=budget)
        assert [option.levels for option in plan.options if option.used] == [pair]
        assert ("Of the days after" in cost_plan.proof(asked, budget)) == (pair == (ENDS, PROVEN))
        assert ("every block is proven" in cost_plan.proof(asked, budget)) == (PROVEN in pair)
    blind = task("ethereum", verify="full", bloom=None)
    assert "headers here show no logs" in cost_plan.proof(blind, need)


def test_an_index_is_asked_where_it_is_and_counted_there():
    """Logs from the first endpoint, the index of the first that has one, each in its provider's units."""
    own = Ability(endpoint="127.0.0.1", range_cap=10_000)
    both = together([own, Ability(endpoint="eth.g.alchemy.com #2", range_cap=10, index="alchemy", internal=True)])
    assert (both.endpoint, both.range_cap, both.index_endpoint) == ("127.0.0.1", 10_000, "eth.g.alchemy.com #2")
    asked = replace(task(source="index"), ability=both)
    [used] = [each for each in make_plan([asked], polls=POLLS, budget=10**9).options if each.used]
    questions = used.backfill.requests["alchemy_getAssetTransfers"]
    assert used.backfill.units == used.backfill.calls + questions * 149
    assert together([own]) == own


def test_a_service_beside_the_endpoint_is_counted_on_its_own_scale():
    """Its questions cost what they cost there; every gift is looked at, and long ranges are several questions."""
    tasks = []
    for chain in BLOCK_S:
        asked = task(chain, source="index", index="hypersync")
        tasks.append(replace(asked, ability=replace(asked.ability, internal=False, index_endpoint="1.hypersync.xyz")))
    plan = make_plan(tasks, polls=POLLS, budget=300_000, reserved=30_000)
    used = {option.chain: option.backfill for option in plan.options if option.used}
    assert {name: cost.requests["hypersync_query"] for name, cost in used.items()} == {
        "ethereum": 80,
        "base": 80,
        "bsc": 240,
    }
    assert all("alchemy_getAssetTransfers" not in cost.requests for cost in used.values())
    assert (plan.backfill, plan.daily) == (4_606_000, 27_366)
    assert "wallet index hypersync without internal calls (at 1.hypersync.xyz)" in cost_plan.ability(
        tasks[0].ability, "ethereum"
    )


def test_without_any_index_both_kinds_are_named():
    """Who has no index is told which endpoints have one, and which service needs none of theirs."""
    asked = task("bsc", index=None)
    plan = make_plan([asked], polls=POLLS, budget=300_000)
    words = cost_plan.ways_out(plan, [asked], POLLS)
    assert 'index = "alchemy"' in words
    assert 'index = "hypersync"' in words


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(list(BLOCK_S)), min_size=1, max_size=3, unique=True),
    st.integers(1, 3_000),
    st.integers(0, 400),
    st.sampled_from([1, 10, 500, 10_000]),
    st.sampled_from(["logs", "index"]),
    st.integers(1, 10_000_000),
)
def test_a_plan_is_refused_iff_it_cannot_finish(names, wallets, days, cap, source, budget):
    """Day by day: a budget that first pays for the new day and then for the backlog empties it, or never does."""
    tasks = [task(name, wallets=wallets, days=days, cap=cap, source=source) for name in names]
    plan = make_plan(tasks, polls=POLLS, budget=budget, reserved=budget // 10)
    left_over = budget - budget // 10 - plan.daily
    assert plan.possible == (left_over > 0)
    for name in names:
        months = [option.month for option in plan.options if option.chain == name]
        assert months == sorted(months)
    if plan.possible and plan.backfill > budget - budget // 10:
        assert plan.seconds / DAY_S * left_over == pytest.approx(plan.backfill)


def test_more_to_read_never_costs_less():
    """Wallets, history and smaller ranges only add."""
    base = make_plan([task(verify="ends")], polls=POLLS, budget=10**9)
    for change in ({"wallets": 41}, {"days": 181}, {"cap": 9}):
        plan = make_plan([task(verify="ends", **change)], polls=POLLS, budget=10**9)
        assert (plan.backfill, plan.daily) >= (base.backfill, base.daily)
        assert plan.backfill > base.backfill


GOLDEN_TABLE = [
    " chain     source           calls        units      time      a day  share  use",
    " ──────────────────────────────────────────────────────────────────────────────",
    " ethereum  index           48,760    1,067,200    4 days     18,362     6%  yes",
    " ethereum  logs by 10     592,992   22,299,840  190 days    152,742    51%",
    " ethereum  all blocks   2,639,831   52,868,620     never    299,522   100%",
    " base      index           48,760    1,067,200    4 days     18,362     6%  yes",
    " base      logs by 10   3,197,952  126,239,040     never    707,142   236%",
    " base      all blocks  15,598,970  312,051,400     never  1,739,422   580%",
    " bsc       index           48,760    1,067,200    4 days     18,362     6%  yes",
    " bsc       logs by 10   8,407,872  334,117,440     never  1,862,022   621%",
    " bsc       all blocks  41,517,247  830,416,940     never  4,619,222  1540%",
]
GOLDEN_SUMMARY = (
    "In all 3,201,600 units now, done in 15 days, then 55,086 units a day of a budget of 300,000 (30,000 "
    "kept for marks)."
)
GOLDEN_REFUSAL = [
    (
        "Reading ethereum, base, bsc can never finish: the new blocks of every day cost 2,721,906 units, and "
        "the budget leaves 270,000 a day."
    ),
    ("Three ways out:"),
    (
        "1. Another endpoint: with ranges of 10,000 blocks it costs 5,251,680 units now and 187,506 a day, "
        "done in 64 days. Put its URL first in rpc_urls."
    ),
    (
        '2. A wallet index: your endpoint has one for ethereum, base, bsc: set index = "alchemy" there; then '
        "it costs 3,201,600 units now and 55,086 a day, done in 15 days."
    ),
    (
        "3. Less from the node: fewer chains (ethereum alone would fit); a shorter history makes the first "
        "reading cheaper, not the days after; or bring the transactions yourself (edgewatch backfill --hashes"
        " FILE, edgewatch import FILE)."
    ),
]
