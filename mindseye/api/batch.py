"""Many classes as one call: ``mindseye.batch(root, model=..., layer=...)``."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mindseye.errors import UserError
from mindseye.layers.survey import find_layer
from mindseye.models.load import digest
from mindseye.optimize.recipe.checks import check_for_facets
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.photos.class_choice import class_words, select_classes
from mindseye.photos.collection import PhotoClass, open_collection
from mindseye.runs.folder import Manifest, default_path
from mindseye.store.store import open_store
from mindseye.workflows.batch.class_orders import Order
from mindseye.workflows.batch.executor import Event, Executor
from mindseye.workflows.batch.executors import Staff, choose_executor
from mindseye.workflows.batch.ledger import LOCKS, Ledger, check_same, clear, new_plan, read_plan, sweep, write_plan
from mindseye.workflows.batch.locks import guarded, held, holders
from mindseye.workflows.batch.outcome import Outcome
from mindseye.workflows.batch.plan import Shard, parse_shard
from mindseye.workflows.batch.run import run_batch
from mindseye.workflows.batch.standing import Failure, Standing, read_standing, standing
from mindseye.workflows.batch.view import View
from mindseye.workflows.evaluation.evaluate import has_looked
from mindseye.workflows.evaluation.painter import spec_of
from mindseye.workflows.evaluation.panel import Network, Panel, convene
from mindseye.workflows.opening import DEFAULT_RECIPE, absolute, check_numbers, chosen_recipe

RETRIES = 2


@dataclass(frozen=True)
class Batch:
    """A batch folder, as ``mindseye.batch`` returns it.

    results: the table of every facet's numbers. failures: of this shard, what failed, or did in part.
    """

    path: Path
    results: Path
    failures: tuple[Failure, ...]

    @property
    def standing(self) -> Standing:
        """How far it is, read anew."""
        return read_standing(self.path)


def batch(
    root: str | Path,
    model: str | nn.Module = "resnet50",
    layer: str | Sequence[str] | None = None,
    *,
    facets: int = 4,
    out: str | Path | None = None,
    classes: str | Path | Sequence[str] | None = None,
    workers: int | None = None,
    ray: str | None = None,
    cpus: float | None = None,
    gpus: float | None = None,
    shard: str | None = None,
    retries: int = RETRIES,
    recipe: str | Recipe = DEFAULT_RECIPE,
    steps: int | None = None,
    size: int | None = None,
    top_k: int | None = None,
    changes: Mapping[str, Any] | None = None,
    cluster_layer: str | None = None,
    penalty_layer: str | None = None,
    weights: str | None = None,
    checkpoint: str | Path | None = None,
    seed: int = 0,
    device: str = "auto",
    batch_size: int = 0,
    snapshots: int | None = None,
    force: bool = False,
    judge: Network | Sequence[Network] = (),
    cache: bool = True,
    quiet: bool = False,
    command: str = "mindseye.batch(...)",
    executor: Executor | None = None,
) -> Batch:
    """Paint what a layer sees in each of many classes: a run of ``visualize`` for every class of a collection.

    The pictures of several classes are painted at once, and the next classes are prepared meanwhile. The same call continues
    what was interrupted, however it ended, and ends the same: on a CPU, bit for bit.

    Args:
        root: the collection: a folder of class folders, ImageNet as torchvision lays it out, or tar shards.
        model, layer, recipe, steps, size, top_k, changes, cluster_layer, penalty_layer, weights, checkpoint, seed, snapshots:
            as ``visualize`` takes them. With several workers the model is given by its name.
        facets: groups per class; a class of few photos has fewer.
        out: the batch folder; by default ``runs/ROOT-MODEL-LAYER``. Each class is a run folder in it.
        classes: names, WordNet ids, titles or patterns (``n0144*``) of those wanted, or a file with one in each line; by
            default all.
        workers: processes on this machine, by default one; with ``ray``, on a cluster, by default as many as there is room
            for now.
        ray: the address of a cluster of Ray's, or ``"auto"`` for the one that this machine belongs to, else one of this
            machine alone (see docs/scale.md). cpus, gpus: what each worker takes of a node; parts of a GPU are allowed; by
            default as many processors as it has threads, and one GPU where there are any.
        shard: ``3/8`` for the third of eight parts, each a call of its own, all into one
            folder.
        retries: how often a class is tried again whose worker died, or which failed for a reason that may pass.
        device: auto, cpu, cuda, cuda:1, mps; several workers share the GPUs that are there.
        batch_size: pictures painted at once; 0 for what the device's memory holds, or 8 on a CPU.
        judge: who looks at the pictures of each class, as ``evaluate`` takes them; also at those that are there already.
        cache: take photos' activations from the user's cache, and keep them there (see docs/cache.md).
        force: replace the batch that the folder holds.
        executor: who works on the packs, where it is neither this process nor others on this machine.

    Returns:
        The batch folder; ``failures`` names what failed.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    staff = Staff(workers, ray, cpus, gpus)
    staff.check()
    _check(facets, retries, model if staff.is_here else spec_of(model))
    check_numbers(seed, snapshots, batch_size, size, steps, top_k)
    chosen = chosen_recipe(recipe, changes, steps, top_k, snapshots)
    check_for_facets(chosen)
    if chosen.shared:
        raise UserError("a batch paints pictures that do not depend on each other: leave 'shared' out of the recipe")
    part = parse_shard(shard) if shard else Shard()
    wanted = class_words(classes) if isinstance(classes, str | os.PathLike) else classes
    collection = open_collection(root)
    if wanted is not None:
        collection = select_classes(collection, wanted)
    order = Order(
        root=str(Path(root).absolute()),
        out=Path(out) if out else default_path(str(Path(root).absolute()), _name(model), _joined(layer)),
        model=model,
        layers=(layer,) if isinstance(layer, str) else tuple(layer or ()),
        facets=facets,
        recipe=chosen,
        size=size,
        seed=seed,
        device=device,
        weights=weights,
        checkpoint=absolute(checkpoint),
        cluster_layer=cluster_layer,
        penalty_layer=penalty_layer,
        judges=(judge,) if isinstance(judge, str | nn.Module) else tuple(judge),
        command=command,
        cache=cache,
    )
    panel = convene(order.judges, painter=_name(model)) if order.judges else None
    with held(order.out / LOCKS, part):
        with guarded(order.out / LOCKS):
            ledger = _open_ledger(order, collection, batch_size, staff, force)
        ledger.reopen(None if panel is None else partial(_lacks, panel))
        panel = None  # the workers load judges of their own
        packs = part.of(ledger.plan.packs)
        names = [name for pack in packs for name in pack.classes]
        with View(ledger, part, names, quiet) as view:
            for line in collection.notes:
                view.say(f"note: {line}")
            if cache:
                open_store(view.say)  # workers say nothing: where it cannot be used, it shows here
            working = executor or choose_executor(staff, ledger.plan.threads)
            outcome = Outcome(ledger)

            def tell(event: Event) -> None:
                view.tell(event)
                outcome.tell(event)

            try:
                run_batch(ledger, packs, working, order.for_others().open, retries, tell)
            except KeyboardInterrupt:
                with suppress(UserError):
                    outcome.write()
                raise
            ledger.save()
            results = outcome.write()
            view.say(standing(Ledger(order.out, ledger.plan), ()).counts)
    return Batch(order.out, results, standing(ledger, (), names).failures)


