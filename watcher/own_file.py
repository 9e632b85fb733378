"""Files of the person who runs this and of nobody else: created 0600 whatever the umask, never through a link."""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ingest.errors import ConfigError

MODE = 0o600  #: read and write, for the owner alone


def create(path: Path) -> None:
    """Create an empty file.

    Raises
    ------
    OSError
        It exists (`FileExistsError`), a link of that name too; or it cannot be created.
    """
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, MODE))


def open_lock(path: Path) -> int:
    """A descriptor of a file to lock; created where there is none, its content left as it is, never through a link."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, MODE)


def check_free(path: Path, *, replace: bool) -> None:
    """Refuse a name that is taken, before the work; or with ``replace``, one that is taken by no plain file.

    Raises
    ------
    ConfigError
        It is taken, by a link too.
    """
    if not os.path.lexists(path):
        return
    if not replace:
        raise ConfigError(f"{path} exists already and was left as it is; name another file, or replace it with --force")
    if not stat.S_ISREG(path.lstat().st_mode):
        raise ConfigError(f"{path} is a link, a folder or a device and was left as it is; name another file")


@contextmanager
def written(path: Path, *, replace: bool) -> Iterator[Path]:
    """A file to write into that takes the name ``path`` at the end, whole, and not at all after an error.

    Parameters
    ----------
    path
        Its name in the end.
    replace
        Whether a file of that name may be replaced; only a plain one is: no link, no folder, no device.

    Raises
    ------
    ConfigError
        The name is taken, or nothing can be written there.
    """
    check_free(path, replace=replace)
    left: list[Path] = []  #: to be removed after an error
    try:
        if not os.path.lexists(path):
            create(path)  # the name is ours from now on
            left.append(path)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600
        os.close(descriptor)
        left.append(draft := Path(name))
        yield draft
        draft.replace(path)
        left.clear()
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}; name another file") from None
    finally:
        for each in left:
            each.unlink(missing_ok=True)


def write(path: Path, content: bytes, *, replace: bool) -> None:
    """Write a whole file; as `written`."""
    with written(path, replace=replace) as draft:
        draft.write_bytes(content)


def open_plain(path: Path, *, most: int) -> IO[bytes]:
    """Open a plain file for reading; a link to one is followed.

    Raises
    ------
    OSError
        It cannot be opened, is no plain file (a pipe or a device may never end) or is larger than ``most`` bytes.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe without a writer must not hold us here
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_size <= most:
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    is_plain = stat.S_ISREG(found.st_mode)
    raise OSError(0, f"it is larger than {most:,} bytes" if is_plain else "it is a folder, a pipe or a device, no file")


def open_to_others(path: Path) -> bool:
    """Whether a file is there that somebody but its owner may read, write or run."""
    try:
        return bool(path.stat().st_mode & 0o077)
    except OSError:
        return False
