"""The one place where whatever a command did not foresee becomes a line and an exit code, and its traceback a file."""

import errno
import os
import platform
import select
import shlex
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from mindseye import __version__
from mindseye.cli.colour import styled
from mindseye.cli.options import FAULT, INTERRUPTED, MISTAKE, PIPE_CLOSED
from mindseye.errors import UserError, is_of_library, one_line

SURROUNDINGS = {
    *(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO),
    *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENAMETOOLONG),
}
"""What the machine, its disks and the user's rights cause: nothing that the program could be reported for."""
LONGEST = 300


def run_guarded(act: Callable[[], int], words: Sequence[str], folder: Callable[[], str | None] = lambda: None) -> int:
    """Do something for the command line; every error is a line on stderr and an exit code.

    Args:
        act: gives the exit code.
        words: of the command, for the log.
        folder: the run folder that the command was told, once that is known.
    """
    try:
        code = _flushed(act)
    except UserError as error:
        code = MISTAKE
        _tell(f"mindseye: {error}")
    except KeyboardInterrupt:
        code = INTERRUPTED
        _tell("\nmindseye: interrupted; the same command continues where it stopped")
    except Exception as error:
        code = _explain(error, words, folder())
    if not _can_flush(sys.stdout):
        _discard(sys.stdout)  # else Python tries it once more as it ends, and says so
    return code


def _flushed(act: Callable[[], int]) -> int:
    try:
        return act()
    finally:  # also when the parser ends the process, having told all
        sys.stdout.flush()


def _explain(error: Exception, words: Sequence[str], folder: str | None) -> int:
    if isinstance(error, BrokenPipeError) and _is_closed(sys.stdout):
        return PIPE_CLOSED  # whoever listened has heard enough
    if isinstance(error, MemoryError) or _is_out_of_memory(error):
        _tell("mindseye: too large for the memory; try a smaller --size or --batch-size, or fewer photos at once")
        return MISTAKE
    if isinstance(error, OSError) and error.errno in SURROUNDINGS:
        named = isinstance(error.filename, str | bytes)
        what = f"{os.fsdecode(error.filename)}: " if named else "cannot write its output: "
        _tell(f"mindseye: {what}{one_line(error)}; the same command continues where it stopped")
        return MISTAKE
    log = _write_log(error, words, folder)
    kept = f"please report it with {log}" if log else "please report it (its traceback could be written nowhere)"
    _tell(f"mindseye: a fault of the program, {_describe(error)}: {kept}")
    return FAULT


def _describe(error: Exception) -> str:
    """The kind of an error, its first line, and the last place of the program or the user's own code that it passed."""
    text = f"{type(error).__name__}: {one_line(error)}"[:LONGEST]
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if not is_of_library(frame.filename)]
    return f"{text} ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else text


def _is_out_of_memory(error: Exception) -> bool:
    return type(error).__name__ == "OutOfMemoryError" or "can't allocate memory" in str(error)


def _write_log(error: Exception, words: Sequence[str], folder: str | None) -> Path | None:
    """The traceback and what it ran on, in the first folder that takes it; None where none does."""
    lines = [
        f"command: {shlex.join(['mindseye', *words])}",
        f"mindseye {__version__}, Python {platform.python_version()}, {platform.platform()}",
        *(
            f"{name} {getattr(sys.modules[name], '__version__', '?')}"
            for name in ("torch", "PIL")
            if name in sys.modules
        ),
        "",
        *traceback.format_exception(error),
    ]
    name = f"mindseye-fault-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    for place in _log_folders(folder):
        try:
            place.mkdir(parents=True, exist_ok=True)
            path = place / name
            path.write_text("\n".join(line.rstrip("\n") for line in lines) + "\n", "utf-8", "surrogateescape")
        except (OSError, ValueError, RuntimeError):
            continue
        return path
    return None


def _log_folders(folder: str | None) -> Iterator[Path]:
    """Beside the run where there is one, else where the user's logs lie, else where temporary files do."""
    from platformdirs import user_log_path

    if folder and Path(folder).is_dir():
        yield Path(folder).absolute()
    logs = user_log_path("mindseye", appauthor=False)
    if logs.is_absolute():  # not so for a user without a home
        yield logs
    with suppress(OSError):
        yield Path(tempfile.gettempdir())


def _tell(line: str) -> None:
    with suppress(OSError, ValueError, AttributeError):  # a closed or full stderr; none at all
        name, colon, rest = line.partition("mindseye:")
        coloured = styled(colon, "mistake", sys.stderr) if colon else ""
        print(f"{name}{coloured}{rest}", file=sys.stderr, flush=True)


def _can_flush(stream: TextIO) -> bool:
    try:
        stream.flush()
    except (OSError, ValueError):
        return False
    return not _is_closed(stream)


def _is_closed(stream: TextIO) -> bool:
    """Whether nobody reads any more what goes into a stream."""
    try:
        poll = select.poll()
        poll.register(stream.fileno(), select.POLLERR)
        return any(event & select.POLLERR for _, event in poll.poll(0))
    except (OSError, ValueError, AttributeError):
        return False


def _discard(stream: TextIO) -> None:
    """Send what a stream still holds nowhere."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
