"""What a person can get wrong: one clear message each, the right exit code, and nothing lost."""

import json
import re
import subprocess
import sys
from importlib.metadata import version

import pytest

from tests.fakes.node import FakeNode
from tests.ingest.evm.sync.test_capabilities import FULL, GOOD
from watcher.cli.main import main

ONE = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"
KEY = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"
CONFIG = """
[[chains]]
name = "ethereum"
chain_id = 1
rpc_urls = ["{url}"]
from_block = 1
"""


@pytest.fixture
def edgewatch(tmp_path, monkeypatch, capsys):
    """Run a command in a folder of its own: (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EDGEWATCH_CONFIG", raising=False)
    monkeypatch.delenv("EDGEWATCH_TELEGRAM_TOKEN", raising=False)
    (tmp_path / "edgewatch.toml").write_text(CONFIG.format(url="http://127.0.0.1:9/secret-path"))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["edgewatch", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        assert "Traceback" not in shown.err
        return ended.value.code or 0, shown.out, shown.err

    return run


def test_no_configuration(edgewatch, tmp_path):
    """Without a file the message names the command that writes one; init writes it and never over another."""
    (tmp_path / "edgewatch.toml").unlink()
    code, _, err = edgewatch("status")
    assert (code, "edgewatch init" in err) == (3, True)
    assert edgewatch("init", "--chain", "base")[0] == 0
    assert "chain_id = 8453" in (tmp_path / "edgewatch.toml").read_text()
    assert edgewatch("init")[0] == 3
    assert "chain_id = 8453" in (tmp_path / "edgewatch.toml").read_text()


def test_init_asks_an_endpoint_what_it_can_do(edgewatch, tmp_path, monkeypatch):
    """With its URL the plan is the endpoint's own, paid for like any question; the key stays in the environment."""
    monkeypatch.setenv("RPC_KEY", "s3cret-key")
    (tmp_path / "edgewatch.toml").unlink()
    assert edgewatch("init", "--rpc-url", 'http://example.com/"')[0] == 3
    assert not (tmp_path / "edgewatch.toml").exists()
    with FakeNode(GOOD | FULL) as fake:
        code, out, err = edgewatch("init", "--rpc-url", f"{fake.url}/${{RPC_KEY}}")
    assert (code, "s3cret" in out + err + (tmp_path / "edgewatch.toml").read_text()) == (0, False)
    assert "ethereum: 127.0.0.1: logs in 500 blocks a call, wallet index alchemy" in out
    assert "logs by 500" in out
    assert 'set index = "alchemy"' in out
    asked = len(fake.asked)
    assert json.loads(edgewatch("status", "--json")[1])["units_today"] == asked > 20


def test_an_unknown_command_is_a_usage_error(edgewatch):
    """The parser's own exit code is 2."""
    assert edgewatch("statsu")[0] == 2


def test_an_unreachable_node(edgewatch):
    """The host is named, the rest of the URL is not; nothing is stored as read."""
    edgewatch("wallets", "add", ONE)
    code, _, err = edgewatch("backfill")
    assert code == 1
    assert "127.0.0.1: ConnectError" in err
    assert "secret-path" not in err
    status = json.loads(edgewatch("status", "--json")[1])
    assert (status["read_until"], status["trades"]) == (None, 0)


def test_a_node_of_another_chain(edgewatch, tmp_path):
    """Both chain ids are named, and nothing is stored."""
    with FakeNode({"eth_chainId": lambda: "0x89"}) as fake:
        (tmp_path / "edgewatch.toml").write_text(CONFIG.format(url=fake.url))
        edgewatch("wallets", "add", ONE)
        code, _, err = edgewatch("backfill")
    assert code == 1
    assert "serves chain 137, but the configuration says 1" in err
    assert json.loads(edgewatch("status", "--json")[1])["transactions"] == 0


def test_a_budget_that_is_used_up_halts_loudly(edgewatch, tmp_path):
    """Exit code 4, the resume point said, and the node not asked beyond the budget."""
    with FakeNode({"eth_getBlockByNumber": lambda *_: {"number": "0x64", "hash": "0x1", "timestamp": "0x1"}}) as fake:
        text = CONFIG.format(url=fake.url) + "[budget]\nrpc_units_per_day = 3\n"
        (tmp_path / "edgewatch.toml").write_text(text)
        edgewatch("wallets", "add", ONE)
        code, _, err = edgewatch("backfill")
        assert (code, "after midnight UTC" in err.replace("\n", " ")) == (4, True)
        asked = len(fake.asked)
        assert edgewatch("backfill")[0] == 4
        assert len(fake.asked) - asked <= 3


