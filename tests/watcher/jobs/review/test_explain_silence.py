"""A flag of a wallet that has gone quiet gets its reason from store and nodes; following is a person's press."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.messages.message import plain
from alerts.review import FOLLOW, parse_press
from alerts.types import Choice, Press, Verb
from ingest.errors import BudgetExhausted
from ingest.evm.rpc.budget import Meter
from ingest.evm.rpc.node import Node
from ingest.types import BlockRef, FiledTrip, RawTransaction
from tests.alerts.examples import FLAG, quiet
from tests.builders import entry, move, trade
from tests.fakes.node import FakeNode, RpcFault
from tests.ingest.receipts import USDC, USDC_WETH_V2, WALLET, WETH, receipt, transaction, transfer, v2_swap
from watcher.config.settings import ChainConfig
from watcher.jobs.review.deliver import deliver_once
from watcher.jobs.review.explain_silence import PATIENCE, silence_due, silence_once
from watcher.jobs.sync.ingest import Source
from watcher.store import files, flag_log, outbox, trade_log, usage, wallets
from watcher.store.sql.database import reading, writing
from watcher.telegram.decision_handler import DecisionHandler
from watcher.types import FILE, Role, Wallet

TO = "0xabc1234567890abcdef1234567890abcdef56789"
CHAT, KEY = 42, bytes(32)
ASSET = "0x" + "b" * 40
BLOCK_S, HEAD = 12, 40_000
BEGIN = 1_750_000_000
LAST, GONE, THERE = 20_000, 21_000, 22_000  #: blocks: its last trade, the transfer out, a trade of the other address
NOW = datetime.fromtimestamp(BEGIN + BLOCK_S * HEAD, UTC)


def at(block):
    return BEGIN + BLOCK_S * block


def hash_of(number):
    return f"0x{number:064x}"


class Chain:
    """A node's answers: one transfer out, one trade of whoever got it, and nonces by address and block."""

    def __init__(self, chain_id=1):
        self.nonces = {}  #: address: [(from block, count)]
        self.coins = {}
        self.code = "0x"
        self.methods = {
            "eth_chainId": lambda: hex(chain_id),
            "eth_getBlockByNumber": self._block,
            "eth_getTransactionCount": lambda who, block: self._state(self.nonces, who, block),
            "eth_getBalance": lambda who, block: self._state(self.coins, who, block),
            "eth_getCode": lambda *_: self.code,
            "eth_getLogs": self._logs,
            "eth_getTransactionByHash": lambda _: {**self.where(), **transaction(sender=TO), "hash": hash_of(THERE)},
            "eth_getTransactionReceipt": lambda _: {**receipt(*self.swap()), **self.where(), "from": TO},
            "eth_call": self._call,
        }

    def _block(self, number, _full):
        height = HEAD if number == "finalized" else int(number, 16)
        if height > HEAD:
            return None
        link = {"number": hex(height), "hash": hash_of(height), "parentHash": hash_of(height - 1)}
        return {**link, "timestamp": hex(at(height))}

    def _state(self, table, who, block):
        if who not in table:
            raise RpcFault(-32000, "missing trie node 0x1 (path ) state 0x2 is not available")
        return hex(max((seen for seen in table[who] if seen[0] <= int(block, 16)), default=(0, 0))[1])

    def _call(self, *_):
        raise RpcFault(3, "execution reverted")

    def where(self):
        return {
            "transactionHash": hash_of(THERE),
            "blockHash": hash_of(THERE),
            "blockNumber": hex(THERE),
            "transactionIndex": "0x0",
        }

    def swap(self):
        logs = (
            transfer(USDC, TO, USDC_WETH_V2, 10**9),
            transfer(WETH, USDC_WETH_V2, TO, 10**17),
            v2_swap(USDC_WETH_V2, 10**9, 0, 0, 10**17),
        )
        return [{**log, **self.where(), "logIndex": hex(i)} for i, log in enumerate(logs)]

    def _logs(self, query):
        first, last = (int(query[name], 16) for name in ("fromBlock", "toBlock"))
        return [
            log
            for log in self.swap()
            if first <= THERE <= last
            and len(log["topics"]) >= len(query["topics"])
            and all(want is None or topic in want for want, topic in zip(query["topics"], log["topics"], strict=False))
        ]


