"""What tests of batches and atlases share: the photos of a class, and work in a process that is to be killed."""

import multiprocessing

import numpy as np
from PIL import Image


def draw_class(folder, kind, count=8):
    """Photos of stripes whose colour and width tell the class."""
    draw = np.random.default_rng(kind)
    folder.mkdir(parents=True)
    for number in range(count):
        noise = draw.integers(0, 60, (40, 40, 3))
        noise[..., kind % 3] += (np.arange(40)[:, None] // (3 + number % 2 * 3) % 2 * 120).astype(int)
        Image.fromarray(noise.astype(np.uint8)).save(folder / f"{number:02d}.png")


def forked(work, *arguments, **named):
    """Begin some work in a process that is quick to begin, to be killed.

    Where torch.compile has made code before, such a process hangs: its tests are marked slow, and those that fork are not.
    """
    process = multiprocessing.get_context("fork").Process(target=work, args=arguments, kwargs=named)
    process.start()
    return process
