"""The daemon and the backfill are killed at random moments, under every fault at once, while blocks are replaced.

What this cannot show: a kill ends the process and not the machine. That a commit survives a power cut rests on
SQLite's ``synchronous=FULL`` and on a disk that does not lie about having written.
"""

import json
import os
import random
import threading
import time
from dataclasses import replace
from multiprocessing.process import BaseProcess

import pytest

from tests.faults.faulty import MIXED, FaultyNode, Plan
from tests.faults.forks import EVERY, Forks
from tests.faults.service import follow, stopped
from tests.localchain.anvil import Anvil
from watcher.store import usage
from watcher.store.sql import database
from watcher.store.sql.database import writing

pytestmark = pytest.mark.anvil
KILLS = int(os.environ.get("EDGEWATCH_SOAK_KILLS", "10"))
SEEDS = range(int(os.environ.get("EDGEWATCH_SOAK_SEEDS", "1")))
MOST_REQUESTS = 24  #: that a process lives to send: a window takes some ten, so that some commit and some do not
BAD = replace(MIXED, retry_after_s=0)  #: waiting is tested elsewhere; here there is no time for it
WINDOW = 2  #: blocks that a process begins with, so that many commit before they are killed
BLOCKS = 15  #: that are mined while a process lives
STARTS = 5  #: that nobody's hand is needed for, until all is read in the end


def killed(process: BaseProcess, node: FaultyNode, dice: random.Random) -> bool:
    """Kill a process a random while after a random number of requests; whether it was still at work.

    Not at a time: how far a process comes by then depends on the machine.
    """
    last = len(node.bodies) + dice.randint(0, MOST_REQUESTS)
    while len(node.bodies) < last and process.is_alive():
        time.sleep(0.005)
    process.join(dice.uniform(0, 0.5))
    at_work = process.is_alive()
    stopped(process)
    return at_work


@pytest.mark.timeout(60 + 40 * KILLS)
@pytest.mark.parametrize("seed", SEEDS)
def test_no_trade_is_lost_or_doubled_however_often_it_is_killed(tmp_path, seed, record_property):
    """After every kill the database is whole and starts without a hand; in the end the export is that of a clean
    backfill of the final chain."""
    dice = random.Random(seed)
    with Anvil() as anvil:
        forks = Forks(anvil, random.Random(seed + 1))
        table = {**forks.table, "verify": "full", "confirmations": 2}
        with FaultyNode(anvil.url, BAD, random.Random(seed + 2)) as bad:
            service = follow(tmp_path / "killed", bad.url, table)
            engine = database.connect(f"sqlite:///{service.path / 'edgewatch.db'}")
            over, allowed = threading.Event(), threading.Semaphore(0)

            def breathe():
                over.wait(0.1)
                allowed.acquire()

            def live():
                while not over.is_set():
                    forks.live(EVERY, breathe)

            living = threading.Thread(target=live)
            living.start()
            kills, at_work, grew, before = 0, 0, 0, 0
            try:
                for kill in range(4 * KILLS):
                    if kill >= KILLS and grew >= KILLS // 10:
                        break  # on a machine so busy that processes die before they commit, more of them must
                    kills = kill + 1
                    with writing(engine) as connection:
                        usage.remember(connection, "step:31337", json.dumps({"127.0.0.1": WINDOW}))
                    engine.dispose()
                    allowed.release(BLOCKS)
                    process = service.fork("run" if kill % 2 else "backfill")
                    at_work += killed(process, bad, dice)
                    assert service.damage() == []
                    grew, before = grew + (len(service.stored()) > before), len(service.stored())
            finally:
                over.set()
                allowed.release(2 * EVERY)
                living.join()
            assert "Traceback" not in service.log
            forks.settle()
            bad.plan = Plan()  # that faults alone cost nothing is another test's law
            assert any(service.run_forked("backfill") == 0 for _ in range(STARTS))
            assert service.run_forked("backfill") == 0
            assert service.damage() == []
            assert bad.too_early == 0
        clean = follow(tmp_path / "clean", anvil.url, table)
        assert clean.run_forked("backfill") == 0
        trades, truth = service.trades(), clean.trades()
    keys = [(trade["tx_hash"], trade["wallet"]) for trade in trades]
    found = {"kills": kills, "at_work": at_work, "grew": grew, "trades": len(truth), "spoiled": bad.spoiled}
    record_property("soak", found)
    print(f"\nseed {seed}: {found}")
    assert trades == truth
    assert len(keys) == len(set(keys)) == len(truth) > 20
    assert at_work > kills / 2, "most must have hit a process at work"
    assert grew >= KILLS // 10, "something must have been committed between kills"
