"""The rooms: imports run one way."""

import ast
from pathlib import Path

import pytest

import mindseye

ROOMS = [
    "errors",
    "runtime",
    "labels",
    "preprocessing",
    "user_code",
    "models",
    "layers",
    "photos",
    "store",
    "facets",
    "optimize",
    "measure",
    "attribution",
    "runs",
    "report",
    "workflows",
    "api",
    "cli",
]
SOURCES = sorted(path for path in Path(mindseye.__file__).parent.rglob("*.py") if path.name != "__init__.py")


def room(parts):
    return parts[1] if len(parts) > 1 else None


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_room_imports_only_from_those_before_it(path):
    """No module imports from a room behind its own."""
    own = path.relative_to(Path(mindseye.__file__).parent).with_suffix("").parts[0]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            parts = name.split(".")
            if parts[0] == "mindseye" and room(parts):
                assert ROOMS.index(room(parts)) <= ROOMS.index(own), f"{path.name} imports {name}"
