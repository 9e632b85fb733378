"""Records of the shell: who is watched, and how far reading has come."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

FILE = "file"  #: the chain of a wallet that no node is asked about: files bring its record

MEASURED_AFTER: Final = timedelta(days=91)  #: how long an unfollowed wallet is read: the last look back is at 90 days


class Role(StrEnum):
    """Why a wallet is read."""

    FOLLOWED = "followed"
    """A person follows it: measured, and flagged when it leaves its form."""
    PEER = "peer"
    """Measured to tell the market from the wallet; never alerted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """An address over all its chains."""

    address: str  #: lower-case; of a wallet from a file whatever the file calls it
    label: str = ""
    role: Role = Role.FOLLOWED
    chains: tuple[str, ...] | None = None  #: names; None: every chain of the configuration; ``(FILE,)``: none
    followed_since: datetime  #: UTC; the baseline is frozen here
    unfollowed_at: datetime | None = None
    paused: bool = False
    added_at: datetime

    def measured(self, now: datetime) -> bool:
        """Whether it is still read: an unfollowed wallet is, until its decision was looked back on."""
        return self.unfollowed_at is None or now < self.unfollowed_at + MEASURED_AFTER

    @property
    def alerted(self) -> bool:
        """Whether a person wants to hear of it."""
        return self.role is Role.FOLLOWED and self.unfollowed_at is None and not self.paused


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Blocks of one chain that were really read for one wallet."""

    chain_id: int
    wallet: str
    first_block: int
    last_block: int
    first_at: datetime  #: UTC, time of the first block
    last_at: datetime
    #: ``file``: a file says so, and its blocks are unix seconds;
    #: ``indexed``: an index named the transactions, sampled windows of logs agreed;
    #: ``proven``: each block's logs, by its header; ``ends``: headers of the window's ends and of blocks with finds
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenInfo:
    """A token's own words about itself, cleaned; None where it gave no usable answer."""

    chain_id: int
    address: str
    symbol: str | None
    decimals: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message that is to be sent, or was."""

    outbox_id: int
    kind: str
    """``flag``, ``again`` (asked again), ``words``, ``storm`` (words instead of cards), ``decided`` (an edit of
    ``message_id``, as things stand)."""
    flag_id: int | None  #: None: words about several flags, or none
    chat_id: int | None
    state: str
    """``pending``, ``sending``, ``uncertain``, ``sent``, ``folded`` (other words say it), ``void`` (not counted)."""
    tries: int
    message_id: int | None
    problem: str | None
    html: str | None = None  #: the words, or what stands above the card
    about: tuple[int, ...] = ()  #: flags whose cards can be asked for below the words
    silent: bool = False
    doubtful: bool = False  #: an earlier attempt may have arrived


@dataclass(slots=True)
class Progress:
    """How far a reading has come; handed to ``on_progress`` after each window."""

    chain: str
    total_blocks: int  #: of all gaps, each counted once; through an index, once for each wallet
    blocks: int = 0
    transactions: int = 0
    trades: int = 0
    requests: int = 0
    refusals: int = 0  #: windows that the node wanted smaller
    finished: bool = False  #: nothing was left to read when it ended
