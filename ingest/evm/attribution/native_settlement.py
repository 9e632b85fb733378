"""The native coin that came back unseen: no log tells it, but it must add up.

Without a trace, what a wallet was paid is found on its own way: what the pools of its swaps paid out or took, what
was wrapped and unwrapped along it, less what a router kept as its fee or gave back. Where that is not known to the
unit the amount is an estimate, and says so.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import msgspec

from ingest.evm.attribution.calldata import BASIS, Call
from ingest.evm.attribution.own_swaps import NEVER, OwnPath
from ingest.evm.attribution.pool_verification import Edge
from ingest.evm.attribution.router_fees import after_fees, kept, names, received, spoken_for, told
from ingest.evm.attribution.swap_paths import Conversions, explain
from ingest.evm.attribution.wraps import routed_wrap
from ingest.evm.logs.logs import Log
from ingest.evm.logs.token_flows import ZERO, Movements
from ingest.evm.venues.swap_event import Holding, SwapEvent
from ingest.types import NATIVE, NativeSource

_ODD = 8
"""Wei by which a router's parts may miss the whole."""
_DUST = 10**9
"""A router keeps or adds a few units when it rounds: one part in so many is no payment."""


class Native(msgspec.Struct, frozen=True, gc=False):
    """A wallet's net native movement."""

    amount: int  #: signed wei
    source: NativeSource
    settled: bool = True  #: known to the unit
    bounds: tuple[int, int] | None = None  #: least and most that moved, wei; None: settled, or not known


