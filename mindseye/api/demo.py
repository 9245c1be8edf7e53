"""The main job on what comes along: bundled networks, and crops of photos that two libraries install with themselves."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import overload

import numpy as np
from PIL import Image

from mindseye.api.report import Report, write_report
from mindseye.api.visualize import visualize
from mindseye.arguments import as_list, check_words
from mindseye.errors import UserError
from mindseye.models.load import load_model
from mindseye.report.card import INDEX
from mindseye.report.notebook import Run
from mindseye.report.progress import Progress
from mindseye.report.progress import Report as ProgressOption
from mindseye.runs.files import write_bytes
from mindseye.runs.folder import file_name
from mindseye.wording import install_command

MODEL = "efficientnet_lite0"
LAYERS = ("blocks.2.1", "blocks.4.2", "blocks.5.3", "bn2")
OUT, NETWORKS_OUT = "runs/demo", "runs/networks"
CROPS = 20
STEPS = 100
SIDE = 256
SMALLEST, LARGEST = 0.45, 0.95

# What a photo shows: the library that it comes with, its file there, and its licence as that library states it.
PHOTOS = {
    "astronaut": ("scikit-image", "astronaut.png", "NASA, public domain"),
    "cat": ("scikit-image", "chelsea.png", "Stefan van der Walt, CC0"),
    "coffee": ("scikit-image", "coffee.png", "Rachel Michetti, CC0"),
    "rocket": ("scikit-image", "rocket.jpg", "SpaceX, CC0"),
    "motorcycle": ("scikit-image", "motorcycle_left.png", "Middlebury stereo benchmark (Scharstein et al. 2014)"),
    "galaxies": ("scikit-image", "hubble_deep_field.jpg", "NASA, public domain"),
    "pagoda": ("scikit-learn", "china.jpg", "danielbuechele on Flickr, CC BY 2.0"),
    "flower": ("scikit-learn", "flower.jpg", "vultilion on Flickr, CC BY 2.0"),
}


@overload
def demo(
    out: str | Path | None = None,
    steps: int | None = None,
    force: bool = False,
    quiet: bool = False,
    progress: ProgressOption = None,
    command: str = "mindseye demo",
    models: None = None,
) -> Run: ...


@overload
def demo(
    out: str | Path | None = None,
    steps: int | None = None,
    force: bool = False,
    quiet: bool = False,
    progress: ProgressOption = None,
    command: str = "mindseye demo",
    *,
    models: str | Sequence[str],
) -> Report: ...


def demo(
    out: str | Path | None = None,
    steps: int | None = None,
    force: bool = False,
    quiet: bool = False,
    progress: ProgressOption = None,
    command: str = "mindseye demo",
    models: str | Sequence[str] | None = None,
) -> Run | Report:
    """Paint the facets of eight photos, each cropped at many places and scales, on EfficientNet-Lite0 or on other networks.

    Nothing is fetched, unless a network of ``models`` is to come from the internet. A facet per photo is what a network
    should find; the crops of one photo share what it shows, so these facets say less about the network than those of a
    folder of many photos would.

    Args:
        out: the run folder, with the photos in it, by default ``runs/demo``; with ``models`` the folder of their runs and of
            the photos, by default ``runs/networks``.
        steps: of each picture; by default 100 for the four layers of one network, and the recipe's with ``models``.
        force: start anew.
        quiet: say nothing.
        progress: None, True, or a function that is told how far it is.
        command: as run.json notes it.
        models: names of networks, or one, to be painted side by side, each at its default layer, into a run
            folder of its name. One that is named twice is painted once.

    Returns:
        The run; with ``models`` the page over their runs, and ``figure``, which shows a row per network.

    Raises:
        UserError: if the packages of the extra ``[demo]`` are missing, or a network cannot be had.
    """
    names = check_models(models)
    folder = Path(out) if out is not None else Path(NETWORKS_OUT if names else OUT)
    told = Progress.of(progress, quiet=quiet)
    told.say(f"{len(PHOTOS)} photos, each seen {CROPS} times (crops at many places and scales):")
    for name, (library, file, licence) in PHOTOS.items():
        told.say(f"  {name:<11} {file} of {library} ({licence})")
    write_crops(folder / "photos")
    paint = partial(
        visualize,
        folder / "photos",
        facets=len(PHOTOS),
        recursive=True,
        force=force,
        quiet=quiet,
        progress=progress,
        command=command,
    )
    if not names:
        return paint(MODEL, LAYERS, out=folder, steps=STEPS if steps is None else steps)
    runs = []
    for place, name in enumerate(names, 1):
        told.say(f"network {place} of {len(names)}: {name}")
        runs.append(paint(name, out=folder / file_name(name), steps=steps))
    report = write_report(*runs, out=folder / INDEX, quiet=quiet, progress=progress)
    return replace(report, failures=[line for run in runs for line in run.failures] + report.failures)


def check_models(models: str | Sequence[str] | None) -> list[str]:
    """The networks by name, each once, all seen to open: a wrong name costs no painting. None are asked for by None.

    Raises:
        UserError: if one cannot be opened, or there is none.
    """
    if models is None:
        return []
    names = list(dict.fromkeys(as_list("models", models, str)))
    if not names or "" in names:
        raise UserError("models are the names of one network or more, such as efficientnet_lite0,efficientnet_lite1")
    for name in names:
        check_words("a model of the demo", name)
        load_model(name)
    return names


def write_crops(folder: Path) -> None:
    """Write the crops of each photo into a sub-folder of its name; the same ones every time."""
    for number, (name, (library, file, _)) in enumerate(PHOTOS.items()):
        source = _installed(library, file)
        draw = np.random.default_rng(number)
        with Image.open(source) as image:
            photo = image.convert("RGB")
        for crop in range(CROPS):
            path = folder / name / f"crop-{crop:02d}.png"
            box = _square(photo.size, draw)
            if not path.is_file():
                piece = photo.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box)
                write_bytes(path, _png(piece))


def _square(size: tuple[int, int], draw: np.random.Generator) -> tuple[float, float, float, float]:
    side = min(size) * draw.uniform(SMALLEST, LARGEST)
    left, top = draw.uniform(0, size[0] - side), draw.uniform(0, size[1] - side)
    return (left, top, left + side, top + side)


def _installed(library: str, file: str) -> Path:
    module = {"scikit-image": "skimage.data", "scikit-learn": "sklearn.datasets.images"}[library]
    try:
        folder = Path(str(import_module(module).__file__)).parent
    except ImportError as error:
        raise UserError(f"the demo needs scikit-image and scikit-learn: {install_command('demo')}") from error
    if not (folder / file).is_file():
        raise UserError(
            f"{library} did not install its photo {file}; install it anew: pip install --force-reinstall {library}"
        )
    return folder / file


def _png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
