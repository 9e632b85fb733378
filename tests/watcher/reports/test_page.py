"""The page of one wallet: complete in itself, safe whatever others wrote, and whole in a real browser."""

import itertools
import math
import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from ingest.errors import ConfigError
from ingest.evm.chains import by_id
from tests.any_number import EDGES, leaked, poisoned
from tests.builders import WALLET, entry, trade
from tests.ingest.receipts import USDC
from tests.programs import find_chromium
from watcher.config.settings import DetectionConfig
from watcher.jobs.review.assess import assess_once
from watcher.reports.page.page import page
from watcher.reports.wallet_study import read_study
from watcher.store import trade_log, wallets
from watcher.store.sql import database
from watcher.store.sql.database import reading, writing
from watcher.types import Coverage, TokenInfo, Wallet

ROOT = Path(__file__).parents[3]
CHAINS = {1: by_id(1)}
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
HISTORY, DAYS = 40, 60
HOSTILE = "\"'><script>alert(1)</script><img src=http://127.0.0.1:9/x onerror=alert(2)>\u202e</title>"
NEW = "0x" + "22" * 20


def at(days):
    return BEGIN + timedelta(days=days)


def token(n):
    return f"0x{0xB0000 + n:040x}"


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """A wallet whose own name and whose tokens' names attack; it wins three of four, and nothing since it is followed.

    Beside it a wallet of which nothing is known.
    """
    engine = database.connect(f"sqlite:///{tmp_path_factory.mktemp('report')}/edgewatch.db")
    database.prepare(engine)
    entries = []
    for n in range(4 * DAYS):
        opened = n / 4
        buy, sell = int(at(opened).timestamp()), int(at(opened + 0.1).timestamp())
        entries.append(entry(trade(2 * n, [(USDC, 1)], [(token(n), 100)], timestamp=buy), "100"))
        value = "120" if n % 4 and opened < HISTORY else "90"
        if n != 4 * DAYS - 1:  # the last stays open
            entries.append(entry(trade(2 * n + 1, [(token(n), 100)], [(USDC, 1)], timestamp=sell), value))
    first = Wallet(address=WALLET, label=HOSTILE, followed_since=at(HISTORY), added_at=at(HISTORY))
    with writing(engine) as connection:
        wallets.add(connection, first)
        wallets.add(connection, replace(first, address=NEW, label="", followed_since=at(DAYS)))
        trade_log.add_tokens(
            connection,
            [TokenInfo(chain_id=1, address=token(n), symbol=HOSTILE, decimals=18) for n in range(4 * DAYS)],
        )
        trade_log.add_trades(connection, [item.trade for item in entries], decoder=1, known_at=at(DAYS))
        trade_log.add_valuations(connection, [item.valuation for item in entries])
        span = Coverage(
            chain_id=1, wallet=WALLET, first_block=0, last_block=2000, first_at=BEGIN, last_at=at(DAYS), level="proven"
        )
        trade_log.add_coverage(connection, [span])
    assess_once(engine, chains=CHAINS, detection=DetectionConfig(), now=at(DAYS))
    yield engine
    engine.dispose()


def study(engine, address=WALLET, **options):
    with reading(engine) as connection:
        [found] = [each for each in wallets.all_wallets(connection) if each.address == address]
        return read_study(connection, found, CHAINS, detection=DetectionConfig(), **options)


@pytest.fixture(scope="module")
def written(engine):
    """The page of the flag about the hostile wallet."""
    return page(study(engine, flag_id=1))


