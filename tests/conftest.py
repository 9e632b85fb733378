"""The databases that store tests run on, each test on SQLite and on PostgreSQL; and a log of each test's own."""

import logging
import random
import shutil

import pytest
import structlog
from hypothesis import settings
from sqlalchemy import Engine, event

from tests import postgres
from tests.localchain import anvil
from tests.localchain.anvil import find_anvil
from tests.programs import NO_CHROMIUM, NO_POSTGRES, find_chromium, find_postgres
from watcher.store.sql import database

# No law is about time, and a busy machine must not fail one. `make test` is the same every time; `make soak` looks for
# new cases, with a seed that it prints. What it finds is stored as an @example.
settings.register_profile("same", deadline=None, derandomize=True, database=None)
settings.register_profile("soak", deadline=None, max_examples=1_000, database=None, print_blob=True)
settings.load_profile("same")


NEEDS = {
    "anvil": (find_anvil, anvil.MISSING),
    "chromium": (find_chromium, NO_CHROMIUM),
    "postgres": (find_postgres, NO_POSTGRES),
}
"""The mark of a test to what it needs: how that is found, and why the test is skipped where there is none."""


def pytest_itemcollected(item):
    """Mark what runs on a server, so that `-m` finds all that a machine can lack."""
    chosen = item.callspec.params.values() if hasattr(item, "callspec") else ()
    if "server" in item.fixturenames or "postgresql" in chosen:
        item.add_marker("postgres")


def pytest_runtest_setup(item):
    """Skip what needs a program that is not there: here, not in a fixture, so that pytest tells it in one line."""
    for mark, (find, missing) in NEEDS.items():
        if item.get_closest_marker(mark) and find() is None:
            pytest.skip(missing)


OPENED: set[Engine] = set()  #: databases that the test connected to


@event.listens_for(Engine, "engine_connect")
def _opened(connection):
    OPENED.add(connection.engine)


@pytest.fixture(autouse=True)
def closed():
    """What a test leaves open is closed behind it: from Python 3.13 on it is a warning, and that fails a test.

    One that lives on, a module's, opens anew.
    """
    yield
    while OPENED:
        OPENED.pop().dispose()


@pytest.fixture(autouse=True)
def same_dice():
    """What the code draws for itself, jitter and samples, is the same at each run."""
    random.seed(0)


@pytest.fixture(autouse=True)
def own_log():
    """Each test logs anew: a command that ran in this process left its log to a stream that is closed by now.

    And what a library (a notebook's client, a migration) silenced for all is heard again.
    """
    structlog.reset_defaults()
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.disabled = False


@pytest.fixture(scope="session")
def server():
    """A PostgreSQL server of the tests' own."""
    server = postgres.Server()
    yield server
    server.close()


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory):
    """A SQLite file with the current schema and no rows, to be copied."""
    path = tmp_path_factory.mktemp("template") / "edgewatch.db"
    engine = database.connect(f"sqlite:///{path}")
    database.prepare(engine)
    engine.dispose()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request, tmp_path):
    """The URL of a database of the test's own, with the current schema and no rows."""
    if request.param == "postgresql":
        return request.getfixturevalue("server").database()
    path = shutil.copy(request.getfixturevalue("empty_file"), tmp_path)
    return f"sqlite:///{path}"


@pytest.fixture
def store(store_url):
    """An engine on such a database."""
    engine = database.connect(store_url)
    yield engine
    engine.dispose()
