"""Processes that are stopped, asked to end, started twice, or handed too much: as an operator sees them."""

import os
import random
import re
import signal
import time
from pathlib import Path

import pytest

from tests.fakes.node import FakeNode
from tests.faults.faulty import FaultyNode, Plan
from tests.faults.quiet import TABLE, chain_of, truth
from tests.faults.service import follow, stopped, until

CHAIN = chain_of(60)
HUGE = 64 * 2**20
SLOW = Plan(delay_s=0.3)


@pytest.fixture
def followed(tmp_path):
    """A folder that follows a chain, and the node in between."""
    with FakeNode(CHAIN.methods()) as node, FaultyNode(node.url, Plan(), random.Random(0)) as between:
        yield follow(tmp_path / "here", between.url, TABLE), between


def refusals(service):
    return service.log.count("another Edgewatch is at work")


def test_a_second_daemon_refuses_with_one_message_and_the_first_goes_on(followed):
    """Exit code 1, one sentence, no traceback; the first one then stops cleanly on SIGTERM."""
    service, _ = followed
    first = service.fork("run")
    try:
        until(lambda: re.search("started", service.log) is not None, first)
        assert service.run_forked("run") == 1
        assert refusals(service) == 1
        assert first.is_alive()
        os.kill(first.pid, signal.SIGTERM)
        first.join(10)
        assert first.exitcode == 0
    finally:
        stopped(first)
    assert "Traceback" not in service.log


def test_sigterm_ends_a_busy_daemon_within_ten_seconds_and_loses_nothing(followed, tmp_path):
    """While it waits for a slow node: exit code 0, a whole database, and the next start reads the rest."""
    service, node = followed
    node.plan = Plan(delay_s=2.0)
    daemon = service.fork("run")
    try:
        until(lambda: len(node.bodies) >= 2, daemon)
        begin = time.monotonic()
        os.kill(daemon.pid, signal.SIGTERM)
        daemon.join(10)
        assert (daemon.exitcode, time.monotonic() - begin < 10) == (0, True)
    finally:
        stopped(daemon)
    assert service.damage() == []
    node.plan = Plan()
    assert service.run_forked("backfill") == 0
    assert service.stored() == truth(tmp_path, CHAIN)


def test_a_process_that_is_paused_keeps_its_place_and_goes_on(followed, tmp_path):
    """SIGSTOP in the middle of a reading, SIGCONT later: another one is refused meanwhile, and nothing is missing."""
    service, node = followed
    node.plan = SLOW
    process = service.fork("backfill")
    try:
        until(lambda: len(node.bodies) >= 3, process)
        os.kill(process.pid, signal.SIGSTOP)
        assert service.run_forked("backfill") == 1
        assert refusals(service) == 1
        time.sleep(0.5)
        os.kill(process.pid, signal.SIGCONT)
        process.join(60)
        assert process.exitcode == 0
    finally:
        stopped(process)
    assert service.stored() == truth(tmp_path, CHAIN)


def peak(process):
    """Bytes of memory that a process has held at most."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1_024


def test_an_answer_of_64_mb_is_never_held(followed, tmp_path):
    """It is let go at 32 MiB, whatever it was the answer to, and asked for again; the reading goes on from there."""
    service, node = followed
    node.plan = Plan(delay_s=0.5)
    process = service.fork("backfill")
    try:
        until(lambda: len(node.bodies) >= 2, process)
        before, asked = peak(process), len(node.bodies)
        node.plan = Plan(padding=HUGE)
        until(lambda: len(node.bodies) >= asked + 3, process)
        assert peak(process) - before < HUGE
        node.plan = Plan()
        process.join(60)
        assert process.exitcode == 0
    finally:
        stopped(process)
    assert service.stored() == truth(tmp_path, CHAIN)
