"""Call data, the published byte code of the Uniswap contracts, and two tiny contracts assembled by hand."""

import json
from itertools import pairwise
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tests.localchain.anvil import NODE_MODULES

MAX = 2**256 - 1
FAR = 2**40
"""A deadline that never comes."""

ARTIFACTS = {
    "WETH9": "v2-periphery/build/WETH9.json",
    "V2Factory": "v2-core/build/UniswapV2Factory.json",
    "V2Router": "v2-periphery/build/UniswapV2Router02.json",
    "V3Factory": "v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json",
    "V3Router": "v3-periphery/artifacts/contracts/SwapRouter.sol/SwapRouter.json",
    "V3Positions": "v3-periphery/artifacts/contracts/NonfungiblePositionManager.sol/NonfungiblePositionManager.json",
    "V4Manager": "v4-core/out/PoolManager.sol/PoolManager.json",
    "V4Liquidity": "v4-core/out/PoolModifyLiquidityTest.sol/PoolModifyLiquidityTest.json",
    "V4Router": "v4-core/out/PoolSwapTest.sol/PoolSwapTest.json",
    "ERC20": "v4-core/out/mocks/MockERC20.sol/MockERC20.json",
}


def creation_code(name: str) -> str:
    """Return an artifact's creation byte code, hex without ``0x``."""
    code = json.loads((NODE_MODULES / "@uniswap" / ARTIFACTS[name]).read_text())["bytecode"]
    return str(code["object"] if isinstance(code, dict) else code).removeprefix("0x")


def argument_types(signature: str) -> list[str]:
    """Split a signature's arguments at the commas that are not inside a tuple.

    >>> argument_types("swap((address,bool),bytes)")
    ['(address,bool)', 'bytes']
    """
    inner = signature[signature.index("(") + 1 : -1]
    depth, commas = 0, [-1]
    for i, letter in enumerate(inner):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            commas.append(i)
    return [inner[a + 1 : b] for a, b in pairwise([*commas, len(inner)]) if inner[a + 1 : b]]


def calldata(signature: str, *arguments: Any) -> str:
    """Return selector and encoded arguments as hex."""
    return "0x" + (keccak(text=signature)[:4] + encode(argument_types(signature), arguments)).hex()


def constructor(name: str, types: list[str], *arguments: Any) -> str:
    """Return the data of a transaction that creates contract ``name``."""
    return "0x" + creation_code(name) + encode(types, arguments).hex()


# fmt: off
OPCODES = {
    "STOP": 0x00, "ADD": 0x01, "GT": 0x11, "EQ": 0x14, "ISZERO": 0x15, "AND": 0x16, "SHR": 0x1C,
    "CALLDATALOAD": 0x35, "CALLDATASIZE": 0x36, "CALLDATACOPY": 0x37, "POP": 0x50, "MSTORE": 0x52, "SLOAD": 0x54,
    "JUMP": 0x56, "JUMPI": 0x57, "GAS": 0x5A, "JUMPDEST": 0x5B, "PUSH0": 0x5F,
    "DUP1": 0x80, "DUP3": 0x82, "DUP4": 0x83, "DUP7": 0x86, "SWAP1": 0x90, "SWAP2": 0x91,
    "CALL": 0xF1, "RETURN": 0xF3, "REVERT": 0xFD,
}
# fmt: on


def assemble(source: str) -> str:
    """Assemble opcodes, ``0x…`` constants, ``label:`` and ``@label`` (one byte: programs under 256 bytes)."""
    code, labels, holes = bytearray(), {}, {}
    for word in source.split():
        if word.startswith("0x"):
            constant = bytes.fromhex(word[2:])
            code += bytes([0x5F + len(constant)]) + constant
        elif word.startswith("@"):
            code += b"\x60\x00"
            holes[len(code) - 1] = word[1:]
        elif word.endswith(":"):
            labels[word[:-1]] = len(code)
            code.append(OPCODES["JUMPDEST"])
        else:
            code.append(OPCODES[word])
    for place, label in holes.items():
        code[place] = labels[label]
    return "0x" + code.hex()


FEED = assemble(
    """
    PUSH0 CALLDATALOAD 0xe0 SHR
    DUP1 0x313ce567 EQ @decimals JUMPI
    0xfeaf968c EQ @round JUMPI
    PUSH0 PUSH0 REVERT
    decimals: 0x08 PUSH0 MSTORE 0x20 PUSH0 RETURN
    round:
    PUSH0 SLOAD DUP1 PUSH0 MSTORE 0x80 MSTORE
    0x01 SLOAD 0x20 MSTORE
    0x02 SLOAD DUP1 0x40 MSTORE 0x60 MSTORE
    0xa0 PUSH0 RETURN
    """
)
"""A Chainlink-like aggregator: ``decimals()`` and ``latestRoundData()``; slots: round, answer, time."""

BATCH = assemble(
    """
    PUSH0
    next: DUP1 CALLDATASIZE GT ISZERO @end JUMPI
    DUP1 CALLDATALOAD DUP1 0x40 SHR 0xffffffff AND
    DUP1 DUP4 0x18 ADD PUSH0 CALLDATACOPY
    PUSH0 PUSH0 DUP3 PUSH0 PUSH0 DUP7 0x60 SHR GAS CALL
    @done JUMPI PUSH0 PUSH0 REVERT
    done: SWAP2 SWAP1 POP ADD 0x18 ADD @next JUMP
    end: STOP
    """
)
"""Makes many calls in one transaction, all or nothing; takes what ``batch_data`` writes."""


def batch_data(calls: list[tuple[str, str]]) -> str:
    """Write (to, data) calls for ``BATCH``: 20 bytes of address, 4 bytes of length, the data; and so on."""
    return "0x" + "".join(f"{to[2:]}{len(data) // 2 - 1:08x}{data[2:]}" for to, data in calls)


def mapping_slot(slot: int, *keys: str) -> str:
    """Return where Solidity keeps ``mapping[key]…`` that is declared at ``slot``."""
    place = slot.to_bytes(32, "big")
    for key in keys:
        place = keccak(bytes.fromhex(key[2:]).rjust(32, b"\0") + place)
    return "0x" + place.hex()


def word(value: int) -> str:
    """Return a 32-byte word as hex."""
    return f"0x{value:064x}"
