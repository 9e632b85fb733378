"""``edgewatch import``: a file's record goes the way that a node's goes, and no node is asked about it."""

import json
import random
import sys
from datetime import UTC, datetime, timedelta

import pytest

from ingest.evm.chains import registry
from ingest.files.cells import Clock
from ingest.files.column_mapping import parse_map
from ingest.files.importer import read_file
from ingest.files.reader import ImportOptions
from metrics.types import Unit
from tests.fakes.node import FakeNode
from watcher.cli.main import main
from watcher.jobs.sync.import_file import FollowSettings, import_file
from watcher.jobs.sync.redecode import redecode
from watcher.record.accounts import read_accounts
from watcher.store import files, trade_log, wallets
from watcher.store.sql.database import reading, writing
from watcher.types import FILE, Role, Wallet
from watcher.wallet_list import parse_file_id

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MAP = "wallet=Who,id=Ticket,closed_at=Close,return%=Profit %"
EVM = "0x" + "11" * 20
SOLANA = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"
LONG = "forex:" + "x" * 58


def table(who="forex:alice", *, days=240, falls_on=None, seed=1):
    """A trader's record: three closes a day, 62 of 100 won; 15 of 100 from day ``falls_on``."""
    rng = random.Random(seed)
    lines = []
    for day in range(days):
        for n in range(3):
            at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=day, hours=5 + 6 * n, minutes=rng.randrange(60))
            wins = rng.random() < (0.15 if falls_on is not None and day >= falls_on else 0.62)
            lines.append(f"{who},{who}-{day}-{n},{at:%Y-%m-%d %H:%M},{rng.uniform(1, 4) * (1 if wins else -1):.2f}")
    return lines


def document(*lines):
    return "\n".join(["Who,Ticket,Close,Profit %", *lines, ""]).encode()


