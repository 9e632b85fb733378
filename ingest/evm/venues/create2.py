"""Pool addresses re-derived offline: CREATE2 (EIP-1014) and minimal clones (EIP-1167)."""

from functools import lru_cache

from eth_utils import keccak  # type: ignore[attr-defined]


def word(value: str | int) -> bytes:
    """Encode an address or a non-negative integer as a 32-byte ABI word."""
    number = int(value, 16) if isinstance(value, str) else value
    return (number % (1 << 256)).to_bytes(32)


def packed(address: str) -> bytes:
    """Encode an address without padding."""
    return bytes.fromhex(address[2:])


@lru_cache(maxsize=65_536)
def derive(deployer: str, salt: bytes, init_code_hash: str) -> str:
    """Return the address that ``deployer`` creates with a salt (before hashing) and an init code hash.

    Parameters
    ----------
    deployer
        The contract that executes CREATE2.
    salt
        The salt's preimage; it is hashed here, as every factory does.
    init_code_hash
        Keccak of the created contract's init code, as hex.
    """
    digest = keccak(b"\xff" + packed(deployer) + keccak(salt) + bytes.fromhex(init_code_hash.removeprefix("0x")))
    return "0x" + digest[12:].hex()
