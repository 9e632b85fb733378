"""Files that a person names: read whole, and only so far as they may be long."""

from pathlib import Path

from ingest.errors import ConfigError

MOST = 64 * 2**20  #: bytes


def read_given(path: Path, *, most: int = MOST) -> bytes:
    """The bytes of a file.

    Parameters
    ----------
    path
        Also of a pipe.
    most
        Bytes.

    Raises
    ------
    ConfigError
        It cannot be read, or is longer.
    """
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    if len(content) > most:
        raise ConfigError(f"{path} has more than {most >> 20} MiB: split it into several files")
    return content
