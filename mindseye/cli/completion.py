"""``mindseye completion``."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from mindseye.cli.layer_names import keep_bundled_names, shell_functions
from mindseye.cli.options import DONE, add_command
from mindseye.errors import UserError
from mindseye.wording import install_command

SHELLS = ("bash", "zsh", "fish")
FILES = ("PHOTOS", "PHOTO", "ROOT", "RUN", "OUT", "DIR", "FILE", "FOLDER", "IMAGES")
"""What the values are called that are completed as paths."""
MODELS, RECIPES = ("model", "models", "judges", "painter"), ("recipe",)
"""The options and arguments, by the name of their value, that are completed by names; a file of one's own goes as well."""
LAYER = ("layer", "cluster_layer", "penalty_layer", "near_layer", "cam_layer")
WORDS = {"figures": ("light", "dark", "svg", "pdf"), "device": ("auto", "cpu", "cuda", "mps")}

EXAMPLES = """examples:
  mindseye completion bash > ~/.local/share/bash-completion/completions/mindseye
  mindseye completion zsh > ~/.zfunc/_mindseye                     with ~/.zfunc in $fpath
  mindseye completion fish > ~/.config/fish/completions/mindseye.fish

Print it anew after an update: the script holds commands, options and names themselves, so that the Tab key starts no program."""


def add(commands: Any) -> None:
    """Add the command and its options."""
    about = "Print the script with which a shell completes commands, options, names of networks, layers and recipes, and paths."
    parser = add_command(commands, "completion", act, about, EXAMPLES)
    parser.add_argument("shell", choices=SHELLS, help="bash, zsh or fish")


def act(options: argparse.Namespace, command: str) -> int:
    """Run the command; returns the exit code."""
    try:
        import shtab
    except ImportError as error:
        raise UserError(f"the script is made by shtab: {install_command('completion')}") from error
    from mindseye.cli.main import build_parser
    from mindseye.models.names import model_names
    from mindseye.optimize.recipe.files import recipe_names

    parser = build_parser()
    for name, chosen in parser.commands.items():
        for action in chosen._actions:
            kind = "recipe" if name == "recipe" and action.dest == "name" else action.dest
            if function := _function_of(kind):
                action.complete = _by_function(function)  # type: ignore[attr-defined]
            elif kind in WORDS:
                action.choices = WORDS[kind]
            elif action.metavar in FILES:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
    names = {"models": model_names(), "recipes": recipe_names()}
    keep_bundled_names()
    print(shtab.complete(parser, options.shell, preamble=_functions(names)))  # type: ignore[arg-type]
    return DONE


def _function_of(kind: str) -> str:
    """Which function gives the names of a kind of values; empty where none does."""
    if kind in MODELS or kind in RECIPES:
        return "models" if kind in MODELS else "recipes"
    return "layer" if kind in LAYER else "layers" if kind == "layers" else ""


def _by_function(what: str) -> Mapping[str, str]:
    """How each shell asks the function for names of a kind, and for files where one of these goes as well."""
    function = f"_mindseye_{what}"
    files = "" if what.startswith("layer") else "; __fish_complete_path (commandline -ct)"
    return {"bash": function, "zsh": function, "fish": f"({function}{files})"}


def _functions(names: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
    """For each shell the functions that give names, which stand in the script once, and files besides."""
    shells = {shell: [layers] for shell, layers in shell_functions().items()}
    for what, known in names.items():
        words = " ".join(known)
        shells["bash"].append(
            f'_mindseye_{what}() {{ compgen -W "{words}" -- "$1"; [ -n "$1" ] && compgen -f -- "$1"; }}'
        )
        shells["zsh"].append(f"_mindseye_{what}() {{ compadd -- {words}; _files }}")
        shells["fish"].append(f"function _mindseye_{what}\n  printf '%s\\n' {words}\nend")
    return {shell: "\n".join(functions) for shell, functions in shells.items()}
