"""A node that answers one method oddly: anything that JSON can hold, at any place of its answers."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from hypothesis import strategies as st

from ingest.evm.rpc import answer_checks
from tests.fakes.node import FakeNode

HUGE = "\0huge\0"  #: stands for a number that Python would not write
spoilt: Counter[str] = Counter()  #: answers by method

# What no place of an answer may hold, or what it may not hold there.
ODD_TEXT = st.sampled_from(
    [
        *("", "0x", "0X", "0xzz", "-0x1", "0x-1", "0x_1", "0x 1", "0x1\n", "1", "0x" + "f" * 5_000, "9" * 5_000),
        *("0x" + "f" * 17, "0x" + "f" * 65, "0x" + "0" * 5_000 + "1", "٣", "0x٣", "\x1b]0;x\x07\u202e", "null"),
    ]
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | ODD_TEXT
    | st.just(HUGE)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["code", "message", "a"]), inner),
    max_leaves=5,
)
Path = tuple[str | int, ...]


class Spoil(NamedTuple):
    """What is put where into each answer to one method."""

    method: str
    place: int
    value: Any

    def apply(self, answer: Any) -> Any:
        paths = list(places(answer))
        return put(answer, paths[self.place % len(paths)], self.value)


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from places(part, (*path, key))


def put(value: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(value[path[0]], path[1:], new)
    return copy


def write(answer: Any) -> bytes:
    """As JSON, with numbers of any length."""
    return json.dumps(answer).replace(json.dumps(HUGE), "1" + "0" * 5_000).encode()


def is_typed(method: str, answer: Any) -> bool:
    """Whether an answer is well typed although it is spoilt: a lie, against which types do not help."""
    if not isinstance(answer, dict) or "result" not in answer or answer.get("error") is not None:
        return False
    try:
        answer_checks.read(method, answer["result"])
    except ValueError:
        return False
    return True


class Stranger(FakeNode):
    """A node that spoils its answers to one method."""

    spoil: Spoil | None = None
    lied = False  # an answer was well typed all the same
    reply: tuple[int, dict[str, str], bytes] | None = None  # instead of every answer but the chain's id

    def __init__(self, methods: dict[str, Callable[..., Any]]) -> None:
        super().__init__(methods, self._spoilt)

    def _spoilt(self, body: Any) -> tuple[int, dict[str, str], bytes] | None:
        asked = [item["method"] for item in (body if isinstance(body, list) else [body])]
        if self.reply is not None and asked != ["eth_chainId"]:
            return self.reply
        if self.spoil is None or self.spoil.method not in asked:
            return None
        spoilt[self.spoil.method] += asked.count(self.spoil.method)
        made = self.answer(body)
        if isinstance(body, list):
            made = [
                self.spoil.apply(one) if method == self.spoil.method else one
                for method, one in zip(asked, made, strict=True)
            ]
        else:
            made = self.spoil.apply(made)
        for method, one in zip(asked, made if isinstance(body, list) else [made], strict=True):
            self.lied |= method == self.spoil.method and is_typed(method, one)
        return 200, {}, write(made)
