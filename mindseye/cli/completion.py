"""``mindseye completion``."""

import argparse
from typing import Any

from mindseye.cli.options import DONE, add_command
from mindseye.errors import UserError
from mindseye.wording import install_command

SHELLS = ("bash", "zsh", "fish")
FILES = ("PHOTOS", "PHOTO", "ROOT", "RUN", "OUT", "DIR", "FILE", "FOLDER", "IMAGES")
"""What the values are called that are completed as paths."""

EXAMPLES = """examples:
  mindseye completion bash > ~/.local/share/bash-completion/completions/mindseye
  mindseye completion zsh > ~/.zfunc/_mindseye                     with ~/.zfunc in $fpath
  mindseye completion fish > ~/.config/fish/completions/mindseye.fish

Print it anew after an update: the script holds the commands and options themselves, so that the Tab key starts no program."""


def add(commands: Any) -> None:
    """Add the command and its options."""
    about = "Print the script with which a shell completes commands, options and paths."
    parser = add_command(commands, "completion", act, about, EXAMPLES)
    parser.add_argument("shell", choices=SHELLS, help="bash, zsh or fish")


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    try:
        import shtab
    except ImportError as error:
        raise UserError(f"the script is made by shtab: {install_command('completion')}") from error
    from mindseye.cli.main import build_parser

    parser = build_parser()
    for one in parser.commands.values():
        for action in one._actions:
            if action.metavar in FILES:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
    print(shtab.complete(parser, options.shell))
    return DONE
