"""The databases that store tests run on, each test on SQLite and on PostgreSQL; and a log of each test's own."""

import logging
import shutil

import pytest
import structlog
from hypothesis import settings

from tests import postgres
from watcher.store import database

# No law is about time, and a busy machine must not fail one.
settings.register_profile("edgewatch", deadline=None)
settings.load_profile("edgewatch")


def pytest_runtest_setup(item):
    """Skip what needs a server where there is none: here, not in the fixture, so that pytest tells it in one line."""
    chosen = item.callspec.params.values() if hasattr(item, "callspec") else ()
    if ("server" in item.fixturenames or "postgresql" in chosen) and postgres.find_postgres() is None:
        pytest.skip(postgres.MISSING)


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
