"""Chains take turns; what breaks the reading of one ends that one's, and nothing else's."""

import pytest
import structlog
from sqlalchemy.exc import OperationalError

from ingest.errors import NotUnderstood, RpcUnavailable
from ingest.evm import chains
from ingest.evm.rpc.budget import Meter
from watcher.jobs.sync.ingest import Source
from watcher.jobs.sync.round_robin import BROKEN, take_turns
from watcher.types import Progress


def source(chain_id):
    meter = Meter(spent=0, limit=1_000)
    return Source(chain=chains.by_id(chain_id), config=None, node=None, meter=meter)


def outcomes(failure):
    """What becomes of two chains where reading the first one raises this."""

    def read(source, _turn_over):
        if source.chain.chain_id == 1:
            raise failure
        return Progress(source.chain.name, total_blocks=1, finished=True)

    return [done for _, done in take_turns([source(1), source(8453)], read)]


@pytest.mark.parametrize("kind", BROKEN)
def test_what_no_type_has_stopped_ends_one_chain_and_is_told(kind):
    """An answer that got past every check: the other chain is read, and the log says where it broke."""
    with structlog.testing.capture_logs() as logged:
        failed, done = outcomes(kind("odd"))
    assert isinstance(failed, NotUnderstood)
    assert kind.__name__ in str(failed)
    assert "odd" not in str(failed), "the words may be a stranger's"
    assert done.finished
    assert [(line["event"], line["chain"]) for line in logged] == [("chain_broke", "ethereum")]


def test_a_typed_failure_is_given_as_it_is():
    """It says itself what to do."""
    failure = RpcUnavailable("HTTP 500")
    failed, done = outcomes(failure)
    assert failed is failure
    assert done.finished


@pytest.mark.parametrize(
    "failure", [OperationalError("SELECT", {}, Exception("disk")), OSError("disk"), KeyboardInterrupt()]
)
def test_a_disk_or_a_person_ends_all(failure):
    """A database that fails is no chain's own fault."""
    with pytest.raises(type(failure)):
        outcomes(failure)
