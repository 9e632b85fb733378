"""The calls by which a wallet swaps: exact input on V2, V3 or V4, one hop or two, coin or token at either end."""

from typing import NamedTuple

from ingest.types import NATIVE
from tests.localchain.contracts import FAR, calldata
from tests.localchain.pools import TICK_SPACING, V3_FEE, V4_FEE, V4_KEY, ZERO

MIN_SQRT, MAX_SQRT = 4295128740, 1461446703485210103287273052203988822378723970341


class Routers(NamedTuple):
    """Where swaps are sent."""

    weth: str
    v2: str
    v3: str
    v4: str | None


def swap_call(
    routers: Routers, wallet: str, venue: str, sell: str, buy: str, amount: int, via: str | None, minimum: int
) -> tuple[str, str]:
    """Return (to, data) of a swap of exactly ``amount``; a sold coin goes along as the transaction's value."""
    ends = [routers.weth if end == NATIVE else end for end in (sell, buy)]
    path = [ends[0], *([via] if via else []), ends[1]]
    if venue == "v2":
        return routers.v2, _v2(path, sell == NATIVE, buy == NATIVE, wallet, amount, minimum)
    if venue == "v3":
        return routers.v3, _v3(path, buy == NATIVE, wallet, amount, minimum)
    assert routers.v4 is not None, "this world has no V4"
    assert NATIVE not in (sell, buy), "the V4 pools here hold WETH"
    return routers.v4, _v4(path, amount)


def _v2(path: list[str], native_in: bool, native_out: bool, wallet: str, amount: int, minimum: int) -> str:
    if native_in:
        signature = "swapExactETHForTokens(uint256,address[],address,uint256)"
        return calldata(signature, minimum, path, wallet, FAR)
    kind = "ETH" if native_out else "Tokens"
    signature = f"swapExactTokensFor{kind}(uint256,uint256,address[],address,uint256)"
    return calldata(signature, amount, minimum, path, wallet, FAR)


def _v3(path: list[str], native_out: bool, wallet: str, amount: int, minimum: int) -> str:
    # For coin at the end the router itself (address zero) takes the WETH, then unwraps it for the wallet.
    receiver = ZERO if native_out else wallet
    if len(path) == 2:
        signature = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))"
        data = calldata(signature, (*path, V3_FEE, receiver, FAR, amount, minimum, 0))
    else:
        hops = V3_FEE.to_bytes(3, "big").join(bytes.fromhex(token[2:]) for token in path)
        signature = "exactInput((bytes,address,uint256,uint256,uint256))"
        data = calldata(signature, (hops, receiver, FAR, amount, minimum))
    if not native_out:
        return data
    unwrap = calldata("unwrapWETH9(uint256,address)", minimum, wallet)
    return calldata("multicall(bytes[])", [bytes.fromhex(call[2:]) for call in (data, unwrap)])


def _v4(path: list[str], amount: int) -> str:
    first, second = sorted(path, key=lambda token: int(token, 16))
    down = path[0] == first
    signature = f"swap({V4_KEY},(bool,int256,uint160),(bool,bool),bytes)"
    key = (first, second, V4_FEE, TICK_SPACING, ZERO)
    return calldata(signature, key, (down, -amount, MIN_SQRT if down else MAX_SQRT), (False, False), b"")
