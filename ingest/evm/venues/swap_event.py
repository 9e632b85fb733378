"""What a family's reader makes of one log: who says that what was swapped."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from ingest.evm.logs.logs import Log, as_address
from ingest.evm.logs.token_flows import ZERO
from ingest.types import NATIVE, Dex


class Holding(StrEnum):
    """Where the swapped tokens lie, and so which transfers must bear an event out."""

    POOL = "pool"
    """The emitter is one pool and holds its own tokens."""
    VAULT = "vault"
    """One contract holds the tokens of all pools and names the tokens in its event."""
    MANAGER = "manager"
    """One contract holds the tokens of all pools and names only a pool id."""
    ASSETS = "assets"
    """Each token lies in an account of its own, apart from the emitter."""
    ORDER = "order"
    """Two parties swap with each other; the emitter only settles and may hold nothing."""


class SwapEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One swap as its emitter tells it; a claim until transfers and an origin bear it out."""

    family: str
    holding: Holding
    emitter: str
    log_index: int
    amount_in: int  #: given to the venue; 0 where the event does not say
    amount_out: int  #: taken from the venue
    token_in: str | None = None  #: None: the event does not name it
    token_out: str | None = None
    zero_for_one: bool | None = None  #: pool with two tokens sorted by address: the lower one went in
    pool: str | None = None  #: pool id of a manager
    parties: tuple[str, ...] = ()  #: accounts that the event says agreed to it
    kinds: tuple[str, ...] = ()  #: families that share the event; the family itself if empty


class Family(Protocol):
    """One file of this package: a venue family and how its events are read."""

    @property
    def FAMILY(self) -> str:  # noqa: N802 - a module is the implementation, and this its constant
        """The name, as in ``Dex.kind`` and ``Trade.venue``."""

    @property
    def READERS(self) -> dict[str, Callable[[Log], SwapEvent | None]]:  # noqa: N802
        """Topic to reader; a reader answers None if the log only shares the topic."""


Deriver = Callable[[Dex, str, str], frozenset[str]]
"""All addresses a dex's pool of two sorted tokens can have."""


def named_token(word: int) -> str | None:
    """Read a token named by an event; zero and the stand-in addresses mean the native coin."""
    token = as_address(word)
    return NATIVE if token in (ZERO, NATIVE) else token


def signed_pair(family: str, log: Log, into0: int, into1: int, *, kinds: tuple[str, ...] = ()) -> SwapEvent | None:
    """Build the event of a sorted two-token pool from what went into it of each token (negative: out).

    Parameters
    ----------
    family
        The family's name.
    log
        The log it was read from.
    into0, into1
        Net amounts into the pool.
    kinds
        Other families that share the event.
    """
    if into0 > 0 > into1:
        zero_for_one, amount_in, amount_out = True, into0, -into1
    elif into1 > 0 > into0:
        zero_for_one, amount_in, amount_out = False, into1, -into0
    else:
        return None
    return SwapEvent(
        family=family,
        holding=Holding.POOL,
        emitter=log.address,
        log_index=log.index,
        amount_in=amount_in,
        amount_out=amount_out,
        zero_for_one=zero_for_one,
        kinds=kinds,
    )


def named(
    family: str,
    holding: Holding,
    log: Log,
    tokens: Sequence[int],
    amounts: Sequence[int],
    parties: Sequence[int] = (),
) -> SwapEvent | None:
    """Build an event that names its tokens, from (in, out) words.

    Parameters
    ----------
    family
        The family's name.
    holding
        Where the tokens lie.
    log
        The log it was read from.
    tokens, amounts
        What went in and what came out.
    parties
        Words naming the accounts that agreed.
    """
    token_in, token_out = named_token(tokens[0]), named_token(tokens[1])
    if token_in is None or token_out is None or token_in == token_out or min(amounts) <= 0:
        return None
    return SwapEvent(
        family=family,
        holding=holding,
        emitter=log.address,
        log_index=log.index,
        amount_in=amounts[0],
        amount_out=amounts[1],
        token_in=token_in,
        token_out=token_out,
        parties=tuple(p for p in map(as_address, parties) if p is not None),
    )


def unnamed(family: str, log: Log, amount_in: int, amount_out: int) -> SwapEvent | None:
    """Build the event of a pool that tells amounts but not tokens."""
    if min(amount_in, amount_out) <= 0:
        return None
    return SwapEvent(
        family=family,
        holding=Holding.POOL,
        emitter=log.address,
        log_index=log.index,
        amount_in=amount_in,
        amount_out=amount_out,
    )
