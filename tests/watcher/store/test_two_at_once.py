"""Two at once: whoever comes first is first, and nothing that either wrote is lost."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

from alerts.types import Press
from tests.alerts.examples import FLAG
from tests.builders import WALLET
from watcher.store import flag_log, outbox, trade_log, usage, wallets
from watcher.store.sql.database import reading, writing
from watcher.telegram.decision_handler import DecisionHandler
from watcher.types import Coverage, Wallet

NOW = datetime(2025, 7, 1, 8, tzinfo=UTC)
CROWD = 4
CHAT = 42


def at_once(job):
    """Run ``job(0)``, ``job(1)``, … in threads that start together; their results."""
    gate = Barrier(CROWD)

    def one(number):
        gate.wait()
        return job(number)

    with ThreadPoolExecutor(CROWD) as pool:
        return list(pool.map(one, range(CROWD)))


def open_flags(engine, count):
    with writing(engine) as connection:
        for number in range(count):
            address = f"0x{number:040x}"
            wallets.add(connection, Wallet(address=address, followed_since=NOW, added_at=NOW))
            flag_id = flag_log.open_flag(
                connection, address=address, at=NOW, score=3.0, evidence=FLAG.evidence, chart=FLAG.chart
            )
            outbox.enqueue(connection, flag_id, NOW, [CHAT])


def test_of_presses_at_once_exactly_one_decides(store):
    """One press is recorded; every other one is told the name and the choice of that one."""
    open_flags(store, 5)
    desk = DecisionHandler(store, clock=lambda: NOW, key=bytes(32), chats=[CHAT], units_a_day=1000)
    for flag_id in range(1, 6):

        def press(number, flag_id=flag_id):
            update_id = 100 * flag_id + number
            verb = ("keep", "unfollow", "snooze", "false_alarm")[number]
            name = f"@p{number}"
            return desk.record(
                Press(
                    update_id=update_id,
                    flag_id=flag_id,
                    verb=verb,
                    user_id=number,
                    user_name=name,
                    chat_id=42,
                    message_id=flag_id,
                )
            ).answer

        answers = at_once(press)
        with reading(store) as connection:
            [decision] = flag_log.decisions(connection, flag_id=flag_id)
        assert [answer.startswith("Recorded") for answer in answers] == [
            f"@p{number}" == decision.decided_by for number in range(CROWD)
        ]
        assert sum(f"by {decision.decided_by}" in answer for answer in answers) == CROWD - 1


def test_claims_at_once_count_every_try(store):
    """Each claim of the same message sees the one before it: all but the first know that theirs is a repeat."""
    open_flags(store, 1)

    def claim(_number):
        with writing(store) as connection:
            return outbox.claim(connection, NOW, CHAT).tries

    assert sorted(at_once(claim)) == list(range(1, CROWD + 1))


def test_counters_and_memos_written_at_once_lose_nothing(store):
    """Units add up whoever writes first, also where each would be the first to make the row."""

    def spend(number):
        with writing(store) as connection:
            usage.add_usage(connection, NOW.date(), 1, {"eth_call": (1, 26)})
            usage.remember(connection, "last", str(number))

    at_once(spend)
    with reading(store) as connection:
        assert usage.usage_on(connection, NOW.date()) == {(1, "eth_call"): (CROWD, 26 * CROWD)}
        assert usage.recall(connection, "last") in map(str, range(CROWD))


def test_coverage_noted_at_once_is_joined_once(store):
    """Neighbouring ranges become one range, whichever of them comes first."""

    def cover(number):
        with writing(store) as connection:
            first = 10 * number
            at = datetime.fromtimestamp(first, UTC)
            trade_log.add_coverage(
                connection,
                [
                    Coverage(
                        chain_id=1,
                        wallet=WALLET,
                        first_block=first,
                        last_block=first + 9,
                        first_at=at,
                        last_at=at,
                        level="ends",
                    )
                ],
            )

    at_once(cover)
    with reading(store) as connection:
        [joined] = trade_log.coverages(connection)
    assert (joined.first_block, joined.last_block) == (0, 10 * CROWD - 1)


def test_a_reader_sees_one_moment(store):
    """What is committed while a reading is under way is seen by the next one, not by half of this one."""
    with reading(store) as connection:
        assert usage.recall(connection, "key") is None
        with writing(store) as other:
            usage.remember(other, "key", "value")
        assert usage.recall(connection, "key") is None
    with reading(store) as connection:
        assert usage.recall(connection, "key") == "value"