@pytest.fixture
def engine(store):
    """A wallet with 1,000 dollars left of its last trade, 920 of which it sent away; its flag, and the sent card."""
    made = [
        entry(trade(0, [(USDC, 10**9)], [(ASSET, 100)], block_number=LAST - 100, timestamp=at(LAST - 100)), "1000"),
        entry(trade(1, [(ASSET, 100)], [(USDC, 10**9)], block_number=LAST, timestamp=at(LAST)), "1000"),
    ]
    gone = move(2, -920 * 10**6, USDC, block_number=GONE, timestamp=at(GONE), tx_hash=hash_of(GONE))
    raw = RawTransaction(
        tx_hash=gone.tx_hash,
        block=BlockRef(number=GONE, hash=hash_of(GONE), timestamp=at(GONE)),
        transaction_index=1,
        transaction=transaction(to=USDC),
        receipt=receipt(transfer(USDC, WALLET, TO, 920 * 10**6)),
        wallets=frozenset({WALLET}),
    )
    evidence = replace(quiet().evidence, since=None)
    with writing(store) as connection:
        wallets.add(connection, Wallet(address=WALLET, label="Owl", followed_since=NOW, added_at=NOW))
        trade_log.add_trades(connection, [item.trade for item in made], decoder=1, known_at=NOW)
        trade_log.add_valuations(connection, [item.valuation for item in made])
        trade_log.add_moves(connection, [gone])
        trade_log.add_raw(connection, 1, [raw], {})
        flag_id = flag_log.open_flag(
            connection, address=WALLET, at=NOW, score=12.0, evidence=evidence, chart=FLAG.chart
        )
        outbox.enqueue(connection, flag_id, NOW, [CHAT])
    return store


class Channel:
    def __init__(self):
        self.sent, self.edits = [], []

    def send(self, _chat_id, message):
        self.sent.append(message)
        return len(self.sent)

    def edit(self, _chat_id, message_id, message):
        self.edits.append((message_id, message))
        return True


def look(engine, *chains, now=NOW, limit=10**9):
    """Run the job once over these chains; what was asked."""
    ids = [1, 8453][: len(chains)]
    tables = [
        ChainConfig.model_validate({"name": name, "chain_id": i, "rpc_urls": ["http://127.0.0.1"]})
        for i, name in zip(ids, ("ethereum", "base"), strict=False)
    ]
    meter = Meter(spent=0, limit=limit)
    fakes = [FakeNode(chain.methods) for chain in chains]
    nodes = []
    try:
        for fake, i in zip(fakes, ids, strict=True):
            fake.__enter__()
            nodes.append(Node([fake.url], chain_id=i, charge=meter.charge, sleep=lambda _s: None))
        sources = [
            Source(chain=table.chain(), config=table, node=node, meter=meter)
            for table, node in zip(tables, nodes, strict=True)
        ]
        known = {table.chain_id: table.chain() for table in tables}
        return silence_once(engine, sources, chains=known, unit=None, now=now)
    finally:
        for node in nodes:
            node.close()
        for fake in fakes:
            fake.__exit__()


def ethereum():
    chain = Chain()
    chain.nonces = {WALLET: [(0, 9), (GONE, 10)], TO: [(0, 3), (THERE, 4)]}
    chain.coins = {WALLET: [(0, 10**18), (GONE, 10**15)]}
    return chain


def found(engine):
    with reading(engine) as connection:
        return flag_log.find_flag(connection, 1).silence


def press(verb=FOLLOW, update_id=1, flag_id=1):
    return Press(
        update_id=update_id, flag_id=flag_id, verb=verb, user_id=7, user_name="@ann", chat_id=CHAT, message_id=1
    )


