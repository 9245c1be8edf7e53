"""Many classes as one call: ``mindseye.batch(root, model=..., layer=...)``."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

from mindseye.arguments import as_list, check_count, check_words, required_path
from mindseye.photos.class_choice import class_words, select_classes
from mindseye.photos.collection import open_collection
from mindseye.runs.folder import default_path, joined
from mindseye.workflows.batch.batch import Batch, work_on_batch
from mindseye.workflows.batch.executor import Executor
from mindseye.workflows.batch.network import check_packs
from mindseye.workflows.batch.placement import Placement, PlacementOptions, load_executor
from mindseye.workflows.batch.plan import Shard, parse_shard
from mindseye.workflows.batch.request import BatchRequest
from mindseye.workflows.evaluation.panel import Network
from mindseye.workflows.request import ModelSource, Request, RunOptions, takes

RETRIES = 2


class BatchOptions(RunOptions, PlacementOptions, total=False):
    """What ``batch`` shares with ``visualize``, and where its workers run."""

    top_k: int | None
    cluster_layer: str | None
    penalty_layer: str | None
    judge: Network | Sequence[Network]
    cache: bool


@takes(BatchOptions)
def batch(
    root: str | Path,
    model: ModelSource = "resnet50",
    layer: str | Sequence[str] | None = None,
    *,
    facets: int = 4,
    classes: str | Path | Sequence[str] | None = None,
    shard: str | None = None,
    retries: int = RETRIES,
    executor: Executor | str | None = None,
    **options: Unpack[BatchOptions],
) -> Batch:
    """Paint what a layer sees in each of many classes: a run of ``visualize`` for every class of a collection.

    The pictures of several classes are painted at once, and the next classes are prepared meanwhile. The same call continues
    what was interrupted, however it ended, and ends the same: on a CPU, bit for bit.

    Args:
        root: the collection: a folder of class folders, ImageNet as torchvision lays it out, or tar shards.
        model: as ``visualize`` takes it; with several workers by its name.
        layer: as ``visualize`` takes it.
        facets: groups per class; a class of few photos has fewer.
        classes: names, WordNet ids, titles or patterns (``n0144*``) of those wanted, or a file with one in each line; by
            default all.
        shard: ``3/8`` for the third of eight parts, each a call of its own, all into one folder.
        retries: how often a class is tried again whose worker died, or which failed for a reason that may pass.
        executor: who works on the packs instead: an ``Executor`` of your own, or the words that name it,
            ``"my.py:Executor"``.
        **options: as ``visualize`` takes them, but for those that a batch has none of. The batch folder, ``out``, is
            ``runs/ROOT-MODEL-LAYER`` by default; each class is a run folder in it. batch_size: pictures painted at once; 0
            for what the device's memory holds, or 8 on a CPU. judge: also looks at the pictures that are there already.
            workers: processes on this machine, by default one; with ``ray``, on a cluster, by default as many as there is room
            for now. ray: the address of a cluster of Ray's, or ``"auto"`` for the one that this machine belongs to, else one
            of this machine alone (see docs/scale.md). cpus, gpus: what each worker takes of a node; parts of a GPU are
            allowed; by default as many processors as it has threads, and one GPU where there are any.

    Returns:
        The batch folder; ``failures`` names what failed.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    placement = Placement.of(options)
    check_count("facets", facets, least=1)
    check_count("retries", retries)
    check_words("shard", shard)
    root = required_path("root", root)
    spec, run = Request.of("batch", options, top_k=options.get("top_k")).with_model(model)
    check_packs(spec, run, placement.is_here and executor is None, "a batch")
    part = parse_shard(shard) if shard else Shard()
    words = class_words(classes) if isinstance(classes, str | os.PathLike) else classes
    collection = open_collection(root)
    if words is not None:
        collection = select_classes(collection, as_list("classes", words, str))
    whole_root = str(Path(root).absolute())
    layers = tuple(as_list("layer", layer, str))
    place = joined(layers or ("last",), "layers")
    request = BatchRequest(
        root=whole_root,
        out=run.out or default_path(whole_root, spec if isinstance(spec, str) else type(spec).__name__, place),
        model=spec,
        layers=layers,
        facets=facets,
        run=run,
        cluster_layer=options.get("cluster_layer"),
        penalty_layer=options.get("penalty_layer"),
        judges=tuple(as_list("judge", options.get("judge"), Network)),
        cache=options.get("cache", True),
    )
    return work_on_batch(request, collection, placement, part, retries, load_executor(executor))
