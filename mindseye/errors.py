"""The one exception that is the user's to mend."""


class UserError(Exception):
    """A mistake in what the user asked for or gave, told in one line that names the thing and the way out.

    The command line prints it without a traceback and ends with exit code 2.
    """


def one_line(error: BaseException) -> str:
    """An error's first line, the system's own words for an operating system's error, never empty."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if isinstance(error, MemoryError):
        return "too large for the memory"
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
