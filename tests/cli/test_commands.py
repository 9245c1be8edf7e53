"""The command line: commands end to end, exit codes, one line per mistake, and the same words as in Python."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import mindseye
from mindseye.cli import main

NETWORK = """
import torch

def build():
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 6, 3, stride=2), torch.nn.ReLU(), torch.nn.Conv2d(6, 8, 3, stride=2), torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(8, 3),
    )
"""

OWN = """
from mindseye.optimize.regularizers.regularizer import Regularizer

class Interrupt(Regularizer):
    def change_gradient(self, gradient, step, progress):
        raise KeyboardInterrupt

class SpoilFirst(Regularizer):
    def change_gradient(self, gradient, step, progress):
        gradient = gradient.clone()
        gradient[0] = float("inf")
        return gradient
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with a network of one input channel and some photos in two sub-folders."""
    (tmp_path / "net.py").write_text(NETWORK)
    draw = np.random.default_rng(0)
    for number in range(16):
        folder = tmp_path / "photos" / ("light", "dark")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        pixels = draw.integers(0, 120, (40, 40, 3)) + (100 if number % 2 == 0 else 0)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


VISUALIZE = [
    "visualize",
    "photos",
    "--recursive",
    "--model",
    "net.py:build",
    "--facets",
    "2",
    "--steps",
    "3",
    "--size",
    "32",
]


def test_visualize_end_to_end(place, capsys):
    """The user's own network of one input channel, labels from sub-folders, the default folder's name, and 0 as the code."""
    assert main([*VISUALIZE, "--layers", "0,3", "--set", "noise=0.1"]) == 0
    (run,) = (place / "runs").iterdir()
    assert run.name.startswith("photos-net")
    assert (run / "figures" / "depth.png").is_file()
    said = capsys.readouterr().err
    assert "done" in said
    assert said.splitlines()[-3:] == [
        "2 facets of 16 photos, 4 pictures; not judged yet",
        f"  mindseye open runs/{run.name}",
        f"  mindseye evaluate runs/{run.name} --judge vit_b_16",
    ]
    assert main([*VISUALIZE, "--layers", "0,3", "--set", "noise=0.1"]) == 0
    assert "finished already" in capsys.readouterr().err


def test_quiet_says_nothing(place, capsys):
    """--quiet leaves both streams empty."""
    assert main([*VISUALIZE, "--quiet", "--out", "run"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.slow
def test_no_line_is_printed_twice(place):
    """When the output is no terminal, every line comes once."""
    command = [sys.executable, "-m", "mindseye.cli", *VISUALIZE, "--out", "run"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stderr.splitlines()
    assert len(lines) == len(set(lines)) > 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["visualize", "nowhere", "--model", "net.py:build"], "nowhere"),
        ([*VISUALIZE, "--layer", "convolution"], "no layer 'convolution'"),
        ([*VISUALIZE, "--recipe", "papre"], "paper"),
        ([*VISUALIZE, "--set", "stepz=3"], "steps"),
        ([*VISUALIZE, "--channels", "99"], "0-7"),
        ([*VISUALIZE, "--device", "cuda:99"], "cuda:99"),
        (["visualize", "photos/dark", "--model", "resnet51"], "resnet50"),
        (["visualize", "photos/dark", "--model", "net.py:nothing"], "nothing"),
        (["layers", "resnet50", "--weights", "NONSENSE"], "NONSENSE"),
        (["recipe", "nonsense"], "paper"),
    ],
)
def test_a_mistake_is_one_line_and_code_2(place, capsys, words, told):
    """What is wrong is named, on one line of the error stream, without a traceback."""
    assert main(words) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len([line for line in said if line.startswith("mindseye: ")]) == 1
    assert told in said[-1]


@pytest.mark.parametrize(
    "words",
    [["visualise"], ["visualize"], ["visualize", "photos", "--facets", "0"], ["visualize", "photos", "--steps", "x"]],
)
def test_unreadable_words_are_one_line_and_code_2(capsys, words):
    """What the parser itself refuses is told in the same way."""
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_interruption_is_code_130(place, capsys):
    """Ctrl-C tells how to go on."""
    (place / "own.py").write_text(OWN)
    assert main([*VISUALIZE, "--set", 'regularizers=["own.py:Interrupt"]', "--out", "run"]) == 130
    assert "same command continues" in capsys.readouterr().err


def test_part_of_a_run_is_code_3(place, capsys):
    """A facet that fails is named with its reason."""
    (place / "own.py").write_text(OWN)
    assert main([*VISUALIZE, "--set", 'regularizers=["own.py:SpoilFirst"]', "--out", "run"]) == 3
    assert "facet 0" in capsys.readouterr().err


def test_layers_lists_what_fires(place, capsys):
    """Addresses with shape and channels, filtered by text."""
    assert main(["layers", "net.py:build", "--size", "32", "--filter", "conv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "6 x 15 x 15" in lines[1]
    assert "8 x 7 x 7" in lines[2]
    assert float(lines[1].split()[-1].rstrip("%")) < float(lines[2].split()[-1].rstrip("%")) < 100


def test_recipes_are_listed_and_printed(capsys):
    """The list names every recipe; one of them prints as TOML that can be read back."""
    import tomllib

    assert main(["recipe"]) == 0
    assert {"distribution", "paper", "reference"} <= {line.split()[0] for line in capsys.readouterr().out.splitlines()}
    assert main(["recipe", "paper"]) == 0
    assert tomllib.loads(capsys.readouterr().out)["weighting"] == "paper"


def test_a_recipe_of_one_s_own_is_checked_and_printed(tmp_path, capsys):
    """With what it is based on, before any network is loaded; a mistake is a line."""
    mine = tmp_path / "mine.toml"
    mine.write_text('base = "paper"\nstep = 5\n')
    assert main(["recipe", str(mine)]) == 2
    assert "a recipe has no 'step'; did you mean 'steps'" in capsys.readouterr().err
    mine.write_text('base = "paper"\nsteps = 5\n')
    assert main(["recipe", str(mine)]) == 0
    assert capsys.readouterr().out == mine.read_text()


def test_the_package_runs_as_the_command_does():
    """For environments whose scripts are not on the path."""
    ended = subprocess.run([sys.executable, "-m", "mindseye", "--version"], capture_output=True, text=True, check=True)
    assert ended.stdout == f"mindseye {mindseye.__version__}\n"
