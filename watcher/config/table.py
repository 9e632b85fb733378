"""What all tables of the configuration have in common: no unknown keys, and numbers within limits."""

from collections.abc import Callable
from functools import partial
from typing import Any

from pydantic import BaseModel, BeforeValidator, ConfigDict


class Table(BaseModel):
    """One table of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def number(check: Callable[..., Any], **limits: Any) -> BeforeValidator:
    """A number of the file: of its type, finite, within limits; a fault comes with an example."""
    return BeforeValidator(partial(check, **limits))
