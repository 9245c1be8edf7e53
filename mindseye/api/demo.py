"""The main job on what comes along: a bundled network, and crops of photos that two libraries install with themselves."""

from importlib import import_module
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from mindseye.api.visualize import visualize
from mindseye.errors import UserError
from mindseye.report.notebook import Run
from mindseye.report.progress import Progress, Report
from mindseye.runs.files import write_bytes
from mindseye.wording import install_command

MODEL = "efficientnet_lite0"
LAYERS = ("blocks.2.1", "blocks.4.2", "blocks.5.3", "bn2")
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


def demo(
    out: str | Path = "runs/demo",
    steps: int = STEPS,
    force: bool = False,
    quiet: bool = False,
    progress: Report = None,
    command: str = "mindseye demo",
) -> Run:
    """Paint the facets of eight photos, each cropped at many places and scales, on EfficientNet-Lite0.

    Nothing is fetched. A facet per photo is what the network should find; the crops of one photo share what it shows,
    so these facets say less about the network than those of a folder of many photos would.

    Args:
        out: the run folder, with the photos in it.
        steps: of each picture.
        force: start anew.
        quiet: say nothing.
        progress: None, True, or a function that is told how far it is.
        command: as run.json notes it.

    Raises:
        UserError: if the packages of the extra ``[demo]`` are missing.
    """
    photos = Path(out) / "photos"
    told = Progress.of(progress, quiet=quiet)
    told.say(f"{len(PHOTOS)} photos, each seen {CROPS} times (crops at many places and scales):")
    for name, (library, file, licence) in PHOTOS.items():
        told.say(f"  {name:<11} {file} of {library} ({licence})")
    write_crops(photos)
    return visualize(
        photos,
        MODEL,
        LAYERS,
        facets=len(PHOTOS),
        out=out,
        steps=steps,
        recursive=True,
        force=force,
        quiet=quiet,
        progress=progress,
        command=command,
    )


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