@pytest.mark.parametrize("pasted", [KEY, "0x" + KEY])
def test_a_private_key_is_neither_echoed_nor_stored(edgewatch, tmp_path, pasted):
    """Pasted as a wallet, as a label or in a file: refused, and found in no output and no file of the database."""
    (tmp_path / "list.csv").write_text(f"address,label\n{pasted},x\n{ONE},{pasted}\n")
    shown = [edgewatch("wallets", "add", pasted), edgewatch("wallets", "import", "list.csv"), edgewatch("why", pasted)]
    assert [code for code, _, _ in shown] == [3, 1, 3]
    assert not any(KEY in out + err for _, out, err in shown)
    (tmp_path / "list.csv").unlink()
    assert not any(KEY.encode() in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


def test_a_list_with_a_broken_line(edgewatch, tmp_path):
    """Good lines are taken and named, the bad line is named with its reason; importing again adds nothing."""
    (tmp_path / "list.csv").write_bytes(b"\xef\xbb\xbfaddress,label\r\n" + ONE.encode() + b",Heron\r\n0x12,bad\r\n")
    code, out, err = edgewatch("wallets", "import", "list.csv")
    assert code == 1
    assert f"line 2: {ONE} added" in out
    assert "line 3: refused: not an EVM address: '0x12'" in err
    assert "0 added, 1 known already, 1 refused" in edgewatch("wallets", "import", "list.csv")[1]


def test_telegram_without_a_token_or_people(edgewatch, tmp_path):
    """A missing token names its variable; an empty list of people is refused before anything starts."""
    text = CONFIG.format(url="http://127.0.0.1:9") + "[telegram]\nchat_id = 1\nallowed_user_ids = [{}]\n"
    (tmp_path / "edgewatch.toml").write_text(text.format("5"))
    for command in (["telegram", "test"], ["run"]):
        code, _, err = edgewatch(*command)
        assert (code, "EDGEWATCH_TELEGRAM_TOKEN" in err) == (3, True)
    (tmp_path / "edgewatch.toml").write_text(text.format(""))
    code, _, err = edgewatch("run")
    assert (code, "nobody could decide" in err) == (3, True)


def test_a_database_from_a_newer_version(edgewatch, tmp_path):
    """Refused with the schema's name by every command, and left as it is."""
    import sqlite3

    edgewatch("wallets", "add", ONE)
    with sqlite3.connect(tmp_path / "edgewatch.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    for command in (["status"], ["backfill"], ["wallets", "list"]):
        code, _, err = edgewatch(*command)
        assert (code, "newer version" in err) == (1, True)


def test_a_wallet_or_flag_that_is_not_there(edgewatch, tmp_path):
    """The message says how to go on."""
    code, _, err = edgewatch("why", ONE)
    assert (code, "edgewatch wallets add" in err) == (3, True)
    code, _, err = edgewatch("flags", "show", "5")
    assert (code, "there is no flag #5" in err) == (3, True)
    code, _, err = edgewatch("flags", "decide", "5", "keep")
    assert (code, "There is no flag #5" in err) == (1, True)
    (tmp_path / "tx.json").write_text("[]")
    code, _, err = edgewatch("decode", "--chain-id", "1", "--wallet", ONE, "--file", "tx.json")
    assert (code, "does not hold a JSON object" in err) == (3, True)


@pytest.mark.parametrize(
    "command",
    [
        *(["replay", "--dial", dial] for dial in ("nan", "inf", "-1", "0.009", "101")),
        *(["replay", "--hindsight", "--days", days] for days in ("6", "3651", "9" * 30)),
        ["audit", "all", "--days", "9" * 30],
        ["peers", "suggest", "--days", "9" * 30],
        ["calibrate", "--times", "9" * 30],
        ["flags", "show", "9" * 30],
        ["report", ONE, "--flag", "9" * 30],
    ],
)
def test_numbers_on_the_command_line_have_bounds(edgewatch, command):
    """A number that cannot be meant is a usage error with the bounds, not a traceback."""
    code, _, err = edgewatch(*command)
    assert code == 2
    assert re.search(r"(less|greater) than or equal to|write a number from", err)


def test_the_version_is_that_of_the_installation(edgewatch):
    """``edgewatch --version`` needs no configuration and names the installed distribution's version."""
    code, out, _ = edgewatch("--version")
    assert (code, out) == (0, f"edgewatch {version('edgewatch')}\n")


def test_help_and_version_load_no_heavy_library():
    """A person who asks what there is does not wait for pandas, scipy, SQLAlchemy, web3 or the bot."""
    code = (
        "import sys\nfrom watcher.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'pandas', 'scipy', 'numpy', 'sqlalchemy', 'telegram', 'web3', 'httpx'} & set(sys.modules)))"
    )
    for asked in ("--help", "--version"):
        done = subprocess.run([sys.executable, "-c", code, asked], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "[]"
