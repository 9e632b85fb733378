"""What pydantic found wrong with a configuration, in words for a person: the key, what is wrong, what to write."""

import difflib
import typing
from collections.abc import Collection
from typing import Any

from pydantic import BaseModel


def fault(error: Any, root: type[BaseModel], *, hidden: Collection[str]) -> str:
    """One fault with its place.

    Parameters
    ----------
    error
        One of `pydantic.ValidationError.errors`.
    root
        The model of the whole file.
    hidden
        Fields of it that are no keys of the file.
    """
    place = ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        *parents, key = error["loc"]
        names = [name for name in _table(root, parents).model_fields if name not in hidden]
        near = difflib.get_close_matches(str(key), names, n=1, cutoff=0.5)
        return f"{place}: unknown key {key!r}" + (
            f"; did you mean {near[0]!r}?" if near else f"; valid here: {', '.join(names)}"
        )
    if error["type"] == "missing":
        return f"{place}: missing"
    if error["type"] == "too_short" and error["loc"][-1:] == ("allowed_user_ids",):
        return f"{place}: empty; nobody could decide. List the Telegram user ids that may press the buttons"
    return f"{place}: {error['msg']}".replace("Value error, ", "")


def _table(table: type[BaseModel], parents: list[Any]) -> type[BaseModel]:
    """The model of the table that a place is in: `list[X]` and `X | None` lead to `X`."""
    for part in parents:
        if isinstance(part, str):
            kinds = [table.model_fields[part].annotation]
            while not (isinstance(kinds[0], type) and issubclass(kinds[0], BaseModel)):
                kinds = [*typing.get_args(kinds[0]), *kinds[1:]]
            table = kinds[0]
    return table