def _open_ledger(order: Order, collection: Sequence[PhotoClass], batch_size: int, staff: Staff, force: bool) -> Ledger:
    """The ledger in the batch's folder, or a new one; whatever is wrong with the order shows here."""
    if force:
        if len(holders(order.out / LOCKS, alone=True)) > 1:
            raise UserError(f"other shards are at work in {order.out}; end them before it is replaced")
        clear(order.out)
    if len(holders(order.out / LOCKS, alone=True)) == 1:
        sweep(order.out)
    there = read_plan(order.out)
    with order.opened() as ready:
        targets = order.targets(ready)
        for address in (order.cluster_layer, order.penalty_layer):
            if address:
                find_layer(ready.network, address)
        options = {
            "root": order.root,
            "classes": [one.name for one in collection],
            "model": spec_of(order.model) or ready.model.name,
            "weights": order.weights,
            "weights_digest": digest(ready.model.network),
            "checkpoint": order.checkpoint,
            "layers": [layer.address for layer in targets],
            "cluster_layer": order.cluster_layer,
            "penalty_layer": order.penalty_layer,
            "facets": order.facets,
            "recipe": ready.recipe.as_dict(),
            "seed": order.seed,
        }
        if there is not None:
            check_same(order.out, there, options | {"batch_size": batch_size or there.batch_size})
            return Ledger(order.out, there)
        at_once = batch_size or order.default_batch_size(ready)
    plan = new_plan(
        order.command,
        options | {"batch_size": at_once},
        [(one.name, one.title) for one in collection],
        order.facets,
        at_once,
        staff.threads(torch.get_num_threads()),
    )
    write_plan(order.out, plan)
    return Ledger(order.out, plan)


def _lacks(panel: Panel, run: Manifest) -> bool:
    """Whether a judge has not looked at a run yet."""
    return not has_looked(run, panel)


def _check(facets: int, retries: int, model: str | nn.Module | None) -> None:
    for name, value, least in (("facets", facets, 1), ("retries", retries, 0)):
        if not (isinstance(value, int) and value >= least):
            raise UserError(f"{name} is a whole number of {least} or more, not {value!r}")
    if model is None:
        raise UserError("other processes load the model themselves: give it by its name, such as file.py:factory")


def _name(model: str | nn.Module) -> str:
    return model if isinstance(model, str) else type(model).__name__


def _joined(layer: str | Sequence[str] | None) -> str:
    layers = [layer] if isinstance(layer, str) else list(layer or ["last"])
    return layers[0] if len(layers) == 1 else f"{len(layers)}-layers"
