"""Which wallets to ask a wallet index about, when, and in which order; yields what is to be committed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Engine
from tenacity import Retrying

from ingest.errors import IndexContradicted
from ingest.evm.logs.block_ranges import BlockRange, MissingBlocks, missing
from ingest.evm.sync import fetch, header_checks
from ingest.evm.sync.header_checks import Link
from ingest.evm.sync.index_audit import Sampler
from ingest.evm.sync.wallet_index import Chunk, Index
from ingest.evm.sync.window_reader import WindowReader
from ingest.types import Chain
from watcher.store import trade_log, wallets
from watcher.store.sql.database import reading
from watcher.types import Coverage, Role, Wallet

POLL_S = 86_400  #: the statistics advance by days, and each poll costs two questions a wallet
SETTLED_S = 600  #: an index is made from the chain, and is a little behind it
TOGETHER_S = 2 * 86_400  #: of so short a time all wallets are asked about at once, else one after the other


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """Reads one chain through an index."""

    index: Index
    reader: WindowReader
    sampler: Sampler
    chain: Chain
    patience: Retrying  #: how to ask again
    tail: int  #: newest blocks whose headers are all read, so that a reorganisation can be taken back

    def readings(
        self,
        gaps: Sequence[MissingBlocks],
        *,
        everyone: Sequence[Wallet],
        starts: Mapping[str, int],
        known: dict[int, Link],
    ) -> Iterator[tuple[frozenset[str], fetch.WindowResult]]:
        """Read gaps newest first, and of a long time one wallet after the other.

        So that the first wallet can be judged long before the last one is read.

        Parameters
        ----------
        everyone
            The wallets; those that are followed come first.
        starts
            Wallet to the block where its history begins.
        known
            Blocks read before, which everything must continue; grows.

        Yields
        ------
        tuple of (wallets, Reading)
            What is covered, and for whom, once the reading is committed.

        Raises
        ------
        IndexContradicted
            At the end, where the logs contradicted the index; the rest was yielded before.
        """
        problems = []
        order = [each.address for each in sorted(everyone, key=lambda each: each.role is not Role.FOLLOWED)]
        newest = max((self._settled(gap).last for gap in gaps), default=0)
        for gap in reversed(gaps):
            blocks = self._settled(gap)
            if len(blocks) <= 0 or self._can_wait(gap, starts):
                continue
            names = [wallet for wallet in order if wallet in gap.wallets]
            together = len(blocks) * self.chain.block_seconds <= TOGETHER_S
            for group in [names] if together else [[wallet] for wallet in names]:
                try:
                    for chunk in self.patience(self.index.chunks, group, blocks):
                        found = self.patience(self._read, chunk, known, newest - self.tail + 1)
                        self.patience(self.sampler.check, chunk, group)
                        known |= {link.number: link for link in found.links}
                        yield frozenset(group), found
                except IndexContradicted as error:
                    problems.append(f"{', '.join(group)}: {error}")
        if problems:
            raise IndexContradicted("; ".join(problems))

    def _settled(self, gap: MissingBlocks) -> BlockRange:
        return BlockRange(gap.blocks.first, gap.blocks.last - int(SETTLED_S / self.chain.block_seconds))

    def _can_wait(self, gap: MissingBlocks, starts: Mapping[str, int]) -> bool:
        """Whether a gap is only the newest hours of wallets that are covered up to there."""
        new = any(gap.blocks.first <= starts[wallet] for wallet in gap.wallets)
        return not new and len(gap.blocks) * self.chain.block_seconds < POLL_S

    def _read(self, chunk: Chunk, known: Mapping[int, Link], tail: int) -> fetch.WindowResult:
        blocks = chunk.blocks
        with self.reader.node.window():
            tip = range(max(blocks.first, tail), blocks.last + 1)
            headers = fetch.read_headers(self.reader.node, {blocks.first, *tip, blocks.last})
            header_checks.check_links(headers, known)
            # Reading completes the touches from the transactions; another try begins with what the index said.
            touches = {name: replace(touch) for name, touch in chunk.touches.items()}
            own = {header.number: header for header in headers}
            found = fetch.read_touched(self.reader.node, touches, blocks, known=own, strangers=self.reader.strangers)
        return replace(found, moves=found.moves + chunk.moves, links=tuple(headers), level=header_checks.INDEXED)


def is_fresh(engine: Engine, chain: Chain, everyone: Sequence[Wallet], now: datetime) -> bool:
    """Whether every wallet's whole history is covered up to ``POLL_S`` ago, so that no node needs to be asked."""
    with reading(engine) as connection:
        starts = wallets.starts(connection, chain.chain_id)
        covered: dict[str, list[Coverage]] = {}
        for item in trade_log.coverages(connection, chain.chain_id):
            covered.setdefault(item.wallet, []).append(item)
    return all(_is_whole(covered.get(each.address, ()), starts.get(each.address), now) for each in everyone)


def _is_whole(covered: Sequence[Coverage], start: int | None, now: datetime) -> bool:
    if start is None or not covered:
        return False
    newest = max(covered, key=lambda item: item.last_block)
    blocks = [BlockRange(item.first_block, item.last_block) for item in covered]
    holes = missing(BlockRange(start, newest.last_block), blocks)
    return not holes and (now - newest.last_at).total_seconds() < POLL_S
