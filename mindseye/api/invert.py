"""What a layer keeps of a photo: ``mindseye.invert("photo.jpg", model=..., layer=...)``."""

from collections.abc import Sequence
from typing import Unpack

from mindseye.photos.photo import Photo
from mindseye.photos.photo_set import Source
from mindseye.report.notebook import Run
from mindseye.workflows.inversion.request import RECIPE, invert_request, run_inversion
from mindseye.workflows.request import ModelSource, RunOptions, takes


@takes(RunOptions)
def invert(
    photos: Photo | Sequence[Photo],
    model: ModelSource = "resnet50",
    layer: str | Sequence[str] | None = None,
    *,
    patches: Source | None = None,
    recursive: bool = False,
    **options: Unpack[RunOptions],
) -> Run:
    """Paint, from noise, the picture whose activations at a layer are a photo's: what it loses, the layer has forgotten.

    Mahendran and Vedaldi, "Understanding Deep Image Representations by Inverting Them" (CVPR 2015).

    With ``patches`` nothing is painted: the photo is rebuilt from other photos. Every position of its map at the layer shows
    the patch, of all photos of the folder, whose position the layer takes for most alike (cosine of the channels). A patch
    is what the position sees, or three strides of the layer around its middle where it sees more; overlapping patches are
    averaged, each counting most in its middle. The photo itself is left out. Long, Zhang and Darrell, "Do Convnets Learn
    Correspondence?" (NeurIPS 2014). The picture's ``start`` is made of the same patches in random order.

    Args:
        photos: files or arrays, one or several.
        model: as ``visualize`` takes it.
        layer: one or several, or ``"auto"`` for one per stage; a picture for each
            photo and layer.
        patches: the photos whose patches are taken, a folder, paths or arrays. recursive: take its sub-folders' too.
        **options: as ``visualize`` takes them, but for those about facets and judges. The recipe, by default ``invert``,
            must show the network the whole picture: as positions count, no random views. The run folder is
            ``runs/invert-PHOTO-MODEL-LAYER`` by default.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    return run_inversion(invert_request(photos, layer, patches, recursive, options, RECIPE), model)
