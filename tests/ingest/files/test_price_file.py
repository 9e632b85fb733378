"""The user's own prices: every good line counts, in any order, and none before its time."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import ConfigError
from ingest.evm import chains
from ingest.files.price_file import BAD_KEPT, parse
from ingest.types import NATIVE
from tests.builders import ASSET, OTHER, START

ETHEREUM = chains.by_id(1)
CHAINS = {1: ETHEREUM, 8453: chains.by_id(8453)}
HEADER = "chain,token,time,usd"
DAY = 86_400


def read(*lines, header=HEADER, max_age_s=DAY):
    return parse([header, *lines], chains=CHAINS, max_age_s=max_age_s)


lines_of_one_token = st.lists(
    st.tuples(st.integers(START, START + 50), st.decimals(min_value="1e-12", max_value="1e9", places=12)),
    min_size=1,
    max_size=30,
)


@given(lines=lines_of_one_token, asked=st.integers(START - 5, START + 80), max_age_s=st.integers(1, 40))
def test_a_price_is_the_last_one_at_or_before_the_time_and_not_too_old(lines, asked, max_age_s):
    """Never a later one, whatever the file holds; of two for one time the later line counts."""
    file = read(*(f"1,{ASSET},{time},{usd:f}" for time, usd in lines), max_age_s=max_age_s)
    by_time = {time: usd for time, usd in lines if time <= asked}
    latest = max(by_time, default=None)
    in_force = latest is not None and asked - latest <= max_age_s
    assert file.at(1, ASSET, asked) == ((by_time[latest], latest) if in_force else None)


@given(data=st.data(), lines=st.lists(lines_of_one_token.map(dict), min_size=1, max_size=3))
def test_the_order_of_lines_does_not_matter(data, lines):
    """For lines of several tokens with distinct times."""
    tokens = (ASSET, OTHER, "native")
    text = [
        f"1,{token},{time},{usd:f}"
        for token, prices in zip(tokens, lines, strict=False)
        for time, usd in prices.items()
    ]
    mixed = data.draw(st.permutations(text))
    assert read(*mixed).series == read(*text).series


def test_what_comes_later_in_the_file_changes_no_earlier_answer():
    """Adding a price for later leaves every answer about earlier times as it was."""
    before = read(f"1,{ASSET},{START},5")
    after = read(f"1,{ASSET},{START},5", f"1,{ASSET},{START + 100},7")
    asked = range(START - 2, START + 100)
    assert [before.at(1, ASSET, at) for at in asked] == [after.at(1, ASSET, at) for at in asked]


def test_chains_and_tokens_are_named_in_several_ways():
    """By name or id; any case; the native coin by word, stand-in or wrapped form; each chain for itself."""
    stamp = datetime.fromtimestamp(START, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    file = read(
        f"Ethereum,{ASSET.upper().replace('X', 'x')},{stamp},1.5",
        f" 8453 , native , {START} , 2 ",
        "",
        f"1,{ETHEREUM.wrapped_native},{START},3",
        f"8453,{ASSET},{stamp[:-1]},4",
    )
    found = [file.at(chain, token, START) for chain, token in ((1, ASSET), (8453, NATIVE), (1, NATIVE), (8453, ASSET))]
    assert found == [(Decimal(usd), START) for usd in ("1.5", "2", "3", "4")]
    assert file.bad_count == 0


def test_a_time_within_a_second_counts_from_the_next_one():
    """Block times are whole seconds: a price of 12:00:00.5 was not known at 12:00:00."""
    file = read(f"1,{ASSET},2025-01-31T12:00:00.5+01:00,1")
    at = int(datetime(2025, 1, 31, 11, 0, 0, tzinfo=UTC).timestamp())
    assert (file.at(1, ASSET, at), file.at(1, ASSET, at + 1)) == (None, (1, at + 1))


def test_columns_may_stand_in_any_order_with_others_between():
    """The header says which is which; semicolons and tabs divide as well, quotes are taken off."""
    for mark in ",;\t":
        cells = ["5.25", "x", ASSET, "ethereum", f'"{START}"']
        file = read(mark.join(cells), header=mark.join(["USD", "note", "Token", "chain", "time"]))
        assert file.at(1, ASSET, START) == (Decimal("5.25"), START)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"solana,{ASSET},{START},1", "chain 'solana' is not in the configuration"),
        (f"1,PEPE,{START},1", "token 'PEPE' is neither an address nor the word native"),
        (f"1,{ASSET}00,{START},1", "neither an address"),
        (f"1,{ASSET},{START * 1000},1", "is not in unix seconds"),
        (f"1,{ASSET},yesterday,1", "time 'yesterday' is neither unix seconds nor like 2025-01-31T12:00:00Z"),
        (f"1,{ASSET},{START},0", "usd '0' is not a positive number"),
        (f"1,{ASSET},{START},-1", "usd '-1'"),
        (f"1,{ASSET},{START},nan", "usd 'nan'"),
        (f"1,{ASSET},{START},inf", "usd 'inf'"),
        (f"1,{ASSET},{START},1e99", "usd '1e99'"),
        (f"1,{ASSET},{START},$5", r"usd '\$5'"),
        (f"1,{ASSET},{START}", "3 cells, but the header has 4"),
    ],
)
def test_a_bad_line_is_told_and_the_rest_is_used(line, reason):
    """With its number and the reason; the good line beside it counts."""
    file = read(line, f"1,{OTHER},{START},7")
    [bad] = file.bad
    assert (bad.line, file.bad_count) == (2, 1)
    with pytest.raises(ConfigError, match=reason):
        raise ConfigError(bad.reason)
    assert file.at(1, OTHER, START) == (7, START)
    assert file.at(1, ASSET, START) is None


def test_a_file_full_of_bad_lines_is_told_in_short():
    """The first ones one by one, the others as a number."""
    file = read(f"1,{OTHER},{START},7", *["1,x,y,z"] * 100)
    assert (len(file.bad), file.bad_count) == (BAD_KEPT, 100)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], "its first line must name the columns chain,token,time,usd; chain, token, time, usd is missing"),
        (["chain,token,time,price"], "usd is missing"),
        ([HEADER], "it holds no usable price"),
        ([HEADER, "1,x,y,z"], "it holds no usable price; line 2: token 'x'"),
    ],
)
def test_a_file_without_a_usable_price_is_refused(lines, reason):
    """Silently pricing nothing would look like having no prices."""
    with pytest.raises(ConfigError, match=reason):
        parse(lines, chains=CHAINS, max_age_s=DAY)


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=60), max_size=8))
def test_no_text_breaks_the_reader(lines):
    """Whatever the lines hold, it is read or refused, and what is read is a positive price."""
    try:
        file = read(f"1,{ASSET},{START},7", *lines)
    except ConfigError:
        return
    assert all(price > 0 for series in file.series.values() for price in series.prices)
