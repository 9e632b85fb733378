"""The README speaks of everything that a person can type or configure, and of nothing else."""

import re
from pathlib import Path

import pytest
import typer.main

from watcher.cli.main import app
from watcher.cli.shared.lazy import COMMANDS
from watcher.config.settings import BudgetConfig, ChainConfig, DetectionConfig, StoreConfig
from watcher.config.telegram import ChatConfig, TelegramConfig

README = (Path(__file__).parents[1] / "README.md").read_text()


def commands(group=None, prefix=""):
    group = group or typer.main.get_command(app)
    context = typer.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if hasattr(command, "commands"):
            yield from commands(command, f"{name} ")
        else:
            yield prefix, name, command


def test_the_list_of_commands_says_what_each_says_of_itself():
    """``--help`` imports no command: its lines are those of the commands' own help."""
    group = typer.main.get_command(app)
    for name, (_, words) in COMMANDS.items():
        command = group.get_command(typer.Context(group), name)
        assert " ".join(command.help.split("\n\n")[0].split()) == words


@pytest.mark.parametrize(("prefix", "name", "command"), list(commands()), ids=str)
def test_every_command_is_in_the_readme_and_explains_itself(prefix, name, command):
    """Each command has a help text and stands in the README's table."""
    assert command.help
    rows = [line for line in README.splitlines() if line.startswith(f"| `edgewatch {prefix}")]
    assert any(f"`edgewatch {prefix}{name}" in row or f"`{name}`" in row for row in rows)


@pytest.mark.parametrize(
    ("table", "model"),
    [
        ("store", StoreConfig),
        ("chains[]", ChainConfig),
        ("budget", BudgetConfig),
        ("detection", DetectionConfig),
        ("telegram", TelegramConfig),
        ("telegram.chats[]", ChatConfig),
    ],
)
def test_every_key_is_in_the_readme(table, model):
    """Each configuration key stands in the README's table."""
    rows = " ".join(line for line in README.splitlines() if line.startswith(f"| `{table.removesuffix('.chats[]')}"))
    assert [key for key in model.model_fields if f"{table}.{key}`" not in rows and f"`{key}`" not in rows] == []


def test_the_examples_in_the_docs_are_those_that_were_measured():
    """The table of examples in the page on metrics is the one that ``benchmarks.examples`` wrote, line by line."""
    root = Path(__file__).parents[1]
    measured = (root / "benchmarks/results.md").read_text().split("## `benchmarks.examples`")[1].split("\n## ")[0]
    page = (root / "docs/metrics.md").read_text()
    rows = [line for line in measured.splitlines() if line.startswith("|")]
    assert len(rows) == 8
    assert [row for row in rows if row not in page] == []


def test_what_the_docs_say_of_luck_is_what_was_measured():
    """Each row of figures in the section on edge and luck is one that ``benchmarks.luck`` wrote last."""
    root = Path(__file__).parents[1]
    measured = (root / "benchmarks/results.md").read_text().split("## `benchmarks.luck`")[1].split("\n## ")[0]
    page = (root / "docs/metrics.md").read_text().split("## 6. Edge or luck")[1]
    rows = [line for line in page.splitlines() if line.startswith("|") and re.search(r"\d%", line)]
    assert len(rows) >= 15
    assert [row for row in rows if row not in measured.splitlines()] == []


def test_how_soon_in_the_docs_is_what_was_measured():
    """The table of changes by their size is the one that ``benchmarks.sensitivity`` wrote, line by line."""
    root = Path(__file__).parents[1]
    measured = (root / "benchmarks/results.md").read_text().split("## `benchmarks.sensitivity`")[1].split("\n## ")[0]
    page = (root / "docs/metrics.md").read_text()
    lines = [line for line in measured.splitlines() if line.startswith(("|", "Bold"))]
    assert len(lines) == 25
    assert [line for line in lines if line not in page] == []


def test_what_obeying_brought_in_the_docs_is_what_was_measured():
    """The page on paying repeats what ``benchmarks.following`` wrote: table and conclusions, line by line."""
    root = Path(__file__).parents[1]
    measured = (root / "benchmarks/results.md").read_text().split("## `benchmarks.following`")[1].split("\n## ")[0]
    page = (root / "docs/paying.md").read_text()
    lines = [line for line in measured.splitlines() if line.startswith(("|", "- "))]
    assert len(lines) == 10
    assert [line for line in lines if line not in page] == []


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_what_the_readme_says_of_detection_is_what_was_measured():
    """README's column of Edgewatch repeats what ``benchmarks.detection`` wrote last, cell by cell."""
    measured = (Path(__file__).parents[1] / "benchmarks/results.md").read_text()
    section = measured.split("## `benchmarks.detection`")[1].split("\n## ")[0]
    families = next(cells(line)[1:] for line in section.splitlines() if line.startswith("| | win rate"))
    rates, delays = [cells(line)[1:] for line in section.splitlines() if line.startswith("| **Edgewatch** |")]
    told = {cells(line)[0]: cells(line)[1] for line in README.splitlines() if line.startswith("|")}
    assert told["first flags per wallet-year, nothing changes: calm, two drawdowns"] == ", ".join(rates[:2])
    found = dict(zip(families, (", ".join(each.split(", ")[:2]) for each in delays), strict=True))
    shown = {family: told[family] for family in found if family in told}
    assert len(shown) == 5
    assert shown == {family: found[family] for family in shown}