@pytest.fixture
def edgewatch(tmp_path, monkeypatch, capsys):
    """Run a command in a folder of its own, with no chain in its configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EDGEWATCH_CONFIG", raising=False)
    (tmp_path / "edgewatch.toml").write_text('[store]\nurl = "sqlite:///edgewatch.db"\n')

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["edgewatch", *arguments])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
        shown = capsys.readouterr()
        assert "Traceback" not in shown.err
        return code, shown.out, shown.err

    return run


def test_from_a_file_to_a_flag_and_back(edgewatch, tmp_path):
    """Import, assess, status, why, decide, export, import elsewhere: without any chain, and importing twice is once."""
    peers = [line for n in range(4) for line in table(f"forex:peer {n}", seed=10 + n)]
    (tmp_path / "fx.csv").write_bytes(document(*table(falls_on=180), *peers, "forex:alice,1,someday,1"))
    options = ["--map", MAP, "--covers", "2025-01-01..2025-08-28", "--follow", "--followed-since", "2025-06-01"]
    code, out, err = edgewatch("import", "fx.csv", "--dry-run", *options)
    assert (code, "3,600 round trips new" in out, "nothing was changed" in out) == (1, True, True)
    assert "line 3602: refused: closed_at: 'someday' is not a time" in err
    assert json.loads(edgewatch("wallets", "list", "--json")[1]) == []
    assert "5 wallets added" in edgewatch("import", "fx.csv", *options)[1]
    assert "0 round trips new, 3,600 known already" in edgewatch("import", "fx.csv", *options)[1]
    assert edgewatch("once")[0] == 0
    status = json.loads(edgewatch("status", "--json")[1])
    states = {item["address"]: item["state"] for item in status["wallets"]}
    assert states.pop("forex:alice") == "flagged"
    assert set(states.values()) <= {"ok", "watch"}
    assert (status["filed_round_trips"], status["open_flags"]) == (3600, [1])
    code, out, _ = edgewatch("health")
    assert (code, "ok   Records come from files alone." in out, "FAIL" in out) == (0, True, False)
    assert all(item["well"] for item in json.loads(edgewatch("health", "--json")[1]))
    assert edgewatch("budget")[1] == "Spent today (UTC): 0 of 300,000 units (0%).\n"
    why = json.loads(edgewatch("why", "FOREX:alice", "--trips", "1000", "--json")[1])
    assert len(why["round_trips"]) == 720
    assert why["assessment"]["evidence"]["lead"] == "win_rate"
    assert "EUR" not in edgewatch("why", "forex:alice")[2]
    assert edgewatch("flags", "decide", "1", "keep")[0] == 0
    exported = edgewatch("export", "round-trips")[1]
    (tmp_path / "own.jsonl").write_text(exported)
    (tmp_path / "edgewatch.db").rename(tmp_path / "first.db")
    assert (
        "3,600 round trips new, 0 known already, 0 lines refused"
        in edgewatch(
            "import", "own.jsonl", "--follow", "--followed-since", "2025-06-01", "--covers", "2025-01-01..2025-08-28"
        )[1]
    )
    assert edgewatch("export", "round-trips")[1] == exported
    edgewatch("once")
    again = json.loads(edgewatch("why", "forex:alice", "--json")[1])["assessment"]
    assert again == why["assessment"]


@pytest.mark.parametrize(("budget", "ends"), [(300_000, 1), (1, 4)], ids=["away", "spent"])
def test_what_cannot_be_read_keeps_nothing_from_being_judged(edgewatch, tmp_path, budget, ends):
    """A node that is away, or a budget that is spent: the rest is assessed all the same, and the exit code tells."""
    with (tmp_path / "edgewatch.toml").open("a") as file:
        file.write(
            f"[budget]\nrpc_units_per_day = {budget}\n"
            '[[chains]]\nname = "ethereum"\nchain_id = 1\nfrom_block = 1\nrpc_urls = ["http://127.0.0.1:9"]\n'
        )
    (tmp_path / "fx.csv").write_bytes(document(*table(falls_on=180)))
    edgewatch("import", "fx.csv", "--map", MAP, "--covers", "2025-01-01..2025-08-28", "--follow")
    edgewatch("wallets", "add", "0x" + "11" * 20)
    code, _, err = edgewatch("once")
    assert (code, "assessed 2 wallets" in err) == (ends, True)


def test_silence_is_judged_only_where_the_file_says_it_covers(edgewatch, tmp_path):
    """Closes that end two weeks before the covered time does are a silence; without --covers nothing is known of it."""
    (tmp_path / "fx.csv").write_bytes(document(*table(days=200)))
    common = ["import", "fx.csv", "--map", MAP, "--follow", "--followed-since", "2025-06-01"]
    other = b"Who,Ticket,Close,Profit %\nforex:bob,1,2025-08-10 12:00,1\n"
    (tmp_path / "other.csv").write_bytes(other)
    edgewatch(*common)
    edgewatch("import", "other.csv", "--map", MAP, "--follow")
    edgewatch("once")
    state = {item["address"]: item for item in json.loads(edgewatch("status", "--json")[1])["wallets"]}
    assert state["forex:alice"]["state"] in {"ok", "watch"}
    edgewatch(*common, "--covers", "2025-01-01..2025-08-09")
    edgewatch("once")
    state = {item["address"]: item for item in json.loads(edgewatch("status", "--json")[1])["wallets"]}
    assert state["forex:alice"]["state"] == "flagged"
    assert "gone quiet" in state["forex:alice"]["verdict"]


def test_ids_from_files_never_reach_a_node(edgewatch, tmp_path):
    """With a chain configured and wallets of files beside one of the chain, the node hears of the latter alone."""
    block = {"number": "0x64", "hash": "0x" + "0b" * 32, "parentHash": "0x" + "0a" * 32, "timestamp": "0x67000000"}
    blank = {**block, "logsBloom": "0x" + "00" * 256, "transactions": []}
    answers = {"eth_getBlockByNumber": lambda *_: blank, "eth_getLogs": lambda *_: []}
    (tmp_path / "fx.csv").write_bytes(
        document(*table(days=3), *table(SOLANA, days=3), *table("0x" + "22" * 20, days=3))
    )
    with FakeNode(answers) as fake:
        chain = f'[[chains]]\nname = "ethereum"\nchain_id = 1\nrpc_urls = ["{fake.url}"]\nfrom_block = 90\n'
        chain += 'verify = "ends"\n'  # what is asked for by every block's header names nobody
        (tmp_path / "edgewatch.toml").write_text(chain)
        edgewatch("import", "fx.csv", "--map", MAP, "--follow")
        edgewatch("wallets", "add", EVM)
        edgewatch("backfill")
        edgewatch("once")
        said = json.dumps(fake.bodies).lower()
    assert EVM[2:] in said
    assert not any(word in said for word in ("alice", SOLANA.lower(), "22" * 20))
    assert edgewatch("wallets", "add", SOLANA)[0] == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--map", "closed_at=Close,return=Profit %,wallet=Who"], "write return%="),
        (["--map", "closed=Close"], "did you mean closed_at"),
        (["--map", MAP, "--covers", "2025-01-01"], "FROM..TO"),
        (["--map", MAP, "--covers", "2025-01-01..2999-01-01"], "no file covers the future"),
        (["--map", MAP, "--covers", "2025-02-01..2025-01-01"], "begin before it ends"),
        (["--map", MAP, "--timezone", "Mars/Olympus"], "not a time zone"),
        (["--map", MAP, "--timezone", "../../etc/passwd"], "not a time zone"),
        (["--map", MAP, "--followed-since", "2025-01-01"], "goes with --follow"),
        (["--map", "nowhere.toml"], "cannot read nowhere.toml"),
        ([], "--map"),
    ],
)
def test_what_a_person_can_get_wrong(edgewatch, tmp_path, arguments, message):
    """One clear message, exit code 3, and nothing stored."""
    (tmp_path / "fx.csv").write_bytes(document(*table(days=2)))
    code, out, err = edgewatch("import", "fx.csv", *arguments)
    assert (code, message in err, out) == (3, True, "")


def test_a_mapping_can_be_a_small_file(edgewatch, tmp_path):
    """TOML lines of field and column; a wrong field in it is named."""
    (tmp_path / "fx.csv").write_bytes(document(*table(days=2)))
    (tmp_path / "fx.toml").write_text('wallet = "Who"\nclosed_at = "Close"\n"return%" = "Profit %"\n')
    assert "6 round trips new" in edgewatch("import", "fx.csv", "--map", "fx.toml", "--map", "id=Ticket")[1]
    (tmp_path / "fx.toml").write_text("closed = 5\n")
    assert "did you mean closed_at" in edgewatch("import", "fx.csv", "--map", "fx.toml")[2]


# -- the job, on every database ----------------------------------------------------------------------------------------


def take(engine, content, *, chains=None, covers=None, follow=True, now=NOW, mapping=MAP, **changes):
    known = {chain.name: chain for chain in registry().values()}
    names = parse_map(mapping) if mapping else {}
    told = read_file(content, ImportOptions(clock=Clock(now), chains=known, wallet_id=parse_file_id, mapping=names))
    options = {"name": "x.csv", "sha256": "0" * 64, "chains": chains or {}, "now": now, "covers": covers} | changes
    return import_file(
        engine, told, following=FollowSettings(since=now, role=Role.FOLLOWED) if follow else None, **options
    )


def test_imports_add_up_whatever_their_order(store):
    """Files that overlap, in any order, any number of times: the same rows and the same covered time."""
    lines = [*table(LONG, days=20), *table(SOLANA, days=20)]
    parts = [document(*lines[start : start + 40]) for start in range(0, len(lines), 25)]
    random.Random(3).shuffle(parts)
    for part in [*parts, parts[0]]:
        take(store, part)
    whole = read_file(
        document(*lines), ImportOptions(clock=Clock(NOW), chains={}, wallet_id=parse_file_id, mapping=parse_map(MAP))
    )
    with reading(store) as connection:
        assert files.trips(connection) == sorted(
            (record for _, record in whole.found), key=lambda trip: (trip.wallet, trip.closed_at, trip.position_id)
        )
        spans = {item.wallet: (item.first_at, item.last_at) for item in trade_log.coverages(connection)}
        listed = {wallet.address: wallet.chains for wallet in wallets.all_wallets(connection)}
    assert listed == {LONG: (FILE,), SOLANA: (FILE,)}
    for wallet, (first, last) in spans.items():
        closes = [record.closed_at for _, record in whole.found if record.wallet == wallet]
        assert (first, last) == (min(closes), max(closes))


def test_a_correction_is_told_and_not_taken(store):
    """The same key with another value: the row that was there stays, and the line is named."""
    take(store, document("alice,7,2025-03-03,1.5"))
    outcome = take(store, document("alice,7,2025-03-03,-1.5", "alice,8,2025-03-04,1"))
    assert (outcome.new, [bad.line for bad in outcome.refused]) == (1, [2])
    with writing(store) as connection:
        assert [trip.return_fraction for trip in files.trips(connection)] == [0.015, 0.01]
        wallets.remove(connection, "alice", NOW)
        assert files.trips(connection) == []
        assert trade_log.coverages(connection) == []
    assert take(store, document("alice,7,2025-03-03,-1.5")).new == 1


TRADES = (
    "blockchain,block_time,block_number,token_bought_address,token_sold_address,token_bought_amount_raw,"
    "token_sold_amount_raw,amount_usd,tx_from,tx_hash"
)
USDC = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
PEPE = "0x6982508145454ce325ddbe47a25d4ec3d2311933"


def swap(n, bought, sold, got, gave, usd, who=EVM):
    at = f"2025-03-{1 + n:02d} 10:00:00.000 UTC"
    return f"ethereum,{at},{22_000_000 + n},{bought},{sold},{got},{gave},{usd},{who},0x{n:064x}"


def test_trades_of_a_file_are_booked_like_a_nodes(store):
    """A buy and a sell of Dune's become one round trip with cost, proceeds and return; redecode leaves them alone."""
    content = "\n".join([TRADES, swap(1, PEPE, USDC, 10**21, 10**8, 100), swap(5, USDC, PEPE, 15 * 10**7, 10**21, 150)])
    take(store, content.encode(), mapping="")

    def account():
        with reading(store) as connection:
            everyone = wallets.all_wallets(connection)
            [found] = read_accounts(connection, everyone, {}, unit=Unit.EPISODE)
        return found

    before = account()
    [trip] = before.round_trips
    assert (trip.cost_usd, trip.proceeds_usd, trip.return_fraction) == (100, 150, 0.5)
    assert (before.books.unpriced, before.books.unmatched_sells, before.books.open_positions) == (0, 0, ())
    redecode(store, {}, now=NOW)
    assert account() == before


