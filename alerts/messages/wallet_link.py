"""The link from a card to the user's own tool. Pure."""

import re
from urllib.parse import urlsplit

PLACE = "{address}"
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}|[1-9A-HJ-NP-Za-km-z]{32,44}")  # EVM, or base58 as Solana writes it


def check_template(template: str) -> str:
    """Return a template for links to a wallet as it is.

    Raises
    ------
    ValueError
        It is not https, names no host, or has not exactly one ``{address}``, in the path, query or fragment.
    """
    if not template.startswith("https://") or re.search(r"[\s\x00-\x20\x7f<>\"\\]", template) or len(template) > 500:
        raise ValueError("write an https:// address without spaces, for example https://example.org/wallet/{address}")
    parts = urlsplit(template)
    if not parts.hostname or "@" in parts.netloc or "{" in parts.netloc or "}" in parts.netloc:
        raise ValueError("write a plain host after https://, without a user name and without {address}")
    if "." not in parts.hostname.strip("."):
        raise ValueError("write a host with a dot: Telegram refuses links to names such as localhost")
    rest = template.replace(PLACE, "", 1)
    if PLACE not in template or "{" in rest or "}" in rest:
        raise ValueError("write {address} once, where the wallet's address belongs, and no other braces")
    return template


def wallet_link(template: str | None, wallet: str) -> str | None:
    """Put a wallet's address into a checked template; None where there is none, or the wallet is no address."""
    if template is None or not _ADDRESS.fullmatch(wallet):
        return None
    return check_template(template).replace(PLACE, wallet)
