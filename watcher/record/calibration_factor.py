"""The factor that ``edgewatch calibrate`` found on somebody's own wallets: kept, read, forgotten."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from metrics.detector import recurrence
from metrics.detector.fingerprint import FITTED, detector
from metrics.evaluation.false_flag_rate import CalibrationFactor
from watcher.config.settings import DetectionConfig
from watcher.store import usage

DETECTOR: Final = detector()
KEY: Final = "factor"  #: memo
NONE: Final = "null"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A factor with what it belongs to."""

    factor: CalibrationFactor
    found_at: datetime  #: UTC
    curve: str  #: of the detector and the shipped curve that it corrects


def curve(of: str = DETECTOR) -> str:
    """A short hash of the shipped curve and of the detector: a factor found with others says nothing."""
    fitted = [of, *(getattr(recurrence, name) for name in sorted(FITTED))]
    return hashlib.sha256(repr(fitted).encode()).hexdigest()[:12]


def keep(connection: Connection, factor: CalibrationFactor | None, now: datetime) -> None:
    """Remember a factor instead of the last one; None: forget it."""
    value = NONE
    if factor is not None:
        value = json.dumps({"factor": asdict(factor), "found_at": now.isoformat(), "curve": curve()})
    usage.remember(connection, KEY, value)


def read(connection: Connection) -> Kept | None:
    """What is remembered, be it out of date."""
    found = json.loads(usage.recall(connection, KEY) or NONE)
    if found is None:
        return None
    return Kept(
        factor=CalibrationFactor(**found["factor"]),
        found_at=datetime.fromisoformat(found["found_at"]),
        curve=found["curve"],
    )


def in_use(connection: Connection) -> float:
    """By what scores are divided: 1 where nothing is remembered, or where it was found with another curve."""
    kept = read(connection)
    return kept.factor.value if kept is not None and kept.curve == curve() else 1.0


def fingerprint(detection: DetectionConfig, factor: float) -> str:
    """A short hash of the detection settings and of the factor in use, kept with every flag."""
    if factor == 1:
        return detection.fingerprint
    return hashlib.sha256(f"{detection.fingerprint} {factor!r}".encode()).hexdigest()[:12]
