"""Parts of the user's own: found by name, named so that they are found again, and their mistakes told in one line."""

import dataclasses
import sys

import pytest

from mindseye.errors import UserError
from mindseye.user_code import is_user_code, load_object, make_object, name_object, whole_path

PARTS = """
import dataclasses
from beside import SHARE

class Base: pass

@dataclasses.dataclass
class Cutout(Base):
    share: float = SHARE
    word: str = "a:b"

class Kept(Base):
    def __init__(self, size, big=(1, 2), other=None):
        self._size, self.big, self.other = size, big, object()

ready = Cutout(0.9)
def factory(): return Cutout(0.1)
def sized(size): return Cutout(size)
number = 3
class Fails:
    def __init__(self): raise ValueError("no such\\nluck")
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "beside.py").write_text("SHARE = 0.25\n")
    (tmp_path / "parts.py").write_text(PARTS)
    return tmp_path / "parts.py"


def test_a_name_stands_for_what_the_file_has(file):
    """Class, object and function; what lies beside the file is imported, and nothing is left on the path."""
    paths = list(sys.path)
    assert load_object(f"{file}:Cutout")().share == 0.25
    assert load_object(f"{file}:ready").share == 0.9
    assert load_object(f"{file}:Cutout(share=0.5, word='x:y(z)')").word == "x:y(z)"
    assert load_object(f"{file}:sized(size=0.5)").share == 0.5
    assert load_object("math:pi") > 3
    assert sys.path == paths


def test_a_file_is_run_once_until_it_changes(file):
    """One class for all who name it, another once the file is another; anew where that is asked for."""
    first = load_object(f"{file}:Cutout")
    assert load_object(f"{file.parent}/./parts.py:Cutout") is first
    assert load_object(f"{file}:Cutout", fresh=True) is not first
    file.write_text(PARTS + "\nclass More(Base): pass\n")
    assert isinstance(load_object(f"{file}:More")(), load_object(f"{file}:Base"))


def test_two_files_of_one_name_are_two_modules(file):
    """Each part stays in its own module, where pickle and dataclasses look it up."""
    (file.parent / "other").mkdir()
    other = file.parent / "other" / "parts.py"
    other.write_text("class Cutout: pass\n")
    first, second = load_object(f"{file}:Cutout"), load_object(f"{other}:Cutout")
    assert first.__module__ != second.__module__
    assert sys.modules[first.__module__].Cutout is first
    assert dataclasses.is_dataclass(first)


def test_what_is_named_is_found_again(file):
    """Classes, functions, objects of a module, and others by the settings that are plain values."""
    cutout, kept = load_object(f"{file}:Cutout"), load_object(f"{file}:Kept")
    assert name_object(cutout) == f"{file}:Cutout"
    assert name_object(load_object(f"{file}:factory")) == f"{file}:factory"
    assert name_object(load_object(f"{file}:ready")) == f"{file}:ready"
    assert name_object(cutout()) == f"{file}:Cutout"
    name = name_object(cutout(0.5, "c:d"))
    assert name == f"{file}:Cutout(share=0.5, word='c:d')"
    assert load_object(name) == cutout(0.5, "c:d")
    assert name_object(kept(7)) == f"{file}:Kept(size=7)"  # under another name, a default, and what is no plain value
    assert name_object(pytest.Item) == "_pytest.nodes:Item"


def test_an_object_from_whatever_makes_it(file):
    """The object, its class, a function that makes it, and the names of all three."""
    base, cutout = load_object(f"{file}:Base"), load_object(f"{file}:Cutout")
    ready = cutout(0.7)
    assert make_object(ready, base, "part") is ready
    for given in (cutout, f"{file}:Cutout", f"{file}:factory", f"{file}:ready", f"{file}:Cutout(share=1)"):
        assert isinstance(make_object(given, base, "part"), cutout)


def test_paths_become_whole(file, monkeypatch):
    """Of a file alone, whatever is said behind it."""
    monkeypatch.chdir(file.parent)
    assert whole_path("parts.py:Cutout(word='a:b')") == f"{file}:Cutout(word='a:b')"
    assert whole_path("package.module:Cutout") == "package.module:Cutout"
    assert whole_path("fourier") == "fourier"
    assert [is_user_code(word) for word in ("parts.py", "parts:Cutout", "fourier")] == [True, True, False]


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("{}", "names no NAME; write path/to/file.py:NAME"),
        ("{}:Cutuot", "has no 'Cutuot'; did you mean 'Cutout'"),
        ("missing.py:Cutout", "no file 'missing.py'"),
        ("no_such_module:Cutout", "fails with ModuleNotFoundError"),
        ("{}:Cutout(0.3)", r"plain values by keyword, such as Cutout\(share=0.3\)"),
        ("{}:Cutout(share=open)", "plain values by keyword"),
        ("{}:Cutout(share", "names no NAME"),
        ("{}:Cutout(size=3)", "fails with TypeError.*size"),
        ("{}:Fails", r"fails with ValueError: no such \(parts.py, line 21\)"),
        ("{}:Kept", "fails with TypeError"),
        ("{}:number", "part .* gives no Base but a int"),
    ],
)
def test_mistakes_are_told_in_one_line(file, spec, told):
    """The part is named, and where its own code failed."""
    base = load_object(f"{file}:Base")
    with pytest.raises(UserError, match=told) as raised:
        make_object(spec.format(file), base, "part")
    assert "\n" not in str(raised.value)