def test_one_wallet_has_one_kind_of_record(store):
    """Closed round trips beside trades, a file's or a node's, would count positions twice: refused line by line."""
    chain = {1: registry()[1]}
    trades = "\n".join([TRADES, swap(1, PEPE, USDC, 10**21, 10**8, 100)]).encode()
    take(store, trades, mapping="")
    outcome = take(store, document(f"{EVM},1,2025-03-03,1", "alice,1,2025-03-03,1"))
    assert (outcome.new, [bad.line for bad in outcome.refused]) == (1, [2])
    bob = "0x" + "33" * 20
    take(store, document(f"{bob},1,2025-03-03,1"))
    outcome = take(store, "\n".join([TRADES, swap(2, PEPE, USDC, 1, 1, 100, bob)]).encode(), mapping="")
    assert "known by closed round trips" in outcome.refused[0].reason
    with writing(store) as connection:
        carol = "0x" + "44" * 20
        wallets.add(connection, Wallet(address=carol, followed_since=NOW, added_at=NOW))
    outcome = take(store, document(f"{carol},1,2025-03-03,1"), chains=chain)
    assert "read from a node" in outcome.refused[0].reason
    assert take(store, "\n".join([TRADES, swap(2, PEPE, USDC, 1, 1, 9, carol)]).encode(), chains=chain, mapping="").new


