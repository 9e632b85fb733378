"""What requests cost, by provider; and the limit, by UTC day."""

from datetime import date

import pytest

from ingest.errors import BudgetExhausted
from ingest.evm.rpc.budget import Meter, units
from ingest.evm.rpc.node import READ_METHODS


@pytest.mark.parametrize(
    ("host", "method", "cost"),
    [
        ("eth-mainnet.g.alchemy.com", "eth_getLogs", 60),
        ("eth-mainnet.g.alchemy.com", "eth_chainId", 0),
        ("mainnet.infura.io", "eth_getLogs", 255),
        ("mainnet.infura.io", "eth_call", 80),
        ("quiet-name.quiknode.pro", "eth_getLogs", 20),
        ("quiet-name.base-mainnet.quiknode.pro", "trace_transaction", 40),
        ("quiet-name.monad-mainnet.quiknode.pro", "eth_getLogs", 50),
        ("quiet-name.xdai.quiknode.pro", "eth_getLogs", 30),
        ("eth.drpc.org", "eth_getLogs", 20),
        ("rpc.ankr.com", "eth_getLogs", 200),
        ("8453.hypersync.xyz", "hypersync_query", 1),
        ("127.0.0.1", "eth_getLogs", 1),
        ("alchemy.com.example.org", "eth_getLogs", 1),
        ("MAINNET.INFURA.IO", "eth_getLogs", 255),
    ],
)
def test_a_request_costs_what_its_provider_says(host, method, cost):
    """The host decides the scale, by its end; who is not known is counted in requests."""
    assert units(method, host) == cost


def test_every_method_has_a_price_everywhere():
    """Whatever may leave this machine costs a whole number of units at every provider."""
    hosts = (
        "x.alchemy.com",
        "x.infura.io",
        "x.quiknode.pro",
        "x.drpc.org",
        "x.ankr.com",
        "x.hypersync.xyz",
        "localhost",
    )
    for host in hosts:
        assert all(isinstance(units(method, host), int) and units(method, host) >= 0 for method in READ_METHODS)


def test_an_http_request_is_charged_as_a_whole_or_not_at_all():
    """What does not fit is refused with nothing counted, so that the ledger holds exactly what was sent."""
    meter = Meter(spent=0, limit=100)
    meter.charge(["eth_getLogs"], "x.alchemy.com")
    with pytest.raises(BudgetExhausted, match="100 units is used up .60 spent"):
        meter.charge(["eth_getTransactionReceipt"] * 3, "x.alchemy.com")
    assert (meter.spent, meter.requests) == (60, 1)
    meter.charge(["eth_getTransactionReceipt"] * 2, "x.alchemy.com")
    assert meter.drain() == {"eth_getLogs": (1, 60), "eth_getTransactionReceipt": (2, 40)}


def test_midnight_begins_a_new_budget():
    """A reading that runs over midnight goes on; what it had not persisted is counted on the new day."""
    days = [date(2026, 1, 1)]
    meter = Meter(spent=8, limit=10, today=lambda: days[-1])
    meter.charge(["eth_call"] * 2, "localhost")
    with pytest.raises(BudgetExhausted):
        meter.charge(["eth_call"], "localhost")
    days.append(date(2026, 1, 2))
    meter.charge(["eth_call"] * 8, "localhost")
    assert (meter.day, meter.spent) == (date(2026, 1, 2), 10)
    assert meter.drain() == {"eth_call": (10, 10)}


def test_a_clock_set_back_over_midnight_brings_no_old_budget_back():
    """What the day before had left, or had spent, is not known here: the day goes on being the later one."""
    days = [date(2026, 1, 2)]
    meter = Meter(spent=9, limit=10, today=lambda: days[-1])
    days.append(date(2026, 1, 1))
    meter.charge(["eth_call"], "localhost")
    with pytest.raises(BudgetExhausted):
        meter.charge(["eth_call"], "localhost")
    assert meter.day == date(2026, 1, 2)
