"""Types of columns that no database has by itself."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Text, TypeDecorator
from sqlalchemy.engine import Dialect


class Uint256(TypeDecorator[int]):
    """An integer of any size, as decimal text: sqlite3 overflows at 2^63."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:
        """Python to database."""
        return None if value is None else str(int(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        """Database to Python."""
        return None if value is None else int(value)


class Money(TypeDecorator[Decimal]):
    """A ``Decimal`` as text, exact."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Python to database."""
        return None if value is None else format(value, "f")

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Database to Python."""
        return None if value is None else Decimal(value)


class Instant(TypeDecorator[datetime]):
    """An aware UTC time as unix seconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Python to database."""
        return None if value is None else int(value.timestamp())

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Database to Python."""
        return None if value is None else datetime.fromtimestamp(value, UTC)
