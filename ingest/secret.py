"""Secrets in a URL: which parts may be a key, what a file has instead, and what others say without them. Pure.

Providers put the key into the path or the query, and some repeat it in their errors, cut or in other letters.
"""

import re
from collections.abc import Callable, Iterable
from string import ascii_lowercase, ascii_uppercase
from urllib.parse import parse_qsl, unquote, urlsplit

SHORTEST = 6  #: characters; shorter parts of a URL are words such as "v2" and "eth"
RUN = 12  #: so many characters of a secret in a row are a secret too
SAID = 4_000  #: of an answer's words, at most: nobody reads more, and looking for secrets takes time
KEY_LENGTH = 12  #: shorter parts of a URL are not taken for a key
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_NAMED = re.compile(r"\$\{[^}]*\}")
_PART = re.compile(r"(?<=[/?&=#])[^/?&=#]+")


class Secrets:
    """Texts that are shown to nobody.

    Parameters
    ----------
    texts
        Shorter ones than `SHORTEST` are not counted as secrets.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        known = {text.translate(_LOWER) for text in texts if len(text) >= SHORTEST}
        self._short = sorted((text for text in known if len(text) < RUN), key=len, reverse=True)
        self._runs = {text[i : i + RUN] for text in known for i in range(len(text) - RUN + 1)}

    def redact(self, text: str) -> str:
        """A text, cut at `SAID`, with … for each secret of fewer than `RUN` characters and each run of a longer one."""
        text = text[:SAID]
        plain = text.translate(_LOWER)
        hidden = bytearray(len(text))
        for i in range(len(text) - RUN + 1):
            if plain[i : i + RUN] in self._runs:
                hidden[i : i + RUN] = b"\1" * RUN
        for short in self._short:
            for found in re.finditer(re.escape(short), plain):
                hidden[slice(*found.span())] = b"\1" * len(short)
        kept = (("" if i and hidden[i - 1] else "…") if hidden[i] else c for i, c in enumerate(text))
        return "".join(kept)


def secrets_of(url: str) -> list[str]:
    """Every part of a URL that may hold a key."""
    parts = urlsplit(url)
    words = [parts.path, parts.query, parts.fragment, *parts.path.split("/"), *(v for _, v in parse_qsl(parts.query))]
    return [*words, *map(unquote, words)]


def name_keys(url: str, name: Callable[[str], str]) -> str:
    """A URL with ``${NAME}`` in the place of each part that looks like a key.

    Parameters
    ----------
    url
        As a person wrote it; what is ``${NAME}`` already stays.
    name
        Gives the name for a key.
    """

    def named(match: re.Match[str]) -> str:
        part = match.group()
        return f"${{{name(part)}}}" if _looks_like_key(part) else part

    beginning = re.match(r"[^/]*//[^/?#]*", url)
    start = beginning.end() if beginning else 0
    return url[:start] + _PART.sub(named, url[start:])


def has_key(url: str) -> bool:
    """Whether a URL, as it stands in a file, holds what looks like a key."""
    return name_keys(url, lambda _: "KEY") != url


def _looks_like_key(part: str) -> bool:
    """Long, and not made of words and versions: ``fullprivacy`` and ``eth-mainnet-v2`` are no keys."""
    part = _NAMED.sub("", part)
    return len(part) >= KEY_LENGTH and any(map(_is_random, re.split(r"[-_.~%:,+]", part)))


def _is_random(piece: str) -> bool:
    digits, letters = re.search(r"\d", piece), re.search(r"[A-Za-z]", piece)
    mixed = re.search(r"[a-z][A-Z]", piece) and re.search(r"[A-Z]{2}|[A-Z].*[A-Z].*[A-Z]", piece)
    return len(piece) >= 6 and bool((digits and letters) or (digits and len(piece) >= 10) or mixed or len(piece) >= 20)
