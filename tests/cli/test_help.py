"""Help that teaches, answers to what is mistyped, and colour where a terminal shows it."""

import io
import sys

import pytest

from mindseye import __version__
from mindseye.cli import main
from mindseye.cli.main import build_parser


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


@pytest.mark.parametrize("words", [["--help"], ["completion", "--help"]])
def test_what_is_said_beside_examples_stands_below_them_where_there_is_no_room(capsys, monkeypatch, words):
    """So that each command stands whole on a line of its own; no word is lost."""
    said = {}
    for columns in (60, 200):
        monkeypatch.setenv("COLUMNS", str(columns))
        with pytest.raises(SystemExit):
            main(words)
        said[columns] = capsys.readouterr().out.partition("examples:")[2]
    assert said[60].split() == said[200].split()
    assert len(said[60].splitlines()) > len(said[200].splitlines())
    told = [line for line in said[60].splitlines() if line.startswith("      ")]
    assert told
    assert max(map(len, told)) <= 60


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
        (
            ["visualize", "photos", "--precision", "flaot32"],
            "mindseye visualize: argument --precision: invalid choice: 'flaot32' (choose from",
        ),
        (["completion", "bsh"], "mindseye completion: argument shell: invalid choice: 'bsh' (choose from"),
        (["demo", "photos"], "mindseye demo: one word too many: 'photos' (see mindseye demo --help)"),
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


def test_a_value_that_is_no_choice_is_answered_with_the_near_ones(capsys):
    """In the same words as commands and options; one that is like none only with the choices."""
    for value, is_near in (("flaot32", True), ("xyz", False)):
        with pytest.raises(SystemExit):
            main(["visualize", "photos", "--precision", value])
        assert ("; did you mean 'float32'" in capsys.readouterr().err) == is_near


@pytest.mark.parametrize("command", ["open", "film", "visualize"])
def test_a_mistyped_folder_is_answered_with_the_near_ones(capsys, tmp_path, monkeypatch, command):
    """That lie in the same place."""
    (tmp_path / "runs" / "ants").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert main([command, "runs/antz"]) == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith("runs/ants'?")


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


def test_photos_one_by_one_are_answered_with_their_folder(tmp_path, capsys):
    """As a shell makes them of photos/*.jpg."""
    photos = [tmp_path / "a.jpg", tmp_path / "b.jpg"]
    for photo in photos:
        photo.touch()
    with pytest.raises(SystemExit):
        main(["visualize", *map(str, photos)])
    assert "b.jpg'; photos are given as their folder, not one by one (see" in capsys.readouterr().err
