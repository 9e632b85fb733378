"""Nothing that a node answers or a file holds takes more than 300 MB; it ends in a typed error or a report."""

from pathlib import Path

import pytest

from tests.ingest.attacks import FILES, MOST, NODES, measure

OFTEN = {
    *("512 MiB packed twice", "lists", "honest logs", "Parquet, one text in 100,000 rows"),
    "Parquet, a text in lists",
}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from /proc")
@pytest.mark.parametrize(
    "name", [name if name in OFTEN else pytest.param(name, marks=pytest.mark.slow) for name in (*NODES, *FILES)]
)
def test_an_attack_on_the_memory_is_refused_in_time(name: str) -> None:
    """The peak of a process that meets it, four answers at once where it is a node's; no MemoryError, no traceback."""
    if "Parquet" in name:
        pytest.importorskip("pyarrow", reason="Parquet is an extra: pip install edgewatch[parquet]")
    peak, said = measure(name)
    assert peak <= MOST
    if name in NODES:
        assert said.split(":")[0] in {"RpcUnavailable", "AnswerTooLarge", "RangeRefused"}
    else:
        assert said.split(":")[0] in {"ConfigError", "nothing"}
