"""Reading a file once within a byte limit, and writing one whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from pathlib import Path

from packshot.photo.problems import PhotoError, PhotoLimits, PhotoProblem


def read_limited(path: Path, limits: PhotoLimits) -> bytes:
    """The bytes of a regular file of at most `limits.max_bytes`. Never blocks on a pipe or a device.

    Raises PhotoError: MISSING, NOT_A_FILE, UNREADABLE, EMPTY or TOO_MANY_BYTES.
    """
    try:
        # Without O_NONBLOCK, opening a named pipe waits for a writer that may never come.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        raise _reading_error(path, error) from error
    try:
        _require_regular(os.fstat(descriptor), limits)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(limits.max_bytes + 1)
    except OSError as error:
        raise _reading_error(path, error) from error
    finally:
        os.close(descriptor)
    if not data:
        raise PhotoError(PhotoProblem.EMPTY, "the file is empty (0 bytes); copy or export it again.")
    if len(data) > limits.max_bytes:
        raise _too_many_bytes(len(data), limits)
    return data


def _require_regular(status: os.stat_result, limits: PhotoLimits) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise PhotoError(PhotoProblem.NOT_A_FILE, "this is a folder; give the photos in it.")
    if not stat.S_ISREG(status.st_mode):
        text = "this is a pipe, socket or device; give a regular file."
        raise PhotoError(PhotoProblem.NOT_A_FILE, text)
    if status.st_size > limits.max_bytes:
        raise _too_many_bytes(status.st_size, limits)


def _too_many_bytes(size: int, limits: PhotoLimits) -> PhotoError:
    return PhotoError(
        PhotoProblem.TOO_MANY_BYTES,
        f"the file has {size / 1e6:.0f} MB, over the limit of {limits.max_bytes / 1e6:.0f} MB; "
        "export it smaller or raise PhotoLimits.max_bytes.",
    )


_MEANINGS = {
    errno.ENOENT: (PhotoProblem.MISSING, "there is no such file; check the path."),
    errno.ENOTDIR: (PhotoProblem.MISSING, "there is no such file; check the path."),
    errno.EACCES: (PhotoProblem.UNREADABLE, "this user may not read it; change its permissions (chmod u+r)."),
    errno.EPERM: (PhotoProblem.UNREADABLE, "this user may not read it; change its permissions (chmod u+r)."),
    errno.ELOOP: (PhotoProblem.UNREADABLE, "this link leads back to itself; give the photo itself."),
    errno.ENAMETOOLONG: (PhotoProblem.MISSING, "the name is too long for a file; check the path."),
    errno.ENXIO: (PhotoProblem.NOT_A_FILE, "this is a pipe, socket or device; give a regular file."),
    errno.EISDIR: (PhotoProblem.NOT_A_FILE, "this is a folder; give the photos in it."),
}


def _reading_error(path: Path, error: OSError | ValueError) -> PhotoError:
    if not isinstance(error, OSError):
        return PhotoError(PhotoProblem.MISSING, "the name holds a zero byte; check the path.")
    if error.errno == errno.ENOENT and path.is_symlink():
        text = "this link points to a file that is not there; give the photo itself."
        return PhotoError(PhotoProblem.MISSING, text)
    general = f"it cannot be read ({error.strerror or error}); check the disk or network share."
    return PhotoError(*_MEANINGS.get(error.errno or 0, (PhotoProblem.UNREADABLE, general)))


def write_atomic(path: Path | str, data: bytes, durable: bool = True) -> None:
    """Write `data` so that readers see the whole file or the old one, whenever the process dies.

    The folder must exist. With `durable` the bytes are on disk before the name appears, so a power cut
    leaves no empty file either. Writing the same again is harmless. Raises OSError as `open` does.
    """
    target = Path(path)
    temporary = target.parent / f".{target.name[:80]}.{secrets.token_hex(6)}.part"
    # 0o666 lets the umask decide, as for any file; a private temporary file would lock out users of a share.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(temporary, flags, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
