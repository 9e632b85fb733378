"""The ledger of what was read: it grows only by what is missing, and says how well it is proven."""

from sqlalchemy import text

from tests.fakes.chain import FakeChain, Payment
from tests.watcher.chain_reader import ANN, BOB, NOW, ChainReader
from watcher.config.settings import ChainConfig
from watcher.reports import overview
from watcher.store import trade_log, wallets
from watcher.store.sql.database import reading, writing
from watcher.types import Wallet


def busy(blocks=40):
    chain = FakeChain()
    for amount in range(1, blocks + 1):
        chain.mine(Payment(ANN, BOB, amount))
    return chain


def spans(reader):
    with reading(reader.engine) as connection:
        return {
            (item.wallet, item.first_block, item.last_block, item.level) for item in trade_log.coverages(connection)
        }


def ask_from(reader, block):
    """Change the configuration."""
    table = reader.config.model_dump(exclude_unset=True) | {"from_block": block}
    reader.config = ChainConfig.model_validate(table)


def test_more_history_reads_only_what_is_missing(tmp_path):
    """An earlier beginning adds the blocks before the old one; a later one, and asking again, add nothing."""
    chain = busy()
    reader = ChainReader(tmp_path / "a.db", chain, confirmations=0, verify="full", from_block=31)
    assert reader.read().blocks == 10
    ask_from(reader, 11)
    assert reader.read().blocks == 20
    assert spans(reader) == {(ANN, 11, 40, "proven"), (BOB, 11, 40, "proven")}
    ask_from(reader, 21)
    assert reader.read().blocks == 0
    whole = ChainReader(tmp_path / "b.db", chain, confirmations=0, verify="full", from_block=11)
    whole.read()
    assert reader.holds() == whole.holds()


def test_a_removed_wallet_that_comes_back_is_read_anew(tmp_path):
    """What was known of a chain that has changed since does not stand in its way."""
    chain = busy()
    reader = ChainReader(tmp_path / "a.db", chain, confirmations=0, verify="full")
    reader.read()
    with writing(reader.engine) as connection:
        for address in (ANN, BOB):
            wallets.remove(connection, address, NOW)
            wallets.add(connection, Wallet(address=address, followed_since=NOW, added_at=NOW))
        connection.execute(text("DELETE FROM raw_transaction"))
    chain.reorganise(40, *([Payment(BOB, ANN, 5)] for _ in range(41)))
    reader.read()
    fresh = ChainReader(tmp_path / "b.db", chain, confirmations=0, verify="full")
    fresh.read()
    assert reader.holds() == fresh.holds()


def test_the_level_is_kept_with_the_blocks(tmp_path):
    """What was read by its ends stays so when the rest is proven."""
    chain = busy()
    reader = ChainReader(tmp_path / "a.db", chain, confirmations=0, verify="ends")
    reader.read()
    reader.config = reader.config.model_copy(update={"verify": "full"})
    for amount in range(5):
        chain.mine(Payment(ANN, BOB, amount + 1))
    reader.read()
    assert spans(reader) == {(who, *span) for who in (ANN, BOB) for span in ((1, 40, "ends"), (41, 45, "proven"))}
    with reading(reader.engine) as connection:
        counts = trade_log.counts(connection)
    assert (counts["ends_blocks"], counts["proven_blocks"]) == (80, 10)


def test_the_status_says_how_well_the_blocks_are_proven():
    """Each level with its share; nothing where nothing was read."""
    counts = {"proven_blocks": 75, "indexed_blocks": 0, "ends_blocks": 25}
    assert overview.proven(counts) == (
        "of the blocks read 75% proven by their own headers, 25% by the ends of each window and sampled"
    )
    assert overview.proven(dict.fromkeys(counts, 0)) == ""
