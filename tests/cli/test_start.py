"""What is loaded before anything is said, and how the threads of a process wait."""

import os
import subprocess
import sys

import pytest

from mindseye.cli import share_cores


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


def test_the_program_and_the_module_end_with_what_main_returns():
    """However quickly they end: the code, all of the output, and what is to be done at the end."""
    program = (
        "import atexit, gc, sys\n"
        "from mindseye.cli import run\n"
        "atexit.register(lambda: print(gc.get_threshold()[0] > 700, gc.get_freeze_count() > 0, 'at the end'))\n"
        "sys.argv = ['mindseye', 'recipe', sys.argv[1]]\n"
        "sys.exit(run())"
    )
    for name, code in (("paper", 0), ("papr", 2)):
        done = subprocess.run([sys.executable, "-c", program, name], capture_output=True, text=True)
        assert (done.returncode, done.stdout.splitlines()[-1]) == (code, "True True at the end")
        module = subprocess.run([sys.executable, "-m", "mindseye", "recipe", name], capture_output=True, text=True)
        assert (module.returncode, module.stdout) == (code, done.stdout.removesuffix("True True at the end\n"))
