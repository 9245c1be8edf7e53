"""Where in photos a class, a unit or a facet is: ``mindseye.explain("photo.jpg", model=..., method="lrp")``."""

from collections.abc import Sequence
from typing import Unpack

from mindseye.photos.photo_set import Source
from mindseye.workflows.explanation.request import ExplainOptions, explain_request, run_explanation
from mindseye.workflows.explanation.result import Explanations
from mindseye.workflows.explanation.target import TOP
from mindseye.workflows.request import ModelSource, takes


@takes(ExplainOptions)
def explain(
    photos: Source,
    model: ModelSource | Sequence[ModelSource] | None = None,
    *,
    method: str | Sequence[str] = "grad-cam",
    target: str = TOP,
    check: bool = False,
    **options: Unpack[ExplainOptions],
) -> Explanations:
    """Show which parts of photos speak for a class, a unit, or a facet of a run.

    Args:
        photos: a file, a folder, a list of both, or a list of arrays, as ``visualize`` takes them.
        model: one network or several, as ``visualize`` takes them; by default resnet50, for a facet the run's own.
        method: names, with commas between or as a list, or ``"all"`` for those that the network allows: occlusion,
            perturbation, saliency, integrated-gradients, backprop, deconvnet, guided-backprop, lrp, cam, grad-cam.
        target: ``"top"``, the class that the network puts first; ``"class:zebra"``; a unit, ``"layer:11"`` or
            ``"layer:11@4,7"``; ``"facet:RUN/2"``, of a run that ``visualize`` has left.
        check: also take deletion and insertion curves, and see whether maps change as the network forgets.
        **options: weights, checkpoint (for a single network), device, seed, out, force, progress, quiet, as ``visualize``
            takes them; the folder is ``runs/explain-PHOTO-MODEL`` by default. size: side in px of what the networks see;
            by default each network's own, for a facet the run's. recursive: take sub-folders of folders. batch_size: photos
            at once. box, stride: of occlusion, in px, one number or (height, width). fill: what hides in occlusion and
            perturbation. baseline: of integrated gradients. steps: of perturbation and integrated gradients. game: of
            perturbation. rule, epsilon, gamma: of LRP. cam_layer: Grad-CAM's. See
            ``mindseye.attribution.methods.Settings``.

    Returns:
        The maps, in the folder as ``NAME.METHOD.npy``, ``NAME.METHOD.png`` and ``NAME.METHOD.overlay.png``, and one
        ``NAME.figure.png`` per photo; of several networks, the maps stand in a folder each. ``run.json`` has the numbers.

    Raises:
        UserError: for anything that the caller can mend, in one line; a method that a network does not allow, before any
            work, unless ``"all"`` were asked for.
    """
    return run_explanation(explain_request(photos, model, method, target, check, options))
