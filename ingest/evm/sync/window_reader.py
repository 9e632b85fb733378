"""Read windows of blocks so that nothing is missing: proven by every header, or held against samples."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from random import Random
from typing import Any

from ingest.errors import EndpointRefused, RpcRejected, RpcUnavailable
from ingest.evm.logs.block_ranges import BlockRange
from ingest.evm.logs.json_codec import RawLog, raw_logs
from ingest.evm.logs.logs import topic
from ingest.evm.rpc.answer_checks import well_formed
from ingest.evm.rpc.node import Node, Request
from ingest.evm.sync import header_checks
from ingest.evm.sync.cross_check import look_again
from ingest.evm.sync.dust import Strangers
from ingest.evm.sync.fetch import (
    WindowResult,
    header_request,
    log_requests,
    mostly,
    read_headers,
    read_touched,
    touches_in,
)
from ingest.evm.sync.header_checks import ENDS, PROVEN, Bloom, Header, Link
from ingest.evm.sync.touches import Touch, read_touches

MOST_HEADERS = 500  #: blocks of one window whose headers are all read: memory
MOST = 4_000  #: transfers of one window: it is still being stored while the next one is read
PAGE = 4_000  #: receipts held at once: of 20 blocks of a busy chain, a megabyte each
LEARN = 3  #: blocks with transactions whose logs are asked for, to learn whether the chain's blooms can be used; and
#: how often a chain must be seen to have none, or wrong ones
SAMPLE_OF = 1_000  #: blocks, one of which is sampled where not all are proven: its logs are held against the finds
SAMPLES = 2  #: of one window at most
TRIES = 8  #: of one block whose logs are not yet all there
FEW = 50  #: blocks of a first window: nothing is known yet of how much they hold
SLACK = 0.9  #: of what may be held at once, where it is only expected


class _NoProof(RpcRejected):
    """The node gives no whole blocks."""


class _BloomIsWrong(Exception):
    """A header denies a log that is there; the window is read without blooms."""


@dataclass(slots=True, kw_only=True)
class WindowReader:
    """Reads windows of one chain.

    Parameters
    ----------
    full
        Prove every block by its header, where the chain's blooms can be used.
    insist
        End with an error where the node cannot serve for that; else its windows are read by their ends.
    bloom
        Whether they can: some chains' headers have empty or wrong ones. None: not known yet, it is learned.
    receipts
        Whether the node offers ``eth_getBlockReceipts``; learned too. Without it, all logs of the block serve.
    most
        Transfers of one window; where each block is proven, it ends before it has more.
    """

    node: Node
    full: bool = False
    insist: bool = True
    bloom: bool | None = None
    receipts: bool = True
    most: int = MOST
    strangers: Strangers | None = None  #: what they may cause; None: whatever they do
    fitting: int = FEW  #: blocks of the next window whose headers are all read, as dense as the last one was
    # Blocks whose receipts can be held, where the last window's headers cleared no block.
    _page: int | None = field(default=None, init=False)
    # Most of the last window's transactions were wanted: whole blocks serve as headers.
    _whole: bool = field(default=False, init=False)

    def read(
        self, wallets: Collection[str], blocks: BlockRange, *, known: Mapping[int, Link], every_link: bool = False
    ) -> WindowResult:
        """Everything in a window of blocks, or in its beginning, that moved a token of one of the wallets.

        Parameters
        ----------
        wallets
            Lower-case addresses.
        blocks
            At most ``MOST_HEADERS`` where each header is read.
        known
            Blocks read before, which the window must continue.
        every_link
            Read and return each block's header although not every block is to be proven.

        Raises
        ------
        RangeRefused
            The window is too large for the node.
        Unlinked
            It is of another fork than what is known.
        RpcUnavailable
            An answer is missing, contradicts another one or the header; nothing of the window may be kept.
        """
        if not self.proves(wallets) and not every_link:
            return self._read_ends(wallets, blocks, known, ())
        for doubt in range(LEARN):
            held: dict[str, Mapping[str, Any]] | None = {} if self._whole else None
            self._whole = False  # should this fail, headers alone are asked for
            headers = read_headers(self.node, range(blocks.first, blocks.last + 1), again=self._bare, held=held)
            header_checks.check_links(headers, known)
            if not self.proves(wallets):
                break
            try:
                if self._blooms_count(headers):
                    return self._read_proven(wallets, blocks, headers, held or {})
                break
            except _NoProof:
                if self.insist:
                    raise
                self.full = False
                break
            except _BloomIsWrong:
                # One broken answer says nothing of the chain: all is asked for anew before that is believed.
                self.bloom = False if doubt == LEARN - 1 else self.bloom
        self.fitting = MOST_HEADERS  # nothing of the blocks but headers is held
        return self._read_ends(wallets, blocks, known, headers)

    def proves(self, wallets: Collection[str]) -> bool:
        """Whether every block is proven: not where strangers would make each of them be looked at."""
        return self.full and not (self.strangers is not None and self.strangers.exhausted(wallets))

    def ahead(self, wallets: Collection[str], blocks: BlockRange, *, every_link: bool = False) -> None:
        """Let the node begin with what ``read`` will ask for first, if these blocks are next and like the last ones.

        Inside the window before. What was expected wrongly costs its requests and nothing else.
        """
        if not self.proves(wallets) and not every_link:
            self.node.ahead(_ends_requests(wallets, blocks))
            return
        numbers = range(blocks.first, blocks.last + 1)
        receipts = numbers[: self._page] if self.proves(wallets) and self.receipts and self._page else ()
        headers = [header_request(number, whole=self._whole) for number in numbers]
        self.node.ahead(headers, list(map(_receipts_request, receipts)))

    def _bare(self, headers: Collection[Header]) -> list[int]:
        """Blocks whose bloom is wanted and not there, unless none at all has one."""
        if not self.full or self.bloom is False:
            return []
        bare = [header.number for header in headers if header.bloom is None]
        return [] if len(bare) == len(headers) > LEARN else bare

    def _read_proven(
        self,
        wallets: Collection[str],
        blocks: BlockRange,
        headers: Sequence[Header],
        held: Mapping[str, Mapping[str, Any]],
    ) -> WindowResult:
        topics = frozenset(map(topic, wallets))
        logs: list[RawLog] = []
        receipts: dict[str, Mapping[str, Any]] = {}
        suspects = header_checks.suspects(headers, wallets)
        dense = len(suspects) == len(headers)
        for header, everything, told in self._all_logs(suspects, self._is_whole):
            found = header_checks.transfers(everything, topics)
            if logs and len(logs) + len(found) > self.most:
                blocks = BlockRange(blocks.first, header.number - 1)
                headers = headers[: len(blocks)]
                break
            logs += found
            touched = {str(log.transaction_hash) for log in found}
            receipts |= {tx_hash: receipt for tx_hash, receipt in told.items() if tx_hash in touched}
        with well_formed("logs"):
            touches = read_touches(logs, frozenset(wallets))
        self._expect(headers, touches.values(), transfers=len(logs), dense=dense)
        known = {header.number: header for header in headers}
        reading = read_touched(
            self.node, touches, blocks, known=known, held=held, receipts=receipts, strangers=self.strangers
        )
        return replace(reading, links=tuple(headers), level=PROVEN)

    def _expect(self, headers: Sequence[Header], touches: Iterable[Touch], *, transfers: int, dense: bool) -> None:
        """Expect the next window to be like this one."""
        fitting = int(SLACK * self.most * len(headers) / max(1, transfers))
        self.fitting = max(1, min(MOST_HEADERS, 2 * len(headers), fitting))
        each = sum(header_checks.USUAL if header.transactions is None else header.transactions for header in headers)
        self._page = max(1, int(SLACK * PAGE * len(headers) / max(1, each))) if dense else None
        wanted = Counter(touch.block for touch in touches)
        self._whole = all(mostly(header, wanted[header.number]) for header in headers)

    def _read_ends(
        self, wallets: Collection[str], blocks: BlockRange, known: Mapping[int, Link], headers: Sequence[Header]
    ) -> WindowResult:
        answers, ends = self.node.batch(_ends_requests(wallets, blocks)), []
        numbers = _ends(blocks)
        for number, block in zip(numbers, answers[-len(numbers) :], strict=True):
            with well_formed(f"block {number:,}"):
                ends.append(header_checks.read_header(number, block))
        own = {header.number: header for header in headers}
        header_checks.check_links(ends, {**known, **own})
        touches = touches_in(answers[: -len(numbers)], wallets, blocks)
        own |= {header.number: header for header in ends}
        reading = read_touched(self.node, touches, blocks, known=own, strangers=self.strangers)
        dice = Random(reading.last.hash)  # noqa: S311 - where to look, not a secret
        self._sample(wallets, reading, {touch.block for touch in touches.values()}, dice)
        look_again(self.node, wallets, blocks, touches, reading.last.hash, dice)
        return replace(reading, links=tuple(headers or ends), level=ENDS)

    def _sample(self, wallets: Collection[str], reading: WindowResult, found: Collection[int], dice: Random) -> None:
        """Ask some of the blocks without finds for all their logs."""
        blocks = reading.blocks
        count = min(SAMPLES, int(len(blocks) / SAMPLE_OF + dice.random()), len(blocks))
        picked = set(dice.sample(range(blocks.first, blocks.last + 1), count)).difference(found)
        topics = frozenset(map(topic, wallets))
        try:
            for header, logs, _ in self._all_logs(read_headers(self.node, picked), lambda _header, _logs: True):
                if header_checks.transfers(logs, topics):
                    raise RpcUnavailable(f"eth_getLogs left out a wallet's transfer in block {header.number:,}")
        except RpcRejected:
            return  # a node without whole blocks: nothing to hold its logs against

    def _blooms_count(self, headers: Sequence[Header]) -> bool:
        """Whether these headers' blooms prove anything; where that is unknown, some are held against their logs."""
        if any(header.bloom is None for header in headers):
            self.bloom = False
        # Where nothing shows anything, another endpoint may have begun to serve that gives no blooms.
        if self.bloom is None or (self.bloom and not any(header.bloom for header in headers)):
            # The fullest first, as far as a header tells: those that show anything.
            busy = sorted((each for each in headers if not each.empty), key=lambda each: not each.bloom)[:LEARN]
            if not busy:
                return all(each.bloom == 0 for each in headers)
            for header, logs, _ in self._all_logs(busy, self._is_whole):
                if logs and header.bloom:
                    self.bloom = True
        return self.bloom is True

    def _is_whole(self, header: Header, logs: Sequence[RawLog]) -> bool:
        verdict = header_checks.compare(header, logs)
        if verdict is Bloom.WRONG:
            raise _BloomIsWrong
        return verdict is Bloom.EQUAL

    def _all_logs(
        self, headers: Sequence[Header], whole: Callable[[Header, Sequence[RawLog]], bool]
    ) -> Iterator[tuple[Header, list[RawLog], dict[str, Mapping[str, Any]]]]:
        """Each block with all its logs, and the receipts by hash that told them, if any did.

        What is not ``whole`` is asked for again, and never given.
        """
        cut = list(header_checks.pages(headers, PAGE, blocks=self._page))
        for page, after in zip_longest(cut, cut[1:]):
            left = list(page)
            patience = self.node.patience(TRIES)
            found: dict[int, tuple[list[RawLog], Any]] = {}

            def ask(left: list[Header] = left, found: dict[int, tuple[list[RawLog], Any]] = found) -> None:
                for header, answer in zip(left, self._ask_for_logs(left), strict=True):
                    logs = _logs_of(header, answer)
                    if logs is not None and whole(header, logs):
                        found[header.number] = logs, answer
                left[:] = [header for header in left if header.number not in found]
                if left:
                    raise RpcUnavailable(f"the node does not give all logs of block {left[0].number:,}")

            patience(ask)
            if after and self.receipts:
                self.node.ahead(list(map(_receipts_request, (header.number for header in after))))
            for header in page:
                logs, answer = found.pop(header.number)
                yield header, logs, _by_hash(answer)

    def _ask_for_logs(self, headers: Sequence[Header]) -> list[Any]:
        if self.receipts:
            answers = self.node.batch([_receipts_request(header.number) for header in headers], tolerant=True)
            if not all(isinstance(answer, RpcRejected) for answer in answers):
                return answers
            self.receipts = False
        try:
            return self.node.batch([("eth_getLogs", [{"blockHash": header.hash}]) for header in headers])
        except EndpointRefused:
            raise  # that says nothing of blocks
        except RpcRejected as error:
            raise _NoProof(
                f"the node gives neither the receipts nor the logs of whole blocks, so that nothing proves its logs; "
                f'use another one, or set verify = "ends" for this chain ({error})'
            ) from None


