"""The rooms and what they import, as a Mermaid picture for the design page: ``make rooms``.

python -m tests.rooms
"""

import re
from itertools import pairwise
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "design.md"
PACKAGES = ("ingest", "metrics", "alerts", "watcher")
COMMON = {"types", "errors", "text", "limits", "secret", "wording", "intervals", "frames", "own_file", "given", "lock"}
"""Modules of a package that any room may use: their arrows would hide the others."""
SHOWN = {"ingest.decode", "ingest.evm.interpret", "metrics.monitor", "watcher.app", "watcher.daemon"}
"""Modules beside the rooms that are drawn."""
LEFT_OUT = {"ingest.evm", "watcher.migrations"}
MODULES = [path for package in PACKAGES for path in (ROOT / package).rglob("[!_]*.py")]
BEGIN, END = "<!-- rooms: begin -->", "<!-- rooms: end -->"


def room(module):
    """The folder of a module, as far as the picture tells rooms apart; None: it is not drawn."""
    parts = module.split(".")
    if module in SHOWN:
        return module
    if len(parts) == 2 and parts[1] in COMMON:
        return None
    deep = 3 if ".".join(parts[:2]) in ("ingest.evm", "watcher.jobs") else 2
    folder = ".".join(parts[:-1][:deep])
    return None if len(parts) == 2 or folder in LEFT_OUT else folder


def arrows():
    """All rooms, and each pair of them in one package of which the first imports the second."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    rooms = SHOWN | {room(path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")) for path in MODULES}
    rooms -= {None}
    pairs = {
        (room(module), room(other))
        for module in graph.modules
        for other in graph.find_modules_directly_imported_by(module)
        if module.split(".")[0] == other.split(".")[0]
    }
    return rooms, {(a, b) for a, b in pairs if a in rooms and b in rooms and a != b}


def picture():
    """The Mermaid text; an arrow that a longer way shows is left out."""
    rooms, found = arrows()
    below = {a: {b for x, b in found if x == a} for a in rooms}
    for _ in rooms:
        below = {a: below[a].union(*(below[b] for b in below[a])) for a in rooms}
    shown = {
        (a, b)
        for a, b in found
        if not any((a, c) in found and b in below[c] and a not in below[c] for c in rooms - {b})
    }
    lines = ["```mermaid", "flowchart TD"]
    for package in PACKAGES:
        lines.append(f"  subgraph {package}")
        members = sorted(name for name in rooms if name.split(".")[0] == package)
        lines += [f'    {name}["{name.removeprefix(package + ".").removeprefix("evm.")}"]' for name in members]
        lines.append("  end")
    lines += [f"  {a} --> {b}" for a, b in sorted(shown)]
    lines += [f"  {a} ==> {b}" for a, b in pairwise(reversed(PACKAGES))]
    return "\n".join([*lines, "```"])


def page(text):
    """The design page with today's picture."""
    return re.sub(rf"{BEGIN}.*?{END}", lambda _: f"{BEGIN}\n{picture()}\n{END}", text, flags=re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
