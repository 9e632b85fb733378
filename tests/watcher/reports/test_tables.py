"""What strangers wrote is shown as it is: it neither styles nor breaks a terminal."""

from datetime import UTC, datetime

import pytest

from tests.builders import ASSET, buy, trade
from watcher.cli.shared import context
from watcher.reports import tables
from watcher.types import TokenInfo, Wallet

NOW = datetime(2025, 7, 1, tzinfo=UTC)


@pytest.mark.parametrize("words", ["[/b]", "[red]x", "[link=http://x]y", ":smile:", "[[", "\\["])
def test_markup_in_a_label_or_a_symbol_is_plain_text(words, capsys):
    """Square brackets and emoji codes of the terminal's own language come out letter by letter."""
    bought = buy(0, 5, "1").trade
    names = {(1, ASSET): TokenInfo(chain_id=1, address=ASSET, symbol=words, decimals=0)}
    console = context.out()
    console.print(tables.wallet_list([Wallet(address="0x" + "1" * 40, label=words, followed_since=NOW, added_at=NOW)]))
    console.print(tables.trades([(bought, None)], names))
    console.print(tables.legs(1, trade(1, [(ASSET, 1)], []).sold, names))
    shown = capsys.readouterr().out
    assert shown.count(words) >= 2
