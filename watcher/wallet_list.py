"""Addresses as people paste them: checked line by line, good lines kept, bad lines named. Pure."""

import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain

from eth_utils.address import is_checksum_address, is_checksum_formatted_address, to_checksum_address

from ingest.errors import ConfigError
from ingest.files.lines import LONGEST, lines_of, text_of
from ingest.text import clean
from watcher.types import FILE, Role, Wallet

_ADDRESS = re.compile(r"(0x)?[0-9a-fA-F]{40}")
_FILE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:@/+#=-]{0,63}")
_KEY = re.compile(r"(0x)?[0-9a-fA-F]{64}")
_HEADERS = {"address": "address", "wallet": "address", "wallet_address": "address", "account": "address"}
MOST = 100_000  #: lines
_COLUMNS = ("address", "label", "chain", "role", "followed_since", "unfollowed_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    """A line that was not taken."""

    line: int  #: 1 is the first line of the file
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a list of wallets held."""

    accepted: tuple[tuple[int, Wallet], ...]  #: line number and wallet
    refused: tuple[RefusedLine, ...]


def parse_address(text: str) -> str:
    """A wallet's address in lower case.

    Raises
    ------
    ConfigError
        What it looks like instead. Anything that could be a private key is never repeated.
    """
    text = text.strip()
    if _KEY.fullmatch(text):
        raise ConfigError(
            "64 hex digits are a private key or a transaction hash, not an address. It was neither stored nor logged; "
            "if it is a key, treat it as exposed wherever you copied it from"
        )
    if re.search(r"\dE\+\d", text, re.IGNORECASE):
        raise ConfigError("a number in scientific notation: a spreadsheet changed it; export the column as text")
    if not _ADDRESS.fullmatch(text):
        # Whatever is longer than an address may be a secret: it is counted, not repeated.
        shown = repr(text) if len(text) <= 44 else f"{len(text)} characters"
        if len(text.split()) >= 12:
            shown = "a sentence of many words (a seed phrase must never be pasted anywhere)"
        raise ConfigError(f"not an EVM address: {shown}; expected 0x and 40 hex digits")
    if not text.startswith("0x"):
        text = "0x" + text
    if is_checksum_formatted_address(text) and not is_checksum_address(text):
        raise ConfigError(
            f"wrong checksum (EIP-55): {text}; a digit or a letter is wrong, the intended address may be "
            f"{to_checksum_address(text.lower())}; copy it again from the source"
        )
    return text.lower()


def parse_file_id(text: str) -> str:
    """A wallet id in a file: an address, or whatever else names a trader there, like ``forex:alice``.

    Printable ASCII without quotes, brackets or ampersands, so that no two look alike and none is markup anywhere; as
    the file writes it, for capitals matter on some chains.

    Raises
    ------
    ConfigError
        It cannot be an id. Anything that could be a secret is never repeated.
    """
    text = text.strip()
    evm = text[:2].lower() == "0x" or _ADDRESS.fullmatch(text)
    if evm or _KEY.fullmatch(text) or len(text.split()) >= 12 or re.search(r"\dE\+\d", text, re.IGNORECASE):
        return parse_address(text)
    if not _FILE_ID.fullmatch(text):
        shown = repr(clean(text, 44)) if len(text) <= 44 else f"{len(text):,} characters"
        raise ConfigError(
            f"not a wallet id: {shown}; expected at most 64 letters (a to z), digits, spaces and ._:@/+#=-, "
            "a letter or a digit first"
        )
    return text


def instant(text: str, name: str) -> datetime:
    """A date, or a time, as a UTC time; what names no zone is UTC.

    Raises
    ------
    ConfigError
        It is neither; ``name`` says which one.
    """
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{name}: {text[:40]!r} is not a date; write 2025-01-31") from None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def make_wallet(
    row: dict[str, str],
    *,
    now: datetime,
    chain_names: Collection[str],
    parse_id: Callable[[str], str] = parse_address,
) -> Wallet:
    """A wallet from the cells of one line.

    Raises
    ------
    ConfigError
        Which cell is wrong, and why.
    """
    chains = tuple(part for part in re.split(r"[\s|+]+", row.get("chain", "").strip().lower()) if part) or None
    address = (parse_file_id if chains == (FILE,) else parse_id)(row.get("address", ""))
    for name in chains or ():
        if name not in chain_names and chains != (FILE,):
            raise ConfigError(
                f"chain {clean(name, 40)!r} is not in the configuration (it has {', '.join(sorted(chain_names))})"
            )
    role = row.get("role", "").strip().lower() or Role.FOLLOWED.value
    if role not in set(Role):
        raise ConfigError(f"role {role[:40]!r} is neither followed nor peer")
    label = clean(row.get("label", ""), 200)
    if _KEY.search(label):
        raise ConfigError("the label holds 64 hex digits, which may be a private key: it was neither stored nor logged")
    since, until = row.get("followed_since", "").strip(), row.get("unfollowed_at", "").strip()
    return Wallet(
        address=address,
        label=clean(label, 64),
        role=Role(role),
        chains=chains,
        followed_since=instant(since, "followed_since") if since else now,
        unfollowed_at=instant(until, "unfollowed_at") if until else None,
        added_at=now,
    )


