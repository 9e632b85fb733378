"""Values of the configuration: bounds from both sides; any value at any key is used, or refused in words."""

import math
import os
import re
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ingest.errors import ConfigError, StoreError
from ingest.evm.rpc.endpoint import names
from watcher import app
from watcher.config.settings import Config, load, parse
from watcher.store.sql import database

ADDRESS = "0x" + "ab" * 20
WHOLE = {
    "store": {"url": "sqlite:///edgewatch.db"},
    "budget": {"rpc_units_per_day": 1_000, "marks_share": 0.5},
    "prices": {"file": "prices.csv", "max_age": "24h"},
    "detection": {"false_flags_per_wallet_year": 1.0, "unit": "auto"},
    "telegram": {
        "chat_id": 5,
        "allowed_user_ids": [5],
        "base_url": "https://api.example/bot",
        "timezone": "UTC",
        "quiet_hours": "22:00-07:00",
        "wallet_url": "https://w.example/{address}",
        "chats": [{"chat_id": 6, "allowed_user_ids": [6]}],
    },
    "chains": [
        {
            "name": "mine",
            "chain_id": 4242,
            "rpc_urls": ["https://node.example/${KEY}"],
            "history": "180d",
            "from_block": 1,
            "confirmations": 1,
            "in_flight": 4,
            "requests_per_second": 2.5,
            "verify": "auto",
            "index": "none",
            "native_symbol": "X",
            "wrapped_native": ADDRESS,
            "native_usd_feed": ADDRESS,
            "block_seconds": 2.0,
            "quote_tokens": [{"address": ADDRESS, "symbol": "U", "decimals": 6, "usd": 1.0, "usd_feed": ADDRESS}],
            "dexes": [
                {"kind": "uniswap_v2", "factory": ADDRESS, "init_code_hash": "0x" + "1" * 64, "deployer": ADDRESS}
            ],
        }
    ],
}
"""A file with a value at every key."""

ENVIRONMENT = {"KEY": "abc"}


def places(value, path=()):
    """The path of every value, tables and lists too."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def put(value, path, new):
    """The same with another value at one place."""
    if not path:
        return new
    key, *rest = path
    if isinstance(value, list):
        return [put(item, rest, new) if n == key else item for n, item in enumerate(value)]
    return {**value, key: put(value.get(key, {}), rest, new)}


def toml(value):
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return hex(value) if value >= 2**64 else str(value) if value > -(2**64) else "-1"
    if isinstance(value, str):
        return '"' + "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08x}" for c in value) + '"'
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(str(key))} = {toml(item)}" for key, item in value.items()) + "}"
    return value.isoformat() if isinstance(value, date) else repr(value)


def read(path, value) -> Config:
    """The configuration with a value at one place."""
    text = "\n".join(f"{key} = {toml(item)}" for key, item in put(WHOLE, path, value).items())
    return parse(text, Path("edgewatch.toml"), ENVIRONMENT)


CHAIN = ("chains", 0)
BOUNDS = [
    ((*CHAIN, "chain_id"), 1, 2**63 - 1, 1),
    ((*CHAIN, "from_block"), 0, 2**63 - 1, 1),
    ((*CHAIN, "confirmations"), 0, 100_000, 1),
    ((*CHAIN, "in_flight"), 1, 16, 1),
    ((*CHAIN, "requests_per_second"), 0.01, 10_000.0, 1e-3),
    ((*CHAIN, "block_seconds"), 0.001, 86_400.0, 1e-4),
    ((*CHAIN, "quote_tokens", 0, "decimals"), 0, 77, 1),
    ((*CHAIN, "quote_tokens", 0, "usd"), 1e-9, 1e9, 1e-6),
    (("budget", "rpc_units_per_day"), 1, 10**12, 1),
    (("budget", "marks_share"), 0.0, 1.0, 1e-3),
    (("detection", "false_flags_per_wallet_year"), 0.01, 100.0, 1e-3),
    (("telegram", "chat_id"), -(2**52) + 1, 2**52 - 1, 1),
    (("telegram", "message_thread_id"), 1, 2**31 - 1, 1),
    (("telegram", "chats", 0, "chat_id"), -(2**52) + 1, 2**52 - 1, 1),
]
"""Place, least, most, and a step beyond."""
OF_DETECTION = {"false_flags_per_month": (0.01, 10_000.0)}


def refused(path, value) -> str:
    """The message for a value that is refused; it names the key."""
    with pytest.raises(ConfigError) as caught:
        read(path, value)
    assert re.search(rf"\b{path[-1] if isinstance(path[-1], str) else path[-2]}\b", str(caught.value))
    return str(caught.value)


@pytest.mark.parametrize(("path", "least", "most", "step"), BOUNDS)
def test_a_number_has_bounds_and_an_example(path, least, most, step):
    """Both bounds are taken and what lies beyond is not; the message has an example, and that is taken."""
    for taken in (least, most):
        read(path, taken)
    for beyond in (least - step, most + step, -math.inf, math.inf, math.nan, "1", True, [], {}, 2**100_000):
        said = refused(path, beyond)
        read(path, tomllib.loads(f"it = {re.search(r'for example ([^;]+);', said).group(1)}")["it"])


def test_an_id_of_a_person_is_positive_and_of_52_bits():
    """Both bounds are taken; a group's, and a number that is no id, are refused with the reason."""
    path = ("telegram", "allowed_user_ids", 0)
    for taken in (1, 2**52 - 1):
        read(path, taken)
    for beyond in (0, -1, -(2**52) + 1):
        assert "group or channel, not a person" in refused(path, beyond)
    for beyond in (2**52, -(2**52), math.nan, "1", True, []):
        assert "for example 123456789" in refused(path, beyond)


