"""Whether other networks name what one paints: ``mindseye.transfer("resnet50", judge="vit_b_16")``."""

import os
from collections.abc import Sequence
from typing import Unpack

from mindseye.arguments import check_count
from mindseye.errors import UserError
from mindseye.optimize.transforms.augmentations import ALL
from mindseye.photos.class_list import DEFAULT, read_classes
from mindseye.workflows.evaluation.panel import Network
from mindseye.workflows.request import Request, RunOptions, takes
from mindseye.workflows.transfer.flow import TransferRequest, check_recipe, conditions_of, run_transfer
from mindseye.workflows.transfer.networks import load_networks
from mindseye.workflows.transfer.result import Transfer

RECIPE = "class"
BATCH = 10


@takes(RunOptions)
def transfer(
    painter: Network = "resnet50",
    judge: Network | Sequence[Network] = (),
    *,
    classes: str | os.PathLike[str] | Sequence[str] = DEFAULT,
    both: bool = False,
    augmentation: str = ALL,
    compare: bool = False,
    paintings: int = 3,
    copies: int = 10,
    **options: Unpack[RunOptions],
) -> Transfer:
    """Paint classes with one network and let others name the pictures: accuracies, confusions, and what failed.

    The experiment of Erkan. Each class is painted several times, from random numbers of its own. Of each painting come
    ``copies`` images: the first is the picture as painted, the others are the picture under fresh random draws of the six
    augmentations that the recipe has (random resized crop, horizontal flip, rotation, perspective, Gaussian blur, random
    greyscale), whichever of them it was painted under, and in the same draws. So the images number classes x paintings x
    copies, 10 x 3 x 10 = 300 by default, and an image counts as right where a label of its class is the judge's likeliest
    (top-1), or among the five likeliest (top-5). Every network sees the images resized to its own side. A class of several
    labels is painted by the sum of their logits.

    Args:
        painter: a network, by name or as a module; its class names must know the classes.
        judge: one that names the pictures, or several; likewise.
        classes: a text file with a class per line (see ``read_classes``), its lines, or the bundled list ``erkan``.
        both: also the reverse: each judge paints, and the painter judges.
        augmentation: which augmentations the painting uses: ``all`` that the recipe has, ``none``, or one by its name (crop,
            flip, rotate, perspective, blur, greyscale).
        compare: paint without augmentation besides.
        paintings: of each class.
        copies: images of each painting, 1 for the picture alone.
        **options: as ``visualize`` takes them, but for weights and checkpoints and those about facets and judges. The recipe is
            ``class`` by default; ``batch_size`` is 10. The folder, ``out``, is ``runs/transfer-PAINTER`` by default. What is
            done is not done again, and an interrupted transfer continues; a further judge, condition or direction adds to it;
            ``force`` starts anew.

    Returns:
        The transfer. Its folder holds a run per painter and condition, ``transfer.json``, ``table.md`` and ``figures``.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    for name in ("weights", "checkpoint"):
        if options.get(name) is not None:
            raise UserError(f"{name} go with a single network, not with those of a transfer: leave them out")
    run = Request.of("transfer", RunOptions(**{"batch_size": BATCH} | options), default=RECIPE)
    check_count("paintings", paintings, least=1)
    check_count("copies", copies, least=1)
    check_recipe(run.recipe, copies)
    request = TransferRequest(
        run=run,
        classes=read_classes(classes),
        paintings=paintings,
        copies=copies,
        both=both,
        conditions=conditions_of(run.recipe, augmentation, compare),
    )
    return run_transfer(request, load_networks(painter, judge, request.classes))
