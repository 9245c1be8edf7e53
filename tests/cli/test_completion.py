"""The scripts for shells: commands, options and names, of layers too, as the shells themselves complete them."""

import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from mindseye.cli import main
from mindseye.cli.completion import SHELLS
from mindseye.cli.layer_names import keep_names, names_file, shell_functions
from mindseye.cli.main import build_parser
from mindseye.wording import install_command


@pytest.fixture(scope="module")
def scripts():
    """What is printed for each shell."""
    printed = {}
    for shell in SHELLS:
        with redirect_stdout(StringIO()) as stream:
            assert main(["completion", shell]) == 0
        printed[shell] = stream.getvalue()
    return printed


def ask_bash(script, words, folder):
    """What bash offers behind some words, the last of them begun, and what it says."""
    listed = " ".join(f"'{word}'" for word in ("mindseye", *words))
    ask = f"COMP_WORDS=({listed}); COMP_CWORD={len(words)}; _shtab_mindseye mindseye '{words[-1]}' x; echo ${{COMPREPLY[@]}}"
    done = subprocess.run(["bash", "-c", f"{script}\n{ask}"], capture_output=True, text=True, cwd=folder)
    return set(done.stdout.split()), done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_every_command(scripts, shell):
    """The script names each command and its options; bash, where it is there, takes it and completes with it."""
    script = scripts[shell]
    assert all(name in script for name in build_parser().commands)
    assert "cluster-layer" in script
    if shell == "bash" and shutil.which("bash"):
        ask = (
            "COMP_WORDS=(mindseye visual); COMP_CWORD=1; _shtab_mindseye mindseye visual mindseye; echo ${COMPREPLY[@]}"
        )
        done = subprocess.run(["bash", "-c", f"{script}\n{ask}"], capture_output=True, text=True)
        assert (done.stdout, done.stderr) == ("visualize\n", "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (
            "visualize photos --model efficientnet_lite",
            {"efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"},
        ),
        ("layers resnet5", {"resnet50"}),
        ("transfer --judge vit_b_1", {"vit_b_16"}),
        ("paint class:zebra --recipe deepd", {"deepdream"}),
        ("recipe deepd", {"deepdream"}),
        ("visualize photos --layers au", {"auto"}),
        ("paint class:zebra --figures sv", {"svg"}),
    ],
)
def test_names_are_completed(scripts, tmp_path, words, completed):
    """Of networks, recipes and figures, wherever one is asked for."""
    script = scripts["bash"]
    assert ask_bash(script, words.split(), tmp_path) == (completed, "")


def test_completion_without_shtab_says_how_to_have_it(capsys, monkeypatch):
    """In a line."""
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 2
    assert capsys.readouterr().err == f"mindseye: the script is made by shtab: {install_command('completion')}\n"


needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
NAMES = ["stem", "stem.act", "head"]


@needs_bash
@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["visualize", "photos", "--model", "net", "--layer", "ste"], {"stem", "stem.act"}),
        (["visualize", "photos", "--model", "=", "net", "--layers", "stem,he"], {"stem,head"}),
        (["visualize", "photos", "--model", "net", "--layers", ""], {*NAMES, "auto"}),
        (["visualize", "photos", "--model", "net", "--cluster-layer", ""], set(NAMES)),
        (["explain", "a.jpg", "--model", "own.py", ":", "build", "--cam-layer", "fir"], {"first"}),
        (["atlas", "net", "photos", "--layers", "hea"], {"head"}),
        (["visualize", "photos", "--model", "other", "--layer", "ste"], set()),
        (["visualize", "photos", "--layer", "lay"], {"layer1"}),
    ],
)
def test_layers_of_the_network_on_the_line_are_completed(scripts, tmp_path, monkeypatch, words, completed):
    """Of every network whose layers were listed; in a list the last; of the default where none is named."""
    monkeypatch.chdir(tmp_path)
    keep_names("net", NAMES)
    keep_names("own.py:build", ["first"])
    keep_names("resnet50", ["layer1"])
    assert ask_bash(scripts["bash"], words, tmp_path) == (completed, "")


@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish here")
@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("visualize photos --model net --layer ste", {"stem", "stem.act"}),
        ("visualize photos --model=net --layers stem,he", {"stem,head"}),
        ("visualize photos --model net --layers au", {"auto"}),
        ("atlas net photos --layers hea", {"head"}),
    ],
)
def test_fish_completes_layers(scripts, tmp_path, monkeypatch, line, completed):
    """As bash does."""
    monkeypatch.setenv("HOME", str(tmp_path))
    keep_names("net", NAMES)
    (tmp_path / "mindseye.fish").write_text(scripts["fish"])
    ask = f"source {tmp_path}/mindseye.fish; complete -C 'mindseye {line}'"
    done = subprocess.run(["fish", "--no-config", "-c", ask], capture_output=True, text=True, cwd=tmp_path)
    assert {offer.partition("\t")[0] for offer in done.stdout.splitlines()} == completed, done.stderr


@pytest.mark.skipif(shutil.which("zsh") is None, reason="there is no zsh here")
def test_zsh_finds_the_layers(tmp_path):
    """Those of the network on the line, whose other words may be anything."""
    keep_names("timm/net", NAMES)
    ask = "_mindseye_layer_names mindseye visualize 'a b' --model timm/net --layer ''"
    done = subprocess.run(
        ["zsh", "-fc", f"{shell_functions()['zsh']}\n{ask}"], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == NAMES


def test_listing_layers_keeps_their_names(capsys, tmp_path, monkeypatch):
    """Those of the networks that come along with the script itself, so that they are there from the start."""
    monkeypatch.chdir(tmp_path)
    Path("own.py").write_text(
        "import torch\ndef build():\n    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU())\n"
    )
    assert main(["layers", "own.py:build", "--filter", "Conv"]) == 0
    assert names_file("own.py:build").read_text() == "0\n1\n"
    assert not names_file("efficientnet_lite0").exists()
    assert main(["completion", "zsh"]) == 0
    assert "blocks.2.1" in names_file("efficientnet_lite0").read_text().splitlines()


def test_layers_are_listed_where_no_names_can_be_kept(capsys, tmp_path, monkeypatch):
    """A file in the place of the folder of caches is no matter for the table."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MINDSEYE_CACHE", str(tmp_path / "file"))
    assert main(["layers", "efficientnet_lite0", "--filter", "head"]) == 0
    assert capsys.readouterr().err == ""