@pytest.mark.parametrize(
    ("path", "taken", "beyond"),
    [
        (
            (*CHAIN, "history"),
            ["1d", "180d", "7300d"],
            ["0d", "7301d", "999999999999d", "180", "24h", "\N{ARABIC-INDIC DIGIT ONE}d", "1d\n", 180],
        ),
        (("prices", "max_age"), ["1h", "24h", "3650d", "87600h"], ["0h", "3651d", "87601h", "9999999d", 24, "1.5h"]),
    ],
)
def test_a_time_has_bounds_and_an_example(path, taken, beyond):
    """Days, and hours where they may be; a number without its unit is told how it is written."""
    for value in taken:
        read(path, value)
    for value in [*beyond, math.inf, True, [], date(2025, 1, 1)]:
        said = refused(path, value)
        read(path, re.search(r'for example "([^"]+)"', said).group(1))
    assert '"180d"' in refused((*CHAIN, "history"), 180)


def test_the_dial_of_a_list_has_bounds_too():
    """It replaces the other one."""
    for value in (0.01, 10_000):
        assert read(("detection",), {"false_flags_per_month": value}).detection.per_wallet_year(12) == value
    for value in (0.009, 10_001, math.inf, math.nan):
        with pytest.raises(ConfigError, match=r"detection\.false_flags_per_month: write a number from 0\.01 to 10000"):
            read(("detection",), {"false_flags_per_month": value})


NASTY = [
    *(
        "",
        "\0",
        "a" * 5_000,
        "../..",
        "Europe",
        "/",
        ".",
        "~",
        "${",
        "${KEY}",
        "{address}",
        "\u202e",
        "\N{ARABIC-INDIC DIGIT THREE}d",
        "file",
    ),
    *(
        "https://[::1",
        "https://h:99999999",
        "https://h:x",
        "https://\u2100",
        "https://.",
        "https:///",
        "http://[fe80::1%a]",
    ),
    *(
        "https://node.example/${KEY",
        "https://u:p@h",
        "https://h/bot",
        "https://h /bot",
        "https://h.x/{address}{address}",
    ),
    *(
        "sqlite://",
        "sqlite:///\0",
        "sqlite:///:memory:",
        "sqlite:///..",
        "postgresql://h:x/d",
        "postgresql+x://h",
        "://",
    ),
    *("postgresql://h/d?a=b&a=c", "sqlite:///f?mode=ro&uri=true", "nan", "24:00-25:00", "0x" + "g" * 40),
]
VALUES = st.recursive(
    st.booleans()
    | st.integers()
    | st.integers(0, 2**20_000)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.sampled_from(NASTY)
    | st.dates()
    | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["url", "address", "x"]), inner),
    max_leaves=4,
)


