"""A file of transaction hashes: one ``chain,tx_hash`` a line, the chain by name or id. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_HASH = re.compile(r"0x[0-9a-f]{64}")
_HEADER = ("chain", "tx_hash")
MOST = 500_000  #: lines


@dataclass(frozen=True, slots=True, kw_only=True)
class HashFile:
    """What such a file names."""

    hashes: Mapping[int, tuple[str, ...]]  #: by chain id, in the file's order, each once
    bad: tuple[str, ...]  #: lines that cannot be used, and why


def parse(lines: Iterable[str | None], chains: Mapping[str, int]) -> HashFile:
    """Read the lines; a header, empty lines and lines that begin with ``#`` are passed over.

    Parameters
    ----------
    lines
        Of the file; None in the place of one that was too long to read.
    chains
        Name to id of the configured chains.
    """
    found: dict[int, dict[str, None]] = {}
    bad = []
    ids = {str(number): number for number in chains.values()} | {name.lower(): n for name, n in chains.items()}
    for number, line in enumerate(lines, 1):
        if line is None:
            bad.append(f"line {number}: too long")
            continue
        parts = tuple(part.strip().lower() for part in line.split(","))
        if parts == ("",) or parts[0].startswith("#") or parts == _HEADER:
            continue
        # What is in the line is not repeated: a pasted key looks like a hash.
        if len(parts) != 2:
            bad.append(f"line {number}: not chain,tx_hash")
        elif parts[0] not in ids:
            bad.append(f"line {number}: the chain is none of the configuration ({', '.join(chains)})")
        elif not _HASH.fullmatch(parts[1]):
            bad.append(f"line {number}: not a transaction hash (0x and 64 hex digits)")
        else:
            found.setdefault(ids[parts[0]], {})[parts[1]] = None
    return HashFile(hashes={chain: tuple(names) for chain, names in found.items()}, bad=tuple(bad))
