"""A run's folder and its page as files, read back."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from mindseye.runs.folder import RunFolder
from mindseye.runs.schema import Manifest


def manifest_in(folder: Path) -> Manifest:
    return RunFolder(folder).read()


def content_in(path: Path) -> dict[str, Any]:
    """What the page's script reads."""
    text = path.read_text("utf-8")
    (data,) = re.findall(r'<script type="application/json" id="content">(.*?)</script>', text, re.DOTALL)
    loaded: dict[str, Any] = json.loads(data, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    return loaded