@given(st.sampled_from(list(places(WHOLE))), VALUES)
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(("prices", "file"), "\0")
@example(("prices", "file"), ".")
@example(("prices", "file"), "/dev/zero")
@example(("store", "url"), "sqlite:///\0")
@example((*CHAIN, "quote_tokens", 0, "usd"), 2**20_000)
@example(("telegram", "quiet_hours"), "1\N{ARABIC-INDIC DIGIT ONE}:00-07:00")
@example(("telegram", "timezone"), "Europe")
@example(("telegram", "timezone"), "a" * 5_000)
def test_any_value_is_used_or_refused_in_words(tmp_path, path, value):
    """Whatever stands at a key: the error of the configuration, or a configuration of which every part can be used."""
    try:
        config = read(path, value).model_copy(update={"folder": tmp_path})
        database.connect(config.store_url()).dispose()
        app.prices(config)
    except ConfigError as error:
        assert str(error)
        assert len(str(error)) < 20_000
        return
    finally:
        assert not list(tmp_path.iterdir())
    for table in config.chains:
        chain = table.chain()
        assert 0 < chain.block_seconds < math.inf
        assert all(0 <= token.decimals <= 77 for token in chain.quote_tokens)
        assert datetime.now(UTC) - table.history_span
        assert names(table.rpc_urls)
    assert config.telegram.is_quiet(datetime.now(UTC)) in {True, False}
    assert 0 < config.detection.per_wallet_year(3) < math.inf


def test_a_price_file_is_a_plain_file_of_bounded_size(tmp_path):
    """A device, a pipe without a writer, a folder, a loop of links, a huge file, none: refused, with the key."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(app.PRICE_BYTES + 1)
    for name, words in {
        "/dev/zero": "no file",
        "pipe": "no file",
        ".": "no file",
        "huge": f"larger than {app.PRICE_BYTES:,} bytes",
        "none.csv": "No such file",
        "loop": "Too many levels of symbolic links",
    }.items():
        config = read(("prices", "file"), name).model_copy(update={"folder": tmp_path})
        with pytest.raises(ConfigError, match=r"prices\.file: ") as caught:
            app.prices(config)
        assert words in str(caught.value)
    config = read(("store", "url"), "sqlite:///loop").model_copy(update={"folder": tmp_path})
    with pytest.raises(StoreError, match="unable to open"):
        app.open_store(config)
    (tmp_path / "good.csv").write_text(f"chain,token,time,usd\nmine,{ADDRESS},2025-01-01,1.5\n")
    (tmp_path / "link").symlink_to("good.csv")
    assert app.prices(read(("prices", "file"), "link").model_copy(update={"folder": tmp_path})).bad_count == 0


def test_a_configuration_is_a_plain_file_of_bounded_size(tmp_path):
    """The same of the configuration itself; and TOML that Python's reader gives up on is no traceback."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "huge").write_bytes(b"#" * (2**20 + 1))
    for path in (Path("/dev/zero"), tmp_path / "pipe", tmp_path, tmp_path / "huge"):
        with pytest.raises(ConfigError, match="cannot read"):
            load(path, {})
    for text in (f"x = {'9' * 5_000}", f"x = {'[' * 100_000}", "x = 1979-13-01"):
        with pytest.raises(ConfigError, match="not valid TOML"):
            parse(text, Path("edgewatch.toml"), {})
