"""Everything goes wrong at once, and blocks are replaced meanwhile: the trade log is that of a quiet reading."""

import os
import random
from contextlib import suppress

import pytest

from ingest.errors import RpcUnavailable
from tests.faults.faulty import MIXED, FaultyNode
from tests.faults.follower import Follower, Time
from tests.faults.forks import EVERY, Forks
from tests.localchain.anvil import Anvil

pytestmark = pytest.mark.anvil
SEEDS = range(int(os.environ.get("EDGEWATCH_SOAK_SEEDS", "1")))


def followed(path, table, seed):
    """What is held of a chain that was read through a bad node while it lived, what of the same chain in quiet."""
    with Anvil() as anvil:
        forks, time = Forks(anvil, random.Random(seed)), Time()
        table = {**forks.table, "verify": "full", **table}
        dice = random.Random(seed + 1)
        with FaultyNode(anvil.url, MIXED, random.Random(seed + 2), clock=time) as bad:
            follower = Follower(path / "lived.db", bad.url, table, time=time)

            def sometimes_read():
                if dice.random() < 0.1:
                    with suppress(RpcUnavailable):
                        follower.read()

            forks.live(2 * EVERY, sometimes_read)
            forks.settle()
            follower.catch_up()
            assert bad.spoiled > 10
            assert bad.too_early == 0, "asked again before the time that the node had asked for was over"
        quiet = Follower(path / "quiet.db", anvil.url, table)
        quiet.read()
    return follower.holds(), quiet.holds()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("table", [{}, {"confirmations": 2}], ids=["finalized", "confirmations"])
def test_any_mixture_of_faults_leaves_the_log_of_the_final_chain(tmp_path, table, seed):
    """Trades, values, moves, raw transactions and coverage equal those of a quiet reading of the final chain."""
    lived, quiet = followed(tmp_path, table, seed)
    assert lived == quiet
    assert len(quiet["trades"]) > 30
