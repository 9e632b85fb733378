"""``benchmarks/results.md``: what was measured last, a section a benchmark."""

import re
from pathlib import Path

FILE = Path(__file__).with_name("results.md")
HEAD = "# Measured\n\nWritten by the benchmarks (`make bench`). Times depend on the machine, the rest does not.\n"


def write(name, lines):
    """Put a section in place of the last one of that name, and print it."""
    body = "\n".join(lines)
    print(body, flush=True)
    old = FILE.read_text(encoding="utf-8") if FILE.exists() else HEAD
    section = f"## `{name}`\n\n{body}\n"
    found = re.compile(rf"^## `{re.escape(name)}`\n.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
    new = found.sub(lambda _: f"{section}\n", old) if found.search(old) else f"{old}\n{section}"
    FILE.write_text(new.rstrip("\n") + "\n", encoding="utf-8")