class Untraced(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is known of the native coin of a transaction that nobody traced."""

    wallet: str
    wrapped: str | None
    net: Mapping[str, int]  #: the wallet's net token flow
    edges: Sequence[Edge]  #: swaps of the wallet's way
    links: Conversions
    moved: Movements
    way: OwnPath
    native_in: int  #: native coin that the venues of its swaps took without wrapping
    native_out: int  #: and gave
    orders: Sequence[SwapEvent]  #: settled orders that name the wallet
    paying: bool  #: what is left over belongs to this wallet: it sent or signed
    served: bool  #: another sent the transaction and filled the wallet's order
    account: bool  #: it acted without sending: native coin that venues took may have been its own
    called: str | None  #: the contract that the transaction called
    data: bytes  #: calldata
    call: Call | None  #: what it orders, if that is known
    every_log: Callable[[], Sequence[Log]]  #: reads all logs of the transaction, of unknown events too

    def settle(self, value: int) -> Native:
        """Return the wallet's native movement, given the value that it is seen to have sent (negative) or got."""
        promised = sum(e.amount_out for e in self.orders if e.token_out == NATIVE)
        if promised:
            return Native(value + promised, NativeSource.POOL)
        if not self.paying or (self.served and any(amount > 0 for amount in self.net.values())):
            return Native(value, NativeSource.VALUE)
        left, unwrapped = self.left(-value)
        source = NativeSource.WITHDRAWAL if unwrapped else NativeSource.POOL
        if value < 0:
            return self._spent(-value, left, source)
        if self.account and value == 0 and not any(amount < 0 for amount in self.net.values()):
            # What it gave stands in the calldata, as the value of the call that its own code made.
            wraps = -sum(w.amount for w in self.moved.wraps if w.account != self.wallet)
            for given in (left, wraps):
                ordered = given < 0 and names(self.data, -given)
                spent = explain({**self.net, NATIVE: given}, self.edges, self.links, self.wrapped) if ordered else None
                if spent is not None and NATIVE in spent.sold:
                    return Native(given, NativeSource.POOL)
        if left * _DUST > unwrapped + self.native_out:
            got = {**self.net, NATIVE: left}
            paid = routed_wrap(got, self.moved, self.wallet, self.wrapped)
            if paid is None:
                paid = explain(got, self.edges, self.links, self.wrapped)
            if paid is not None and NATIVE in paid.bought:
                return self._got(value, left, source)
        return Native(value, NativeSource.VALUE)

    def left(self, sent: int) -> tuple[int, int]:
        """Return what is left of the native coin on the wallet's way, and how much of it was unwrapped.

        What was sent, unwrapped or given by a venue, less what was wrapped or taken by a venue: only by accounts
        in which the wallet's coins lay, only since they did, and without what swaps of others brought there.
        """
        left = sent + self.native_out - self.native_in
        if self.wrapped is None:
            return left, 0
        since = {account: index for (account, token), index in self.way.since.items() if token == self.wrapped}
        touched = any(token in (self.wrapped, NATIVE) for s in self.way.reached for pair in s.pairs for token in pair)
        if not since and not touched:
            since = {wrap.account: -1 for wrap in self.moved.wraps}
        since = {a: index for a, index in since.items() if a != self.wallet and a not in self.way.held}
        own = {t.index for t in (*self.way.fed, *self.way.paid)}
        unwrapped = 0
        for wrap in self.moved.wraps:
            if wrap.index >= since.get(wrap.account, NEVER):
                left -= wrap.amount
                unwrapped += max(-wrap.amount, 0)
        for t in self.moved.transfers:
            if t.token != self.wrapped or ZERO in (t.source, t.target):
                continue
            foreign = t.index in self.way.theirs
            if foreign and t.index >= since.get(t.target, NEVER):
                left -= t.amount
            if (foreign or (t.target in self.way.held and t.index not in own)) and t.index >= since.get(
                t.source, NEVER
            ):
                left += t.amount
        return left + self._vaults(), unwrapped

    def _vaults(self) -> int:
        """Return the native coin of vaults that name its wrapped form and pay or take the coin itself."""
        due: dict[str, int] = defaultdict(int)
        for step in self.way.reached:
            event = step.event
            if event.holding is Holding.VAULT and step.holder is not None:
                due[step.holder] += event.amount_out * (event.token_out == self.wrapped)
                due[step.holder] -= event.amount_in * (event.token_in == self.wrapped)
        for t in self.moved.transfers if due else ():
            if t.token == self.wrapped:
                if t.source in due:
                    due[t.source] -= t.amount
                if t.target in due:
                    due[t.target] += t.amount
        return sum(due.values())

    def _spent(self, sent: int, left: int, source: NativeSource) -> Native:
        """Tell what was left of the native coin sent: a refund, or a router's fee."""
        whole = Native(-sent, NativeSource.VALUE)
        if left <= 0 or not self.edges:
            return whole
        if self.call is not None:
            back = left - self.call.keeps(sent) if self.call.refunds else 0
            return Native(back - sent, source) if back > 0 else whole
        logs, used = self.every_log(), sent - left
        fee = self._fee(logs, 10 * left)
        if 0 < fee <= left:
            return Native(-used - fee, source, settled=False, bounds=(used, sent)) if fee + _ODD < left else whole
        if names(self.data, left) or _share(left, sent) or spoken_for(logs, self.wallet, left):
            return whole
        if 2 * used < sent:
            # Where less than half was seen used, the rest went somewhere unseen.
            return whole
        # A fee is ordered beforehand, as an amount or a share. A refund is what is left of a swap whose other end was
        # ordered: the exact amount to buy, or to spend.
        ordered = names(self.data, used) or any(amount > 0 and names(self.data, amount) for amount in self.net.values())
        if ordered:
            return Native(-used, source, settled=False, bounds=(used, sent))
        return Native(-sent, NativeSource.VALUE, settled=False, bounds=(used, sent))

    def _got(self, value: int, left: int, source: NativeSource) -> Native:
        """Tell what of the native coin that was left reached the wallet."""
        if self.call is not None:
            if self.call.receiver not in (None, self.wallet):
                return Native(value, NativeSource.VALUE)
            return Native(left - self.call.keeps(left), source)
        logs = self.every_log()
        sold = {token: -amount for token, amount in self.net.items() if amount < 0}
        summary = told(logs, sold, self.wallet, left)
        if summary is not None:
            return Native(summary, source)
        fee = received(logs, {account for account, _ in self.way.since} | {self.called}, left)
        net = after_fees(self.data, left)
        if fee or net != left or self.called in self.way.held or (self.served and names(self.data, left)):
            return Native(net - fee, source)
        fee = self._fee(logs, left)
        return Native(left - fee, source, settled=False, bounds=(left - fee, left) if fee else None)

    def _fee(self, logs: Sequence[Log], left: int) -> int:
        """Return the fee that the called router says it kept; a pool's events are not about fees of that kind."""
        return 0 if self.called in self.way.held else kept(logs, self.called, left)


def _share(part: int, whole: int) -> bool:
    """Tell whether an amount is a share of another in basis points, to the unit: a fee."""
    share = round(part * BASIS / whole)
    return 0 < share <= BASIS // 10 and part in (whole * share // BASIS, -(-whole * share // BASIS))
