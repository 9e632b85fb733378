"""The demo, as a newcomer runs it, and the notebook on its database, with a real kernel."""

import json
import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.end_to_end.cli import Folder

ROOT = Path(__file__).parents[2]
TRUTH = json.loads((ROOT / "tests/localchain/truth.json").read_text())


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A folder in which the demo ran, and what it printed."""
    folder = Folder(tmp_path_factory.mktemp("demo"), "http://127.0.0.1:9", {"name": "ethereum", "chain_id": 1})
    return folder, folder.run("demo")


def test_the_demo_ends_as_its_script_says(demo):
    """Every followed wallet ends in a state that the written script allows, whatever the code does in between."""
    folder, _ = demo
    status = json.loads(folder.run("--config", "demo/edgewatch.toml", "status", "--json"))
    states = {wallet["label"]: wallet["state"] for wallet in status["wallets"] if wallet["role"] == "followed"}
    expected = {wallet["label"]: wallet["expected_states"] for wallet in TRUTH if wallet["role"] == "followed"}
    assert {label: state for label, state in states.items() if state not in expected[label]} == {}
    assert states.keys() == expected.keys()


def test_the_demo_shows_a_person_what_the_readme_promises(demo):
    """A verdict for each wallet, one flagged with its card, one down with its peers, one quiet, one with too little."""
    folder, shown = demo
    for promised in (
        "left its form",
        "down with its peers",
        "gone quiet",
        "too little history",
        "in form",
        "Nothing was traded. Your call:",
        "[ Keep ]",
        "edgewatch why Heron",
        "make notebook",
    ):
        assert promised in shown
    pictures = sorted((folder.path / "demo").glob("flag-*.png"))
    assert len(pictures) >= 3
    assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in pictures)
    why = folder.run("--config", "demo/edgewatch.toml", "why", "Heron")
    assert "win rate %" in why
    assert "of a wallet" not in why


def test_a_decision_on_the_command_line_is_kept_once(demo):
    """The first decision stands; the second is refused and says who decided."""
    folder, _ = demo
    base = ("--config", "demo/edgewatch.toml", "flags")
    flag = json.loads(folder.run(*base, "list", "--json"))[-1]
    number = str(flag["flag_id"])
    assert "kept by ann" in folder.run(*base, "decide", number, "keep", "--by", "ann", "--note", "on holiday")
    folder.run(*base, "decide", number, "unfollow", "--by", "bob", code=1)
    assert "already kept by ann" in folder.errors
    assert "kept by ann" in folder.run(*base, "show", number)


def test_the_notebook_runs_on_the_demo_database(demo, monkeypatch):
    """Every cell runs with a real kernel and shows the trade log, the evidence, charts, the peers and the flag."""
    folder, _ = demo
    monkeypatch.setenv("EDGEWATCH_CONFIG", str(folder.path / "demo/edgewatch.toml"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    notebook = nbformat.read(ROOT / "notebooks/drilldown.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "outputs are not committed"
    NotebookClient(notebook, timeout=280, kernel_name="python3").execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    text = json.dumps(outputs)
    assert text.count("image/png") >= 4
    for shown in ("Heron", "uniswap", "By luck alone", "flags from once in", "this wallet", "would bring", "Flag #"):
        assert shown in text


def test_a_report_is_written_of_a_flag(demo):
    """The command writes one file and names it; a flag that the wallet does not have is refused."""
    folder, _ = demo
    base = ("--config", "demo/edgewatch.toml", "report", "Heron")
    [flag] = [
        item
        for item in json.loads(folder.run("--config", "demo/edgewatch.toml", "flags", "list", "--json"))
        if item["label"] == "Heron"
    ]
    shown = folder.run(*base, "--flag", str(flag["flag_id"]), "--out", "heron.html")
    assert shown.strip() == "heron.html"
    assert "By luck alone" in (folder.path / "heron.html").read_text(encoding="utf-8")
    folder.run(*base, "--flag", "999", code=3)
    assert "has no flag #999" in folder.errors