def _ends(blocks: BlockRange) -> list[int]:
    return sorted({blocks.first, blocks.last})


def _ends_requests(wallets: Collection[str], blocks: BlockRange) -> list[Request]:
    # One batch: so that one node answers, and one that lacks the last block is not believed about its logs.
    return [*log_requests(wallets, blocks), *map(header_request, _ends(blocks))]


def _receipts_request(number: int) -> Request:
    return "eth_getBlockReceipts", [hex(number)]


def _by_hash(answer: Iterable[Any]) -> dict[str, Mapping[str, Any]]:
    return {str(each.get("transactionHash")): each for each in answer if isinstance(each, Mapping) and "logs" in each}


def _logs_of(header: Header, answer: Any) -> list[RawLog] | None:
    """The logs in a list of receipts, or of logs; None where it is no such list, or of another block."""
    if not isinstance(answer, list):
        return None
    entries: list[Any] = []
    for item in answer:
        if isinstance(item, Mapping) and "logs" in item:
            if not isinstance(item["logs"], list) or str(item.get("blockHash")).lower() != header.hash:
                return None
            entries += item["logs"]
        else:
            entries.append(item)
    logs = []
    for log in raw_logs(entries):
        if log is None or (not log.removed and str(log.block_hash).lower() != header.hash):
            return None
        if not log.removed:
            logs.append(log)
    return logs