@pytest.fixture
def desk(engine):
    return DecisionHandler(engine, clock=lambda: NOW, key=KEY, chats=[CHAT], units_a_day=1000)


def test_the_finding_is_what_the_chain_says(engine):
    """Share, address, its own trades, nonces on both chains, the native coin; metered, looked for once."""
    base = Chain(8453)
    base.nonces = {WALLET: [(0, 2), (LAST + 5, 33)]}
    assert look(engine, ethereum(), base) == 1
    silence = found(engine)
    assert (silence.moved.to, round(silence.moved.share, 2)) == (TO, 0.92)
    assert silence.moved.starts == ((1, GONE),)
    assert (silence.contract, silence.listed, silence.trades_there, silence.sent_there) == (False, False, 1, 1)
    assert (silence.came, silence.went, silence.since) == (0, 1, datetime.fromtimestamp(at(LAST), UTC))
    assert [(use.chain, use.trades, use.sent) for use in silence.chains] == [("ethereum", 0, 1), ("base", 0, 31)]
    assert [str(use.coin_now) for use in silence.chains] == ["0.001", "None"]
    with reading(engine) as connection:
        spent = usage.usage_on(connection, NOW.date())
    assert spent[1, "eth_getTransactionCount"][0] == 4
    assert spent[8453, "eth_getTransactionCount"][0] == 2
    assert look(engine, ethereum(), base) == 0


def test_a_card_that_was_sent_already_shows_it(engine):
    """The message is changed, with the buttons of before and one more; one that was not sent yet has it at once."""
    channel = Channel()

    def deliver():
        return deliver_once(engine, channel, key=KEY, chats=[CHAT], clock=lambda: NOW)

    deliver()
    look(engine, ethereum())
    deliver()
    [(number, message)] = channel.edits
    assert number == 1
    assert len(channel.sent) == 1
    assert "1 trade there since. Follow it?" in plain(message).replace("\N{NO-BREAK SPACE}", " ")
    verbs = [parse_press(button.data, key=KEY, chat_id=CHAT)[1] for row in message.buttons for button in row]
    assert verbs == ["keep", "unfollow", "snooze", "details", "follow"]


def test_following_is_a_persons_press_and_recorded(engine, desk):
    """Nothing is followed by the finding; one press adds the wallet, with who, when and which flag; a second none."""
    look(engine, ethereum())
    with reading(engine) as connection:
        assert [wallet.address for wallet in wallets.all_wallets(connection)] == [WALLET]
    outcome = desk.record(press())
    assert "followed from now on, by @ann" in outcome.answer
    assert outcome.edited is None
    with reading(engine) as connection:
        wallet = wallets.find(connection, TO)
        [act] = flag_log.acts(connection)
        assert flag_log.decisions(connection) == []
    assert (wallet.label, wallet.role, wallet.followed_since) == ("Owl moved", Role.FOLLOWED, NOW)
    assert (act.verb, act.wallet, act.flag_id, act.by, act.at) == (Verb.FOLLOW, TO, 1, "@ann", NOW)
    assert "nothing changed" in desk.record(press(update_id=2)).answer
    with reading(engine) as connection:
        assert len(flag_log.acts(connection)) == 1
    assert desk.offset() == 3


def test_a_press_on_a_flag_without_an_address_follows_nobody(engine, desk):
    """Nobody has looked yet, or there is no such flag: said, and nothing changes."""
    for number, flag_id in enumerate((1, 99), 1):
        assert "no address to follow" in desk.record(press(update_id=number, flag_id=flag_id)).answer
    with reading(engine) as connection:
        assert (len(wallets.all_wallets(connection)), flag_log.acts(connection)) == (1, [])
    assert desk.offset() == 3


def test_the_flag_still_waits_for_its_own_decision(engine, desk):
    """Following the other address decides nothing about this one."""
    look(engine, ethereum())
    desk.record(press())
    assert "Recorded: unfollowed" in desk.record(press(verb=Choice.UNFOLLOW, update_id=2)).answer


