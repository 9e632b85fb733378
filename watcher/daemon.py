"""The service: jobs on a schedule in worker threads, the bot's loop in the main thread.

APScheduler's defaults drop late jobs and lose track when the clock steps back; here the store is in memory, late runs
are coalesced and never dropped, a watch follows the clock, and a job that is due simply does the work since its cursor.
"""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from alerts.errors import AlertError, ConflictError
from alerts.policy import Opening
from alerts.telegram.bot import TelegramBot
from ingest.errors import BudgetExhausted, IngestError, WatchError
from watcher import app
from watcher.config.settings import Config
from watcher.jobs.pricing.mark_positions import mark_once
from watcher.jobs.pricing.price_from_pools import appraise_once
from watcher.jobs.review.assess import assess_once
from watcher.jobs.review.deliver import deliver_once
from watcher.jobs.review.digest import digest_once
from watcher.jobs.review.explain_silence import silence_due, silence_once
from watcher.jobs.review.look_back import look_back_once
from watcher.jobs.sync.ingest import Source, ingest_once
from watcher.jobs.sync.round_robin import contained, take_turns
from watcher.telegram.chat_commands import menu
from watcher.telegram.thread_bridge import LoopChannel
from watcher.types import Progress

INGEST_S, MARK_S, ASSESS_S, FOLLOW_UP_S, DELIVER_S = 300, 900, 900, 900, 5
SILENCE_S = 10
POLL_AGAIN_S = 5.0
REFUSED_AGAIN_S = 60.0  #: before polling is tried again where another program polls, or the token is refused
WATCH_S = 5.0  #: between two looks at whether the clock was set
STOP_S = 8.0  #: how long a running job may take to end at a stop

log = structlog.get_logger()


