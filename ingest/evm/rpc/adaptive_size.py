"""How much to ask for at once, learned from what is agreed to and what is refused. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from ingest.evm.logs.block_ranges import FIRST_STEP, LARGEST_STEP

LEAST_PATIENCE, MOST_PATIENCE = 8, 256


@dataclass(slots=True)
class AdaptiveSize:
    """A size that doubles until it is first refused, and then grows back by a quarter, ever more patiently.

    A limit that moves (results in a dense stretch of blocks) is found again soon; one that stands still (blocks of a
    plan) is tried anew only once in ``MOST_PATIENCE`` full steps.
    """

    step: int  #: how much to ask for next
    largest: int  #: never ask for more
    patience: int = 1  #: full steps that must be agreed to before it grows
    agreed: int = 0  #: full steps since it last changed
    before: int = 0  #: the step before it last grew, or 0 where it was refused since

    def agree(self, asked: int) -> None:
        """Take note that this much was agreed to."""
        if asked < self.step or self.step >= self.largest:
            return
        self.agreed += 1
        if self.agreed < self.patience:
            return
        if self.patience > LEAST_PATIENCE and self.before:
            self.patience //= 2
        grown = self.step * 2 if self.patience == 1 else self.step + max(1, self.step // 4)
        self.before, self.step, self.agreed = self.step, min(grown, self.largest), 0

    def restart(self, patience: int) -> None:
        """Begin again with 1, and grow only after so many steps that were agreed to without a break."""
        self.step, self.patience, self.agreed, self.before = 1, patience, 0, 0

    def refuse(self, asked: int, *, suggested: int | None = None) -> None:
        """Take note that this much was refused: go to what is suggested, to what worked before, or to half.

        Parameters
        ----------
        asked
            More than 1.
        suggested
            What the other side says that it would take.
        """
        at_once = bool(self.before) and not self.agreed
        self.patience = min(MOST_PATIENCE, self.patience * 2) if at_once else self.patience
        self.patience = max(LEAST_PATIENCE, self.patience)
        if suggested is not None and 0 < suggested < asked:
            self.step = suggested
        else:
            self.step = self.before if asked // 2 <= self.before < asked else asked // 2
        self.step = max(1, self.step)
        self.agreed = self.before = 0


def strides_of(memo: str | None) -> dict[str, AdaptiveSize]:
    """Blocks of one request by endpoint, as last learned; of an endpoint that is new, under ""."""
    learned = json.loads(memo or "{}")
    if not isinstance(learned, dict):  # one number, from when there was one endpoint
        learned = {"": learned}
    steps = {"": FIRST_STEP, **learned}
    # What was learned is the most that was agreed to: not to be tried beyond again in each run.
    return {
        name: AdaptiveSize(step, LARGEST_STEP, patience=LEAST_PATIENCE if name else 1) for name, step in steps.items()
    }


def steps_memo(strides: Mapping[str, AdaptiveSize]) -> str:
    """What is to be remembered of them."""
    return json.dumps({name: each.step for name, each in strides.items() if name})