def test_a_dry_run_changes_nothing(store):
    """It says what would come, and the database is as it was."""
    outcome = take(store, document(*table(days=3)), dry_run=True)
    assert (outcome.new, outcome.followed) == (9, ("forex:alice",))
    with reading(store) as connection:
        assert (files.trips(connection), wallets.all_wallets(connection), trade_log.coverages(connection)) == (
            [],
            [],
            [],
        )
        assert files.imported_at(connection, "0" * 64) is None


def test_an_import_that_fails_leaves_nothing(store):
    """Rows, coverage, wallets and the file commit as one."""
    far = datetime(9999, 1, 1, tzinfo=UTC)
    with pytest.raises(AttributeError):
        take(store, document(*table(days=3)), covers=(far, None))
    with reading(store) as connection:
        assert (files.trips(connection), trade_log.coverages(connection)) == ([], [])


def test_no_chain_is_called_file(edgewatch, tmp_path):
    """The name would make wallets of files wallets of a node."""
    chain = '[[chains]]\nname = "file"\nchain_id = 1\nrpc_urls = ["http://127.0.0.1:9"]\n'
    (tmp_path / "edgewatch.toml").write_text(chain)
    code, _, err = edgewatch("status")
    assert (code, "the name 'file' is kept" in err) == (3, True)
