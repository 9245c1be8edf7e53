"""The benchmarks are run by hand, and seldom: what they import must at least exist. None of them is run here."""

import ast
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "benchmarks"
FILES = [*sorted(FOLDER.glob("*.py")), *sorted(FOLDER.glob("*/*.py"))]


def own_file(module):
    """The file of a module of the benchmarks' own, None for any other."""
    path = FOLDER.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def defined_in(file):
    """The names that a file defines at its top level, with the modules beside it if it is that of a package."""
    names = {path.stem for path in file.parent.glob("*.py")} if file.name == "__init__.py" else set()
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    return names


def exists(module, name=None):
    """Whether there is such a module, of mindseye or of the benchmarks, and such a name in it."""
    file = own_file(module)
    if file is not None:
        return name is None or name in defined_in(file)
    try:
        found = import_module(module)
        return name is None or hasattr(found, name) or find_spec(f"{module}.{name}") is not None
    except ModuleNotFoundError:  # such a module is not there, or one that is holds no others
        return False


def used_by(file):
    """What a file has of mindseye and of the other benchmarks, wherever in it: pairs of a module and a name or None."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno} is relative to a package, and a script is in none"
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "mindseye":
            yield "mindseye", node.attr


def is_ours(module):
    return module.partition(".")[0] == "mindseye" or own_file(module.partition(".")[0]) is not None


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(FOLDER).as_posix())
def test_what_a_benchmark_imports_exists(file):
    missing = [".".join(filter(None, pair)) for pair in used_by(file) if is_ours(pair[0]) and not exists(*pair)]
    assert not missing


def test_what_does_not_exist_is_told():
    assert exists("mindseye.measure.judge", "make_judge")
    assert exists("mindseye.workflows", "batch")
    assert exists("sidebyside", "setting")
    assert exists("sidebyside.setting", "YARDSTICK")
    assert not exists("mindseye.measure.judge", "no_such_name")
    assert not exists("mindseye.no_such_module", "name")
    assert not exists("sidebyside.setting", "no_such_name")
