"""Names of layers for the shells: a small file for each network whose layers were listed, and how a shell finds the right one.

The Tab key then reads a file and starts no program: to ask the network itself would take PyTorch, and seconds.
"""

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from mindseye.errors import UserError
from mindseye.store.settings import cache_folder

FOLDER = "layers"
_OTHER = re.compile(r"[^A-Za-z0-9._-]")


def names_file(model: str) -> Path:
    """Where the names of a network's layers stand; of a network in a FILE.py by its whole path.

    Raises:
        UserError: if there is no folder for caches.
    """
    name = model if ".py:" not in model else str(Path.cwd() / model)
    return cache_folder() / FOLDER / _OTHER.sub("_", name)


def keep_names(model: str, names: Sequence[str]) -> None:
    """Note the names of a network's layers; nothing where that cannot be written, as nothing but the Tab key needs it."""
    from mindseye.runs.files import write_bytes

    with suppress(UserError, OSError):
        file = names_file(model)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(file, "".join(f"{name}\n" for name in names).encode())


def keep_bundled_names() -> None:
    """Note those of the networks that come along, where they are not noted: they can be opened without a network."""
    from mindseye.models.bundled import SIDES

    for model in SIDES:
        try:
            is_known = names_file(model).is_file()
        except UserError:
            return
        if not is_known:
            from mindseye.api.layers import list_layers

            keep_names(model, list_layers(model).addresses)


def shell_functions() -> Mapping[str, str]:
    """For each shell, the functions ``_mindseye_layer`` and, with ``auto`` among the names, ``_mindseye_layers``."""
    try:
        folder = str(cache_folder())
    except UserError:
        folder = os.devnull
    quoted = {"bash": shlex.quote(folder), "zsh": shlex.quote(folder), "fish": _quote_fish(folder)}
    return {shell: text.replace("FOLDER", quoted[shell]).strip("\n") for shell, text in _SCRIPTS.items()}


def _quote_fish(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


# Each looks for the network on the line that is typed: behind --model, of an atlas its first word, else the default.
# Behind a comma the next name of a list is completed. bash hands out words that are split at "=" and ":".
_POSIX = r"""
_mindseye_layer_names() {
  local model=resnet50 before= word folder=FOLDER
  for word in "$@"; do
    case "$before $word" in
      "--model =") continue ;;
      "$model :"|?*": "*) word="${before}$word"; model="$word" ;;
      "--model "*|"atlas "[!-]*) model="$word" ;;
      *" --model="*) model="${word#--model=}" ;;
    esac
    before="$word"
  done
  case "$model" in /*) ;; *.py:*) model="$PWD/$model" ;; esac
  folder="${MINDSEYE_CACHE:-$folder}/layers/${model//[^A-Za-z0-9._-]/_}"
  [ -f "$folder" ] && cat "$folder"
}
"""
_SCRIPTS = {
    "bash": _POSIX
    + r"""
_mindseye_layer() {
  local list= names=$(_mindseye_layer_names "${COMP_WORDS[@]}")
  case "$1" in *,*) list="${1%,*}," ;; esac
  compgen -P "$list" -W "$names $2" -- "${1##*,}"
}
_mindseye_layers() { _mindseye_layer "$1" auto; }
""",
    "zsh": _POSIX
    + r"""
_mindseye_layer() {
  compset -P '*,'
  compadd "$@" -- ${(f)"$(_mindseye_layer_names "${(Q)${(z)BUFFER}[@]}")"}
}
_mindseye_layers() {
  compset -P '*,'
  compadd -- ${(f)"$(_mindseye_layer_names "${(Q)${(z)BUFFER}[@]}")"} auto
}
""",
    "fish": r"""
function _mindseye_layer
  set -l model resnet50
  set -l before ''
  for word in (commandline -opc)
    if test "$before" = --model; or begin; test "$before" = atlas; and not string match -q -- '-*' $word; end
      set model $word
    else if string match -q -- '--model=*' $word
      set model (string replace -- '--model=' '' $word)
    end
    set before $word
  end
  if string match -q -- '*.py:*' $model; and not string match -q -- '/*' $model
    set model $PWD/$model
  end
  set -l folder FOLDER
  test -n "$MINDSEYE_CACHE"; and set folder $MINDSEYE_CACHE
  set -l file $folder/layers/(string replace -ra -- '[^A-Za-z0-9._-]' _ $model)
  set -l list (string match -r -- '^.*,' (commandline -ct | string replace -r -- '^--[a-z-]+=' ''))
  test -f $file; and string replace -r -- '^' "$list" < $file
end
function _mindseye_layers
  _mindseye_layer
  set -l list (string match -r -- '^.*,' (commandline -ct | string replace -r -- '^--[a-z-]+=' ''))
  echo "$list"auto
end
""",
}
