"""The command line: help that teaches, exit codes, one line per mistake, and the same words as in Python."""

import io
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from mindseye import __version__
from mindseye.cli import main, share_cores
from mindseye.cli.main import build_parser
from mindseye.wording import install_command

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


@pytest.mark.parametrize(
    "command", [[], ["visualize"], ["examples"], ["explain"], ["evaluate"], ["film"], ["layers"], ["recipe"], ["demo"]]
)
def test_help_teaches(command, capsys):
    """Every command has help; those with arguments give examples."""
    with pytest.raises(SystemExit) as stop:
        main([*command, "--help"])
    assert stop.value.code == 0
    said = capsys.readouterr().out
    assert "usage" in said
    assert command == ["demo"] or "examples" in said


@pytest.mark.parametrize("words", [[], ["help"]])
def test_no_arguments_are_the_help_in_groups(capsys, words):
    """The same as --help, with every command under one heading, and no failure."""
    assert main(words) == 0
    said = capsys.readouterr()
    with pytest.raises(SystemExit):
        main(["--help"])
    assert said == capsys.readouterr()
    headings = [line for line in said.out.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert headings == [
        *(f"{name}:" for name in ("paint", "look", "judge", "run many", "see", "besides", "options")),
        "examples:",
    ]
    for name in build_parser().commands:
        assert len([line for line in said.out.splitlines() if line.startswith(f"  {name} ")]) == 1


@pytest.mark.parametrize("columns", [60, 100, 300])
def test_the_columns_of_help_hold(capsys, monkeypatch, columns):
    """What a command does stays in its column on a narrow terminal, and is not too long to read on a wide one."""
    monkeypatch.setenv("COLUMNS", str(columns))
    main([])
    groups = capsys.readouterr().out.partition("examples:")[0].splitlines()[4:]
    assert max(map(len, groups)) <= min(columns, 120)
    assert all(line[16:17].strip() and not line[15:16].strip() for line in groups if line.startswith("  "))


def test_help_of_a_command(capsys):
    """As its --help."""
    assert main(["help", "visualize"]) == 0
    said = capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["visualize", "--help"])
    assert said == capsys.readouterr().out
    assert "--facets" in said


def test_the_version(capsys):
    """-V and --version."""
    for word in ("-V", "--version"):
        with pytest.raises(SystemExit) as stop:
            main([word])
        assert stop.value.code == 0
        assert capsys.readouterr().out == f"mindseye {__version__}\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["visualise", "photos"], "mindseye: no command 'visualise'; did you mean 'visualize'?"),
        (["xyz"], "mindseye: no command 'xyz' (see"),
        (["--versoin"], "mindseye: no option '--versoin'; did you mean '--version'?"),
        (["visualize", "--facest", "3"], "mindseye visualize: no option '--facest'; did you mean '--facets'?"),
        (["evaluate", "run", "--jugde=vit"], "mindseye evaluate: no option '--jugde'; did you mean '--judge'?"),
    ],
)
def test_a_mistyped_command_or_option_is_answered_with_the_near_ones(capsys, words, told):
    """Before anything that is missing is asked for; what is like nothing is only named."""
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    said = capsys.readouterr()
    assert said.err.startswith(told)
    assert said.out == ""


def test_help_of_no_command_and_a_recipe_that_there_is_not(capsys):
    """The same question, from the commands themselves."""
    assert main(["help", "visualise"]) == 2
    assert capsys.readouterr().err == "mindseye: no command 'visualise'; did you mean 'visualize'?\n"
    assert main(["recipe", "papre"]) == 2
    assert "no recipe 'papre'; did you mean 'paper'? there are: " in capsys.readouterr().err


def test_the_begin_of_an_option_is_still_the_option():
    """As argparse has it, and words behind ``--`` are no options."""
    parser = build_parser()
    parser.check(["visualize", "photos", "--facet", "3"])
    parser.check(["visualize", "--", "--facest"])


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("variable", "value", "is_coloured"), [("NO_COLOR", "1", False), ("TERM", "dumb", False), ("TERM", "xterm", True)]
)
def test_colour_only_where_a_terminal_shows_it(monkeypatch, variable, value, is_coloured):
    """Help and mistakes; none in a pipe, and none where the user wants none."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(variable, value)
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(sys, stream, Terminal())
    main([])
    main(["recipe", "nonsense"])
    with pytest.raises(SystemExit):
        main(["visualise"])
    assert ("\x1b[" in sys.stdout.getvalue()) == is_coloured
    assert sys.stderr.getvalue().count("\x1b[1;31mmindseye:\x1b[0m") == 2 * is_coloured
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    main([])
    assert "\x1b[" not in sys.stdout.getvalue()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_every_command(capsys, shell):
    """The script names each command and its options; bash, where it is there, takes it and completes with it."""
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
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
def test_names_are_completed(capsys, tmp_path, words, completed):
    """Of networks, recipes and figures, wherever one is asked for."""
    main(["completion", "bash"])
    script = capsys.readouterr().out
    *_, last = words.split()
    ask = (
        f"COMP_WORDS=(mindseye {words}); COMP_CWORD={len(words.split())}; "
        f"_shtab_mindseye mindseye {last} x; echo ${{COMPREPLY[@]}}"
    )
    done = subprocess.run(["bash", "-c", f"{script}\n{ask}"], capture_output=True, text=True, cwd=tmp_path)
    assert (set(done.stdout.split()), done.stderr) == (completed, "")


def test_completion_without_shtab_says_how_to_have_it(capsys, monkeypatch):
    """In a line."""
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 2
    assert capsys.readouterr().err == f"mindseye: the script is made by shtab: {install_command('completion')}\n"


def test_help_does_not_load_torch():
    """--help answers at once: nothing heavy is imported."""
    code = (
        "import sys, mindseye.cli\ntry: mindseye.cli.main(['--help'])\nexcept SystemExit: print('torch' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip().endswith("False")


def test_the_first_line_comes_before_torch_does():
    """Importing it takes seconds, in which a user would look at nothing."""
    program = (
        "import sys\n"
        "class Told:\n"
        "    def write(self, text): print('torch' in sys.modules, repr(text), file=sys.stdout)\n"
        "    def flush(self): pass\n"
        "import mindseye.cli\n"
        "sys.stderr = Told()\n"
        "mindseye.cli.main(['visualize', 'nowhere', '--model', 'some-network'])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0] == "False 'loading some-network'"


def test_a_run_of_facets_imports_no_more_than_it_needs():
    """Each takes half a second of a processor or more, and is imported where it is used."""
    program = (
        "import sys, mindseye; mindseye.visualize, mindseye.Session\n"
        "sys.exit(' '.join({'torchvision', 'scipy', 'sklearn', 'matplotlib', 'pandas', 'timm'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr.strip() == ""


@pytest.mark.parametrize("given", [{}, {"GOMP_SPINCOUNT": "5"}, {"OMP_WAIT_POLICY": "ACTIVE"}])
def test_threads_are_told_to_wait_asleep_unless_the_user_said_how(given, monkeypatch):
    """What the user has set is never replaced."""
    monkeypatch.setattr("os.environ", dict(given))
    share_cores()
    assert os.environ == (given or {"GOMP_SPINCOUNT": "1000"})


def test_torch_is_not_imported_before_threads_are_told_how_to_wait():
    """Words are read without torch: OpenMP looks at its settings only while it is being loaded."""
    program = "import sys; from mindseye.cli.main import build_parser; build_parser(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