def test_an_address_on_the_list_is_told_from_the_store(engine):
    """Its trades are counted without asking any node for them."""
    later = trade(5, [(USDC, 5)], [(WETH, 5)], wallet=TO, block_number=THERE, timestamp=at(THERE))
    with writing(engine) as connection:
        wallets.add(connection, Wallet(address=TO, role=Role.PEER, followed_since=NOW, added_at=NOW))
        trade_log.add_trades(connection, [later], decoder=1, known_at=NOW)
    look(engine, ethereum())
    silence = found(engine)
    assert (silence.listed, silence.trades_there, silence.sent_there) == (True, 1, None)


def test_what_a_node_dropped_or_refuses_is_unknown(engine):
    """A pruned node: nonces and balances are not known, the transfer out still is; a contract is not read."""
    chain = Chain()
    chain.code = "0x6080"
    look(engine, chain)
    silence = found(engine)
    assert [(use.sent, use.coin_before) for use in silence.chains] == [(None, None)]
    assert (silence.moved.to, silence.contract, silence.sent_there, silence.trades_there) == (TO, True, None, None)


def test_a_node_that_is_away_is_waited_for_and_not_for_ever(engine):
    """While it does not answer nothing is written; a day after the flag its part stays unknown and the rest is told."""
    away = Chain()
    away.methods = {"eth_chainId": away.methods["eth_chainId"], "eth_getBlockByNumber": lambda *_: None}
    assert look(engine, away) == 0
    assert found(engine) is None
    assert look(engine, away, now=NOW + PATIENCE) == 1
    silence = found(engine)
    assert (silence.moved.to, silence.contract, silence.chains[0].sent) == (TO, None, None)


def test_the_budget_ends_it_and_the_next_day_goes_on(engine):
    """Nothing half known is written."""
    with pytest.raises(BudgetExhausted):
        look(engine, ethereum(), limit=3)
    assert found(engine) is None
    assert look(engine, ethereum(), now=NOW + timedelta(hours=20)) == 1


def test_a_wallet_from_a_file_is_asked_of_no_node(store):
    """What names it is no address; that nothing large is known to have left is all that can be said."""
    trip = FiledTrip(
        wallet="forex:ann",
        position_id="1",
        opened_at=None,
        closed_at=NOW - timedelta(days=20),
        cost_usd=None,
        pnl_usd=None,
        return_fraction=0.1,
    )
    with writing(store) as connection:
        wallets.add(connection, Wallet(address="forex:ann", chains=(FILE,), followed_since=NOW, added_at=NOW))
        file_id = files.add_file(connection, name="f", sha256="s", kind="trips", at=NOW)
        files.add_trips(connection, file_id, [trip])
        evidence = replace(quiet().evidence, since=None)
        flag_log.open_flag(connection, address="forex:ann", at=NOW, score=3.0, evidence=evidence, chart=FLAG.chart)
    assert look(store, ethereum()) == 1
    silence = found(store)
    assert (silence.since, silence.moved, silence.chains) == (trip.closed_at, None, ())
    with reading(store) as connection:
        assert usage.usage_on(connection, NOW.date()) == {}


def test_only_open_flags_of_quiet_wallets_are_looked_into(store):
    """A fallen win rate asks nothing of any node; nor does a flag that was decided."""
    with writing(store) as connection:
        for number, evidence in ((1, FLAG.evidence), (2, quiet().evidence), (3, quiet().evidence)):
            address = f"0x{number:040x}"
            wallets.add(connection, Wallet(address=address, followed_since=NOW, added_at=NOW))
            flag_id = flag_log.open_flag(
                connection, address=address, at=NOW, score=3.0, evidence=evidence, chart=FLAG.chart
            )
            outbox.enqueue(connection, flag_id, NOW, [CHAT])
    desk = DecisionHandler(store, clock=lambda: NOW, key=KEY, chats=[CHAT], units_a_day=1000)
    desk.record(press(verb=Choice.KEEP, flag_id=3))
    assert [flag.flag_id for flag in silence_due(store)] == [2]
    assert look(store, ethereum()) == 0, "it never traded: there is nothing to look for"