class Daemon:
    """The jobs of one running service.

    Parameters
    ----------
    config
        The configuration.
    engine
        The database.
    """

    def __init__(self, config: Config, engine: Engine) -> None:
        self._config = config
        self._engine = engine
        self._stop = threading.Event()
        self._running: set[str] = set()
        # Both that spend the budget begin with what the store says was spent, so they take turns.
        self._spending = threading.Lock()
        self._channel: LoopChannel | None = None

    async def serve(self) -> None:
        """Run until SIGTERM or SIGINT."""
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        scheduler = BackgroundScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
        )
        now = app.clock()
        jobs = (
            ("ingest", self.ingest, INGEST_S),
            ("mark", self.mark, MARK_S),
            ("assess", self.assess, ASSESS_S),
            ("follow_up", self.follow_up, FOLLOW_UP_S),
            ("silence", self.silence, SILENCE_S),
        )
        for name, job, seconds in jobs:
            scheduler.add_job(self._guarded(name, job), "interval", seconds=seconds, next_run_time=now, id=name)
        log.info("started", chains=[table.name for table in self._config.chains], telegram=bool(self._config.telegram))
        async with AsyncExitStack() as stack:
            bot = None
            if self._config.telegram is not None:
                bot = await stack.enter_async_context(app.bot(self._config))
                self._channel = LoopChannel(bot, loop)
                deliver = self._guarded("deliver", self.deliver)
                scheduler.add_job(deliver, "interval", seconds=DELIVER_S, next_run_time=now, id="deliver")
            scheduler.start()
            watch = asyncio.create_task(_watch(scheduler))
            await (stop.wait() if bot is None else self._listen(bot, stop))
            watch.cancel()
            await self._end(scheduler)

    async def _listen(self, bot: TelegramBot, stop: asyncio.Event) -> None:
        menu_set = asyncio.create_task(bot.set_menu(menu()))
        desk = app.desk(self._config, self._engine)
        while not stop.is_set():
            pause = POLL_AGAIN_S
            try:
                await bot.poll(desk, stop=stop)
            except AlertError as error:
                # Measuring and telling go on without the buttons; `edgewatch health` and the log say why, the chats
                # where another program takes the presses. It is tried again: that one may end, a token be set right.
                log.error("telegram_polling_stopped", kind=type(error).__name__, problem=str(error))
                pause = REFUSED_AGAIN_S
                with suppress(WatchError, SQLAlchemyError):
                    await asyncio.to_thread(desk.refused, str(error), taken=isinstance(error, ConflictError))
            except Exception:
                # The desk failed, a locked database for one; its update is still unread and comes again.
                log.exception("telegram_polling_failed")
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
        menu_set.cancel()

    async def _end(self, scheduler: BackgroundScheduler) -> None:
        log.info("stopping")
        self._stop.set()
        scheduler.shutdown(wait=False)
        deadline = time.monotonic() + STOP_S
        while self._running and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        log.info("stopped", unfinished=sorted(self._running))

    def _guarded(self, name: str, job: Callable[[datetime], None]) -> Callable[[], None]:
        """Run a job; whatever it raises is logged here, and the next run tries again."""

        def guarded() -> None:
            if self._stop.is_set():
                return
            self._running.add(name)
            try:
                job(app.clock())
            except BudgetExhausted as error:
                log.warning("budget_exhausted", job=name, problem=str(error))
            except WatchError as error:
                log.error("job_failed", job=name, kind=type(error).__name__, problem=str(error))
            except Exception:
                log.exception("job_crashed", job=name)
            finally:
                self._running.discard(name)

        return guarded

    @property
    def unfinished(self) -> bool:
        """Whether a job did not end in time."""
        return bool(self._running)

    def ingest(self, now: datetime) -> None:
        """Read what is new on every chain; a chain that fails does not keep the others from being read."""
        with self._spending, app.sources(self._config, self._engine, now) as sources:

            def read(source: Source, turn_over: Callable[[], bool]) -> Progress:
                return ingest_once(self._engine, source, now=now, stopped=lambda: self._stop.is_set() or turn_over())

            for source, done in take_turns(sources, read):
                if isinstance(done, IngestError):
                    log.error("chain_not_read", chain=source.chain.name, problem=str(done))
                else:
                    log.info("read", chain=done.chain, blocks=done.blocks, trades=done.trades, calls=done.requests)
                if self._stop.is_set():
                    break

    def mark(self, _due: datetime) -> None:
        """Appraise trades and mark open positions on every chain; one that fails does not keep the others from it.

        It may have waited long for its turn, so it looks at the clock itself.
        """
        chains, unit = app.chains(self._config), self._config.detection.one_unit
        with self._spending, app.sources(self._config, self._engine, now := app.clock(), marking=True) as sources:
            for source in sources:
                stopped = self._stop.is_set
                try:
                    with contained(source):
                        valued = appraise_once(self._engine, source, now=now, stopped=stopped)
                        done = mark_once(self._engine, source, chains=chains, unit=unit, now=now, stopped=stopped)
                except WatchError as error:
                    log.error("chain_not_marked", chain=source.chain.name, problem=str(error))
                else:
                    if valued.asked:
                        log.info("appraised", chain=valued.chain, trades=valued.asked, valued=valued.valued)
                    if done.positions:
                        log.info("marked", chain=done.chain, marked=done.marked, unknown=done.unknown, short=done.short)

    def assess(self, now: datetime) -> None:
        """Judge every wallet."""
        outcome = assess_once(
            self._engine,
            chains=app.chains(self._config),
            detection=self._config.detection,
            now=now,
            chats=app.chat_ids(self._config),
        )
        log.info("assessed", wallets=len(outcome), flags=sum(isinstance(v, Opening) for v in outcome.values()))

    def silence(self, _due: datetime) -> None:
        """Look for the reason why a flagged wallet has gone quiet, while its card is still new."""
        if not silence_due(self._engine) or not self._spending.acquire(blocking=False):
            return  # while a long reading spends, it is tried again soon
        try:
            chains, unit = app.chains(self._config), self._config.detection.one_unit
            with app.sources(self._config, self._engine, now := app.clock()) as sources:
                log.info("silence", flags=silence_once(self._engine, sources, chains=chains, unit=unit, now=now))
        finally:
            self._spending.release()

    def follow_up(self, now: datetime) -> None:
        """Look back on decisions, and write the week's digest."""
        chats, config = app.chat_ids(self._config), self._config
        unit = config.detection.one_unit
        done = look_back_once(self._engine, chains=app.chains(config), unit=unit, now=now, chats=chats)
        zone = config.telegram.zone if config.telegram else UTC
        units = config.budget.rpc_units_per_day
        digest_once(self._engine, zone=zone, now=now, units_a_day=units, chats=chats)
        if done:
            log.info("looked_back", decisions=len(done))

    def deliver(self, _due: datetime) -> None:
        """Send what waits."""
        assert self._channel is not None
        table = app.telegram(self._config)
        sent = deliver_once(
            self._engine,
            self._channel,
            key=app.button_key(self._config),
            chats=table.chat_ids,
            clock=app.clock,
            wallet_url=table.wallet_url,
            quiet=table.is_quiet,
        )
        if sent:
            log.info("delivered", messages=sent)


def follow_clock(scheduler: BaseScheduler, now: datetime) -> None:
    """Bring jobs back to their times after the clock was set: the scheduler counts by the clock and would wait.

    Parameters
    ----------
    scheduler
        With interval jobs only.
    now
        By the clock as it stands.
    """
    for job in scheduler.get_jobs():
        if job.next_run_time - now > job.trigger.interval:  # set back: it would wait until the clock is there again
            log.warning("clock_set_back", job=job.id, due=job.next_run_time)
            job.modify(next_run_time=now)
        elif job.next_run_time < now:  # set forward, and the scheduler still sleeps
            scheduler.wakeup()


async def _watch(scheduler: BaseScheduler) -> None:
    while True:
        await asyncio.sleep(WATCH_S)
        follow_clock(scheduler, app.clock())


def run(config: Config, engine: Engine) -> None:
    """Serve until a signal, then leave within ten seconds."""
    daemon = Daemon(config, engine)
    asyncio.run(daemon.serve())
    if daemon.unfinished:
        # A request to a node is still waiting in a worker thread. What was read is committed and the rest is read
        # again after the restart, so leaving now loses nothing; waiting for the thread could take a minute.
        os._exit(0)
