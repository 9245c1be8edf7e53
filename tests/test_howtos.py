"""The how-tos for parts of one's own: their code runs as it stands, and so do their commands."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

DOCS = Path(__file__).parent.parent / "docs"
PAGES = sorted(DOCS.glob("own-*.md"))


def parts_of(page):
    """Files of the page by name, and its programs and commands in their order."""
    files, steps = {}, []
    text = page.read_text("utf-8")
    for block in re.finditer(r"^```python\n(.*?)^```|^ {4}(mindseye [^\n]*)", text, re.MULTILINE | re.DOTALL):
        code, command = block.groups()
        named = re.match(r"# (\w+\.py)\n", code or "")
        if named:
            files[named[1]] = code
        else:
            steps.append(
                [sys.executable, "-c", code]
                if code
                else [sys.executable, "-m", "mindseye.cli", *shlex.split(command)[1:]]
            )
    return files, steps


@pytest.mark.howto
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_the_page_says_works_at_first_try(page, tmp_path):
    """Each program and command, in a folder that holds the page's files, some photos and nothing else."""
    files, steps = parts_of(page)
    for name, code in files.items():
        (tmp_path / name).write_text(code)
    draw = np.random.default_rng(0)
    for folder in ("photos", "classes/ant", "classes/bee"):
        (tmp_path / folder).mkdir(parents=True)
        for number in range(4):
            Image.fromarray(draw.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(
                tmp_path / folder / f"{number}.png"
            )
    environment = os.environ | {"MINDSEYE_CACHE": str(tmp_path / "cache"), "PYTHONPATH": os.pathsep.join(sys.path)}
    assert steps
    for step in steps:
        if "net.safetensors" in step:
            continue  # the page's reader has trained weights
        done = subprocess.run(step, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
