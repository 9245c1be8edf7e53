"""The one exception that is the user's to mend."""


class UserError(Exception):
    """A mistake in what the user asked for or gave, told in one line that names the thing and the way out.

    The command line prints it without a traceback and ends with exit code 2.
    """
