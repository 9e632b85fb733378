"""``edgewatch doctor``: each fault of a set-up is one line with what to do, and no key is in it."""

import json
import time

import pytest

from tests.fakes.node import FakeNode, RpcFault
from tests.watcher.jobs.sync.test_import_file import MAP, document, edgewatch, table
from watcher.reports.doctor import FEW_DISK, LEAST_DISK, disk

__all__ = ["edgewatch"]
HEAD = 1_000_000


def block(number, age):
    return {"number": hex(number), "timestamp": hex(int(time.time() - age))}


def pruned(*_):
    raise RpcFault(-32000, "missing trie node")


def healthy(*, age=5, finalised=True):
    """A node's answers."""

    def found(tag, _full):
        if tag == "finalized" and not finalised:
            return None
        return block(HEAD - 64 if tag == "finalized" else HEAD, age)

    return {"eth_getBlockByNumber": found, "eth_getLogs": lambda _: [], "eth_getCode": lambda *_: "0x"}


def checks(edgewatch, tmp_path, methods, extra=""):
    """The doctor's findings by name, with a node that answers so."""
    with FakeNode(methods) as fake:
        chain = f'[[chains]]\nname = "ethereum"\nchain_id = 1\nrpc_urls = ["{fake.url}/${{RPC_KEY}}"]\n{extra}'
        (tmp_path / "edgewatch.toml").write_text(chain)
        (tmp_path / "edgewatch.toml").chmod(0o600)
        code, out, err = edgewatch("doctor", "--json")
        assert "s3cret" not in out + err
        return code, {item["name"].removeprefix("node ethereum 127.0.0.1: "): item for item in json.loads(out)}


@pytest.fixture(autouse=True)
def key(monkeypatch):
    """The key that must not show."""
    monkeypatch.setenv("RPC_KEY", "s3cret")


def test_a_healthy_set_up_has_no_failed_check(edgewatch, tmp_path):
    """Warnings there are, for nobody is followed yet; the old block is asked for by its age in blocks."""
    code, found = checks(edgewatch, tmp_path, healthy())
    assert code == 0
    assert {name for name, item in found.items() if item["health"] == "warning"} == {"wallets"}
    assert found["finalised"]["words"] == "64 blocks behind the head"
    assert "logs and state of block" in found["history"]["words"]


@pytest.mark.parametrize(
    ("changes", "name", "health", "words"),
    [
        ({"eth_chainId": lambda: "0x2105"}, "node ethereum 127.0.0.1", "failed", "serves chain 8453"),
        (healthy(age=7_200), "head", "failed", "120 minutes old"),
        (healthy(age=-600), "clock", "failed", "behind the chain"),
        (healthy(finalised=False), "finalised", "failed", "names no finalised block"),
        ({"eth_getLogs": pruned}, "history", "failed", "no logs of block"),
        ({"eth_getCode": pruned}, "history", "warning", "but not its state"),
    ],
)
def test_what_a_node_can_lack(edgewatch, tmp_path, changes, name, health, words):
    """The check that fails is the one that names the cause; a failed one ends with 1."""
    code, found = checks(edgewatch, tmp_path, {**healthy(), **changes})
    assert found[name]["health"] == health
    assert words in found[name]["words"]
    assert code == (1 if health == "failed" else 0)
    assert found[name]["todo"] or "correct rpc_urls or chain_id" in found[name]["words"]


def test_its_questions_are_counted_and_are_not_asked_too_early(edgewatch, tmp_path):
    """What a check costs is spent too; an endpoint that asks for a minute is told of, and left in peace."""
    checks(edgewatch, tmp_path, healthy())
    assert json.loads(edgewatch("status", "--json")[1])["units_today"] == 5
    with FakeNode(raw=lambda _body: (429, {"Retry-After": "60"}, b"")) as fake:
        chain = f'[[chains]]\nname = "ethereum"\nchain_id = 1\nrpc_urls = ["{fake.url}"]\n'
        (tmp_path / "edgewatch.toml").write_text(chain)
        code, out, _ = edgewatch("doctor")
        assert (code, "asks not to be asked for another 60 s" in out) == (1, True)
        assert len(fake.bodies) == 1


def test_confirmations_stand_in_for_a_finalised_block(edgewatch, tmp_path):
    """As configured, nothing is missing."""
    code, found = checks(edgewatch, tmp_path, healthy(finalised=False), "confirmations = 64\n")
    assert (code, found["finalised"]["health"]) == (0, "ok")


def test_few_peers_and_a_broken_configuration_are_told(edgewatch, tmp_path):
    """Three wallets compare with two; a wrong key is a failed check; a bad token fails without a network."""
    lines = [line for n in range(3) for line in table(f"forex:{n}", days=3)]
    (tmp_path / "fx.csv").write_bytes(document(*lines))
    edgewatch("import", "fx.csv", "--map", MAP, "--follow")
    code, out, _ = edgewatch("doctor")
    assert code == 0
    assert "warn peers: each wallet can be compared with 2 others -> below 8" in out
    assert "edgewatch peers suggest --read" in out
    assert "ok   telegram: not configured" in out
    (tmp_path / "edgewatch.toml").write_text("[telegram]\nchat_id = 1\nallowed_user_ids = [1]\n")
    code, out, _ = edgewatch("doctor")
    assert (code, "FAIL telegram" in out) == (1, True)
    (tmp_path / "edgewatch.toml").write_text("[stor]\n")
    code, out, _ = edgewatch("doctor")
    assert (code, out.startswith("FAIL configuration")) == (1, True)


def test_space_is_judged_by_what_is_free(tmp_path):
    """The one check of the machine itself agrees with its own limits."""
    [found] = disk(tmp_path)
    free = float(found.words.split(" GB")[0].replace(",", "")) * 2**30
    assert (found.health == "ok") == (free >= FEW_DISK - 2**27)
    assert LEAST_DISK < FEW_DISK
