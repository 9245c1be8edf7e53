"""Photos of two kinds."""

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def photos(tmp_path):
    """Two kinds of photos, reddish stripes and bluish blobs."""
    folder = tmp_path / "photos"
    folder.mkdir()
    draw = np.random.default_rng(0)
    for number in range(24):
        noise = draw.integers(0, 60, (48, 40, 3))
        kind = number % 2
        noise[..., 0 if kind else 2] += (
            np.arange(48)[:, None] // 6 % 2 * 120 if kind else draw.integers(0, 2) * 120
        ).astype(int)
        Image.fromarray(noise.astype(np.uint8)).save(folder / f"{number:02d}.png")
    return folder