class Seen(HTMLParser):
    """Which tags a page has, what they refer to, and what a person reads."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.references, self.handlers, self.text = set(), [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.references += [value for name, value in attrs if name in {"src", "srcset", "href", "action", "data"}]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data):
        self.text += data


def test_the_page_needs_nothing_and_runs_nothing(written):
    """No script, no link, no handler; every picture is inside; what others wrote is text."""
    seen = Seen(written)
    assert not seen.tags & {"script", "link", "iframe", "object", "a", "form", "svg"}
    assert seen.handlers == []
    assert seen.references
    assert all(each.startswith("data:image/png;base64,") for each in seen.references)
    assert "<script>alert(1)" in seen.text
    assert not re.search(r"@import|url\(", written)
    assert "\u202e" not in written


def test_the_page_shows_the_numbers_of_the_flag(engine, written):
    """The verdict, the chart and the lines of the page are those that were frozen with the flag."""
    found = study(engine, flag_id=1)
    [flag] = found.flags
    assert found.assessment.evidence == flag.evidence
    assert found.series(flag.chart.metric) is flag.chart
    text = Seen(written).text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{WORD JOINER}", "")
    assert "NOT MARKET-CHECKED" in text
    assert f"{flag.evidence.metrics[0].n} round trips" in text
    closed = [each for each in found.account.round_trips if each.closed_at >= at(HISTORY)]
    assert f"$100 on each of {len(closed)} round trips since it is followed: \N{MINUS SIGN}${10 * len(closed)}" in text
    assert written.count("<figure>") == 5


def test_what_drove_it_is_what_closed_since_the_change(engine):
    """Round trips of the judged time only, the worst first."""
    found = study(engine)
    since, drivers = found.assessment.evidence.since, found.drivers()
    assert drivers
    assert all(each.closed_at.date() >= since for each in drivers)
    returns = [each.return_fraction for each in drivers]
    assert returns == sorted(returns)


def test_the_dial_reads_the_same_score(engine):
    """A setting whose interval is the score, but for rounding, flags; a little stricter watches, much stricter not."""
    found = study(engine)
    score = found.assessment.score
    table = found.what_if((1.000001 / score, 0.9 / score, 0.2 / score))
    assert list(table["reads"]) == ["flagged", "watched", "no flag"]
    assert list(found.course()["score"]) == [score]
    assert study(engine, NEW).what_if((1.0,)).empty


def test_the_evidence_by_day_ends_with_the_verdict(engine):
    """Its last day is the score; seen from the flag it ends with the flag's; the dial's own row stands out."""
    found = study(engine)
    assert found.by_day["score"].iloc[-1] == found.assessment.score
    assert found.by_day.index[-1] + timedelta(days=1) == found.assessment.as_of
    assert found.by_day.index[0] >= at(HISTORY)
    assert study(engine, flag_id=1).by_day["score"].iloc[-1] == found.flags[0].score
    assert study(engine, NEW).by_day.empty
    assert "At other settings of the dial" in page(found)


def test_a_wallet_of_which_nothing_is_known_has_a_page(engine):
    """It says so, and shows no picture."""
    text = page(study(engine, NEW))
    assert "<figure>" not in text
    assert re.search("too little history|not judged yet", text)


def test_a_flag_of_another_wallet_is_refused(engine):
    """A page never shows one wallet's verdict under another's name."""
    with pytest.raises(ConfigError, match="has no flag #1"):
        study(engine, NEW, flag_id=1)


@pytest.mark.timeout(300)
def test_the_notebook_shows_what_others_wrote_as_text(engine, tmp_path, monkeypatch):
    """Every cell runs on the hostile wallet and its tokens; no tag of theirs in any output, no hidden character."""
    url = f"sqlite:///{database.sqlite_path(str(engine.url))}"
    (tmp_path / "edgewatch.toml").write_text(
        f'[store]\nurl = "{url}"\n[[chains]]\nname = "ethereum"\nchain_id = 1\nrpc_urls = ["http://127.0.0.1:9"]\n'
    )
    monkeypatch.setenv("EDGEWATCH_CONFIG", str(tmp_path / "edgewatch.toml"))
    monkeypatch.setenv("EDGEWATCH_FLAG", "1")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    notebook = nbformat.read(ROOT / "notebooks/drilldown.ipynb", as_version=4)
    NotebookClient(notebook, timeout=280, kernel_name="python3").execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    shown = [data["text/html"] for output in outputs if "text/html" in (data := output.get("data", {}))]
    assert len(shown) >= 8
    seen = Seen("".join(shown))
    assert not seen.tags & {"script", "img", "link", "iframe", "title"}
    assert (seen.handlers, seen.references) == ([], [])
    assert "<script>alert(1)" in seen.text
    assert "\u202e" not in nbformat.writes(notebook)
    assert "\\u202e" not in nbformat.writes(notebook)


@pytest.mark.chromium
def test_a_real_browser_shows_the_page_quietly(written, tmp_path):
    """No request, no error and no dialog; nothing to scroll sideways on a phone; the dark pictures in the dark."""
    from playwright.sync_api import sync_playwright

    file = tmp_path / "report.html"
    file.write_text(written, encoding="utf-8")
    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        chosen = {}
        for scheme in ("light", "dark"):
            for width in (360, 1200):
                tab = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
                heard, asked = [], []
                tab.on("console", lambda message, heard=heard: heard.append(message.text))
                tab.on("pageerror", lambda error, heard=heard: heard.append(str(error)))
                tab.on("dialog", lambda dialog, heard=heard: (heard.append(dialog.message), dialog.dismiss()))
                tab.on("request", lambda request, asked=asked: asked.append(request.url))
                tab.goto(file.as_uri(), wait_until="load")
                tab.eval_on_selector_all("details", "all => all.forEach(each => each.open = true)")
                assert heard == []
                assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
                assert tab.evaluate("document.documentElement.scrollWidth") <= width
                pictures = tab.eval_on_selector_all("img", "all => all.map(i => [i.complete && i.naturalWidth])")
                assert pictures == [[1440]] * 5
                chosen[scheme] = tab.eval_on_selector_all("img", "all => all.map(each => each.currentSrc)")
                tab.close()
        browser.close()
    assert not set(chosen["light"]) & set(chosen["dark"])


def test_a_page_of_numbers_that_are_none_can_be_written(engine):
    """Whatever a verdict holds, be it nan, infinite or 1e308: the page says unknown or a bounded figure."""
    found = study(engine, flag_id=1)
    flag = poisoned(found.flag)
    edges = itertools.cycle(EDGES)
    broken = replace(
        found,
        flag=flag,
        flags=[flag],
        assessment=replace(found.assessment, evidence=flag.evidence, score=math.nan),
        standing=tuple((wallet, each and poisoned(each)) for wallet, each in found.standing),
        by_day=found.by_day.map(lambda _: next(edges)),
    )
    written = page(broken)
    assert written.count("<figure>") >= 3
    assert "unknown" in written
    assert leaked(Seen(written).text) is None