def _cells(line: str, separator: str, names: list[str]) -> dict[str, str]:
    values = next(csv.reader(io.StringIO(line), delimiter=separator, strict=True))
    if len(values) > len(names):
        raise ConfigError(f"{len(values)} cells, but the header has {len(names)}")
    return dict(zip(names, values, strict=False))


def parse(
    content: bytes, *, now: datetime, chain_names: Collection[str], parse_id: Callable[[str], str] = parse_address
) -> Listing:
    """Read a list: CSV with a header, or one address per line.

    A byte-order mark, ``;`` or tab as separator, blank lines and ``#`` comments are understood.

    Parameters
    ----------
    content
        The file.
    now
        When it is imported, UTC; the default of ``followed_since``.
    chain_names
        Chains of the configuration.
    parse_id
        What an address is; :func:`parse_file_id` where wallets from files count as well.

    Raises
    ------
    ConfigError
        It has more than ``MOST`` lines, or its first line is no CSV.
    """
    accepted: list[tuple[int, Wallet]] = []
    refused: list[RefusedLine] = []
    told = _told(content, refused)
    start, first = next(told, (0, ""))
    separator = max(",;\t", key=first.count)
    try:
        cells = [cell.strip().lower() for cell in next(csv.reader([first], delimiter=separator), [])]
    except csv.Error as error:
        raise ConfigError(f"line {start} is not CSV: {error}") from None
    names = [_HEADERS.get(cell, cell) for cell in cells]
    if cells and "address" not in names:
        names, told = list(_COLUMNS[: len(cells)]), chain([(start, first)], told)
    for number, line in told:
        try:
            row = _cells(line, separator, names)
            accepted.append((number, make_wallet(row, now=now, chain_names=chain_names, parse_id=parse_id)))
        except csv.Error as error:
            refused.append(RefusedLine(line=number, reason=f"broken quoting: {error}"))
        except ConfigError as error:
            refused.append(RefusedLine(line=number, reason=str(error)))
    return Listing(accepted=tuple(accepted), refused=tuple(refused))


def _told(content: bytes, refused: list[RefusedLine]) -> Iterator[tuple[int, str]]:
    """The lines that say anything, by number."""
    for number, line in enumerate(lines_of(text_of(content), most=MOST), 1):
        if line is None:
            refused.append(RefusedLine(line=number, reason=f"more than {LONGEST:,} characters"))
        elif line.strip() and not line.lstrip().startswith("#"):
            yield number, line.rstrip("\r\n")


def near(everyone: Iterable[Wallet], words: str) -> list[Wallet]:
    """The wallets that an address, a label, or at least four characters of an address's beginning name."""
    wanted, listed = words.strip().lower(), list(everyone)
    found = [wallet for wallet in listed if wallet.address == words.strip()]
    found = found or [wallet for wallet in listed if wanted in {wallet.address.lower(), wallet.label.lower()}]
    if not found and len(wanted) >= 4:
        found = [wallet for wallet in listed if wallet.address.lower().startswith(wanted)]
    return found
