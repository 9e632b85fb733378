"""Programs that some tests need and not every machine has: looked up on the PATH, and nowhere else.

So a machine without them is a PATH without them, and ``.ci/bare`` runs the tests on one. Anvil and the contracts come
with ``npm ci`` instead (``tests.localchain.anvil``): a clone in which it did not run has none.
"""

import shutil
from pathlib import Path

NO_POSTGRES = "PostgreSQL is not installed: on Debian, `apt-get install postgresql` (the same tests ran on SQLite)"
NO_CHROMIUM = "Chromium is not installed: on Debian, `apt-get install chromium` (the page was not opened in a browser)"
DEBIAN = Path("/usr/lib/postgresql")  #: where Debian puts each version's programs, off the PATH


def find_postgres() -> Path | None:
    """The folder of ``initdb`` and ``postgres``; None where there is none."""
    if (program := shutil.which("postgres")) is not None:
        return Path(program).resolve().parent
    # Debian's own tool for its versions is on the PATH where any of them is installed.
    if shutil.which("pg_ctlcluster") is None:
        return None
    versions = sorted(DEBIAN.glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    return versions[-1].parent if versions else None


def find_chromium() -> str | None:
    """The browser; None where there is none."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
