"""Part 6: how long ImageNet would take, from a step measured in each octave of the default recipe."""

from dataclasses import replace

from gpuparts.bench import Bench, Table
from gpuparts.painting import facet_order, painting_of
from gpuparts.steps import most
from mindseye.optimize.order import FacetOrder
from mindseye.optimize.recipe.load import load_recipe
from mindseye.optimize.session import NetworkSession

CLASSES, FACETS, STEPS, PHOTOS = 1000, 10, 300, 1_281_167


def project_imagenet(bench: Bench, table: Table) -> None:
    """Pictures times steps per second in each octave, the hours of all pictures, and those of extraction beside them."""
    table.head("what", "value", "by")
    network, layer, side = bench.pick(("resnet50", "layer3.3", 224), ("resnet18", "layer3.0", 64))
    session = NetworkSession(network, "none", device=str(bench.device), size=side)
    recipe = replace(load_recipe("distribution"), steps=STEPS, precision="bfloat16")
    with facet_order(session, recipe, layer) as order:
        pictures = min(most(bench, order), 256)
        seconds = _seconds_of_all_steps(bench, table, order, pictures)
    hours = CLASSES * FACETS / pictures * seconds / 3600
    table.row("hours of all pictures", hours, f"{CLASSES} classes, {FACETS} facets, {STEPS} steps, {pictures} at once")
    photos = bench.found.get("extraction photos/s")
    if photos:
        looked = PHOTOS / photos / 3600
        table.row("hours of extraction", looked, f"{PHOTOS} photos at the best rate of part 3")
        table.row("hours of both, one after the other", hours + looked, "aim 1")
    else:
        table.remark("the hours of extraction need part 3 in the same run")
    table.remark(f"{network}, {layer}, {side} px, bfloat16; targets, clusters, measures and pages are not in it")


def _seconds_of_all_steps(bench: Bench, table: Table, order: FacetOrder, pictures: int) -> float:
    """Seconds that a batch of pictures takes for all its steps, each octave as measured in its midst."""
    total = 0.0
    with painting_of(order, pictures) as painting:
        octaves, side = painting.views.octaves, order.session.view
        sides = [side if order.session.is_fixed else octaves.side(step, side) for step in range(STEPS)]
        for extent in dict.fromkeys(sides):
            painting.step = sides.index(extent) + sides.count(extent) // 2
            for _ in range(2):
                painting.advance()
            taken = bench.seconds(painting.advance, bench.pick(8, 1))
            total += taken * sides.count(extent)
            table.row(
                f"pictures x steps / s at {extent} px", pictures / taken, f"{sides.count(extent)} of {STEPS} steps"
            )
    return total
