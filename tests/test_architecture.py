"""The house rules that a machine can hold."""

import ast
import re
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

from tests import rooms

ROOT = Path(__file__).parents[1]
ROOMS = ("ingest", "metrics", "alerts", "watcher")
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_the_import_contracts_hold(monkeypatch):
    """Data flows one way, pure rooms stay pure, nothing can sign (see ``[tool.importlinter]``)."""
    monkeypatch.chdir(ROOT)
    assert lint_imports(no_cache=True) == 0


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_source_file_keeps_the_house_rules(path):
    """No file over 400 lines, no import in an ``__init__``, no signing, no pickle, no eval, nowhere."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    names = set(imported(tree))
    assert len(text.splitlines()) <= 400
    if path.name == "__init__.py":
        assert not names
    assert not {name.split(".")[0] for name in names} & {"eth_account", "eth_keys", "pickle", "marshal", "yaml"}
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not called & {"eval", "exec"}
    assert not re.search(r"eth_sendRawTransaction|eth_sendTransaction|sign_transaction|private_key", text)


def test_numbers_are_written_in_one_place():
    """What a person reads of a verdict is written by ``alerts.wording``, which knows what to say of any float."""
    pages = [
        ROOT / "watcher" / "reports" / "tables.py",
        ROOT / "watcher" / "reports" / "explain.py",
        *(ROOT / "watcher" / "reports" / "page").glob("*.py"),
    ]
    found = {
        f"{path.relative_to(ROOT)}: {spec.value}"
        for path in [*(ROOT / "alerts").rglob("*.py"), *pages]
        if path.name != "wording.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr)
        for spec in node.format_spec.values
        if isinstance(spec, ast.Constant) and re.search(r"[.][0-9]|[efg%]$", spec.value) and "%Y" not in spec.value
    }
    assert found == set()


def test_only_three_rooms_touch_the_world():
    """A node is reached in ``ingest/evm/rpc``, Telegram in ``alerts/telegram``, each with its transport; SQL in one."""
    users = {"httpx": set(), "telegram": set(), "sqlite3": set()}
    for path in SOURCES:
        for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
            if (top := name.split(".")[0]) in users:
                users[top].add(str(path.relative_to(ROOT)))
    assert users == {
        "httpx": {
            "ingest/evm/rpc/pipeline.py",
            "ingest/evm/rpc/endpoint.py",
            "alerts/telegram/bot.py",
            "alerts/telegram/transport.py",
        },
        "telegram": {"alerts/telegram/bot.py"},
        "sqlite3": {"watcher/store/sql/database.py"},
    }
    speaking = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        if re.search(r"\b(select|insert|update|delete)\(\w", path.read_text(encoding="utf-8"))
        and "sqlalchemy" in path.read_text(encoding="utf-8")
    }
    assert all(name.startswith("watcher/store/") for name in speaking)


def test_a_folder_is_seen_at_one_glance():
    """No room has more than fifteen files: the folder list explains the system."""
    crowded = {
        str(folder.relative_to(ROOT)): len(files)
        for room in ROOMS
        for folder in [ROOT / room, *(ROOT / room).rglob("*/")]
        if len(files := [path for path in folder.glob("*.py") if path.name != "__init__.py"]) > 15
    }
    assert crowded == {}


def test_the_picture_of_the_rooms_is_the_code():
    """The design page draws the imports as they are; after a change: ``make rooms``."""
    text = rooms.PAGE.read_text(encoding="utf-8")
    assert rooms.page(text) == text
