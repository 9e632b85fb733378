"""What a concentrated-liquidity pool would pay, told by the pool's own code: ``eth_call`` runs it, nothing happens.

Such a pool names both amounts of a swap in a callback, before it is paid. A tiny program, which lives only inside the
call, asks for the swap, and when called back refuses with these amounts: exact over all ticks and fees, at the cost of
one call, where arithmetic would have to read every tick on the way. Pure: programs in, amounts out.
"""

from collections.abc import Sequence

from eth_abi.abi import encode

V3_SWAP = (
    "128acb08"  #: swap(address,bool,int256,uint160,bytes): Uniswap V3, Pancake V3, Algebra, Slipstream, Solidly V3
)
V4_UNLOCK = "48c89491"  #: unlock(bytes), Uniswap V4 PoolManager
V4_SWAP = (
    "f3cd914c"  #: swap((address,address,uint24,int24,address),(bool,int256,uint160),bytes), Uniswap V4 PoolManager
)
LIMITS = (1461446703485210103287273052203988822378723970341, 4295128740)
"""Square-root prices at which a swap ends at the latest, up and down: TickMath's extremes, one inside."""
NOBODY = "0x000000000000000000000000000000000000dead"  #: where the pool's payment goes, before it is taken back
LONGEST = 2**16 - 1  #: bytes that a two-byte push can name

# Opcodes (Ethereum Yellow Paper, appendix H), as far as they are used.
EQ, CALLER, CALLDATACOPY, CODECOPY, RETURNDATASIZE, RETURNDATACOPY = (
    b"\x14",
    b"\x33",
    b"\x37",
    b"\x39",
    b"\x3d",
    b"\x3e",
)
POP, JUMPI, GAS, JUMPDEST, CREATE, CALL, RETURN, REVERT = (
    *(b"\x50", b"\x57", b"\x5a", b"\x5b"),
    *(b"\xf0", b"\xf1", b"\xf3", b"\xfd"),
)


def v3_sale(pool: str, quantity: int, *, zero_for_one: bool) -> str:
    """The program that sells to a V3-like pool, as the ``data`` of an ``eth_call`` without ``to``."""
    swap = encode(
        ["address", "bool", "int256", "uint160", "bytes"],
        [NOBODY, zero_for_one, quantity, LIMITS[zero_for_one], b""],
    )
    # The callback's first two arguments are what the pool wants (positive) and pays (negative).
    amounts = _push(64) + _push(4) + _push(0) + CALLDATACOPY + _push(64) + _push(0) + REVERT
    return _program(pool, bytes.fromhex(V3_SWAP) + swap, amounts)


def v4_sale(manager: str, key: tuple[str, str, int, int, str], quantity: int, *, zero_for_one: bool) -> str:
    """The program that sells to a V4 pool; ``key`` is currency0, currency1, fee, tick spacing, hooks."""
    swap = encode(
        ["(address,address,uint24,int24,address)", "(bool,int256,uint160)", "bytes"],
        [key, (zero_for_one, -quantity, LIMITS[zero_for_one]), b""],
    )
    unlock = bytes.fromhex(V4_UNLOCK) + encode(["bytes"], [b""])
    return _program(manager, unlock, None, bytes.fromhex(V4_SWAP) + swap)


def paid(answer: Sequence[int] | bytes, *, zero_for_one: bool) -> int | None:
    """What the pool would have paid, from the program's answer; None where the pool itself refused.

    Two words are a V3 callback's amounts, from the pool's side; one word is a V4 ``BalanceDelta``, from the seller's.
    """
    answer = bytes(answer)
    if len(answer) == 64:
        out = -int.from_bytes(answer[32:] if zero_for_one else answer[:32], signed=True)
    elif len(answer) == 32:
        out = int.from_bytes(answer[16:] if zero_for_one else answer[:16], signed=True)
    else:
        return None
    return out if out >= 0 else None


def _program(target: str, first: bytes, callback: bytes | None, second: bytes = b"") -> str:
    """Code that puts a contract on the chain, calls it, and returns what it said.

    The contract calls ``target`` with ``first``; called back, it runs ``callback``, or else calls ``target`` with
    ``second`` and refuses with the answer.
    """
    to = b"\x73" + bytes.fromhex(target[2:])

    def contract(places: tuple[int, int, int]) -> tuple[bytes, tuple[int, int, int]]:
        back, first_at, second_at = places
        code = CALLER + to + EQ + _push(back) + JUMPI
        code += _load(first_at, len(first)) + _call(to, len(first)) + _answer(RETURN)
        back = len(code)
        code += JUMPDEST
        code += callback or _load(second_at, len(second)) + _call(to, len(second)) + _answer(REVERT)
        return code + first + second, (back, len(code), len(code) + len(first))

    # Every push has a fixed width, so places found by a first assembly hold in the second.
    runtime, _ = contract(contract((0, 0, 0))[1])
    head = _load(0, len(runtime)) + _push(len(runtime)) + _push(0) + RETURN
    created = _load(len(head), len(runtime)) + _push(len(runtime)) + _push(0) + RETURN + runtime
    zeros = _push(0) * 5  # no answer wanted, nothing told, no coin sent

    def outer(at: int) -> bytes:
        make = _load(at, len(created)) + zeros + _push(len(created)) + _push(0) * 2 + CREATE
        return make + GAS + CALL + POP + _answer(RETURN)

    code = outer(len(outer(0))) + created
    assert len(code) <= LONGEST
    return "0x" + code.hex()


def _push(value: int) -> bytes:
    """PUSH2: the one width, so that places do not move what they name."""
    return b"\x61" + value.to_bytes(2)


def _load(place: int, length: int) -> bytes:
    """Copy a part of the code into memory, from 0 on."""
    return _push(length) + _push(place) + _push(0) + CODECOPY


def _call(to: bytes, length: int) -> bytes:
    """Call with what is in memory; whether it succeeded shows in the answer."""
    return _push(0) * 2 + _push(length) + _push(0) * 2 + to + GAS + CALL + POP


def _answer(end: bytes) -> bytes:
    """End with the last call's answer."""
    return RETURNDATASIZE + _push(0) * 2 + RETURNDATACOPY + RETURNDATASIZE + _push(0) + end
