"""``--cost``: what copying a round trip costs whoever copies it."""

from typing import Annotated

import typer

from ingest.limits import real


def _percent(value: float) -> float:
    try:
        return real(value, least=0.0, most=50.0, example=0.5)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


Cost = Annotated[
    float, typer.Option("--cost", callback=_percent, help="Your own costs of a round trip, percent of the stake.")
]
