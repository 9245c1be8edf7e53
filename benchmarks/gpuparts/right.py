"""Part 1: is what a device computes what a CPU computes? One step of every kind, and a run that is killed and goes on.

Compared is the change of the canvas by one step of plain gradient descent, as a length relative to the CPU's, and of
attribution the map. float32 is without TF32, which PyTorch otherwise takes for convolutions. Random views are drawn on the
CPU and so the same; noise is drawn on the device, and left out.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch
import torchvision
from torch import Tensor, nn

from gpuparts.bench import Bench, Table
from gpuparts.killed import KilledRun
from gpuparts.painting import facet_order
from mindseye.attribution.methods import METHODS, MethodContext, Settings
from mindseye.attribution.score import class_score
from mindseye.facets.activations import mean_activations
from mindseye.layers.output import find_output
from mindseye.layers.stages import last_before_pooling
from mindseye.optimize.canvases.compose import CANVASES
from mindseye.optimize.order import Order
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.session import NetworkSession
from mindseye.workflows.objectives.locate import ObjectiveRequest, locate_objectives
from mindseye.workflows.objectives.order import variants_order

TOLERANCE = 2e-3
"""Relative, in float32: where rounding tips a value over a kink of a ReLU, a part of the gradient is another one."""
PLAIN = Recipe(
    "plain",
    contrast=0.2,
    optimizer="sgd",
    momentum=0.0,
    nesterov=False,
    lr=0.1,
    normalise_gradient=True,
    precision="float32",
)
WORDS = "layer3.1:11"
DECODER = """
import torch
class Decoder(torch.nn.Module):
    latent_shape = (16,)
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.linear = torch.nn.Linear(16, 3 * 256)
    def forward(self, latent):
        return torch.sigmoid(self.linear(latent)).view(-1, 3, 16, 16)
"""


@dataclass(frozen=True)
class Case:
    """One step. changes: of the plain recipe. words: what is raised; none for a facet."""

    name: str
    changes: dict[str, Any] = field(default_factory=dict)
    words: str = WORDS


def check_right(bench: Bench, table: Table) -> None:
    """A row for each kind of step, for each method of attribution, for an extraction, and for a run that is killed."""
    with KilledRun(bench) as killed, _exact():
        torch.manual_seed(0)
        network = torchvision.models.resnet18().eval()
        here, there = (_session(network, device, bench) for device in (torch.device("cpu"), bench.device))
        table.head("one step of", "float32: off by", f"within {TOLERANCE:g}", "bfloat16: off by")
        (bench.place / "decoder.py").write_text(DECODER)
        for case in _cases(f"{bench.place / 'decoder.py'}:Decoder"):
            table.attempt(case.name, partial(_compare, partial(_change, case=case), here, there))
        for name in METHODS:
            table.attempt(f"attribution {name}", partial(_compare, partial(_map, name=name), here, there, lower=False))
        table.attempt("extraction of 40 photos", partial(_compare, _means, here, there, lower=False))
        table.attempt("a run that was killed and went on", lambda: killed.compare(table.left), least=5)


@contextmanager
def _exact() -> Iterator[None]:
    """float32 as it is, without TF32."""
    convolutions, products = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = convolutions, products


def _session(network: nn.Module, device: torch.device, bench: Bench) -> NetworkSession:
    return NetworkSession(deepcopy(network).to(device), device=str(device), size=bench.pick(128, 64))


def _cases(decoder: str) -> list[Case]:
    facet = {
        "match of sorted values": {"match": 1.0, "match_colour": 1.0, "match_detail": 1.0},
        "match of a sample of positions": {"match": 1.0, "match_blocks": True, "positions": 64},
        "match of channels together": {"match": 1.0, "match_joint": 1.0, "branch_gradient": 0.5},
        "dot product": {"dot": 1.0},
        "adaptive loss": {"adaptive": 1.0},
        "robust loss": {"adaptive": 1.0, "adaptive_learned": False},
        "penalty": {"dot": 1.0, "penalty": 1.0},
    }
    raised = {
        "layer": "layer3.1",
        "channel": WORDS,
        "negative": f"{WORDS}:neg",
        "neuron": f"{WORDS}@2,1",
        "random direction": "layer3.1:random:0",
        "class": "output:3",
    }
    image: dict[str, dict[str, Any]] = {
        "total variation": {"total_variation": 1.0},
        "total variation, squared": {"total_variation": 1.0, "tv_power": 2.0},
        "L1 and L6": {"l1": 1.0, "lp": 1.0},
        "area of alpha": {"alpha": True, "alpha_area": 1.0},
    }
    looks: dict[str, dict[str, Any]] = {
        "crop, flip, rotation, shift": {"crop": (0.6, 1.0), "flip": 0.5, "rotate": 8.0, "shift": 0.1, "views": 3},
        "scale, grey padding": {"scale": (0.8, 1.2), "pad": 0.1, "padding": "grey"},
        "perspective, blur, greyscale": {"perspective": 0.3, "view_blur": (0.1, 1.5), "greyscale": 0.5},
        "colours": {"colour_jitter": 0.1},
        "octaves": {"octaves": 3},
    }
    pixels = {"canvas": "pixels"}
    after: dict[str, dict[str, Any]] = {
        "gradient blur, mask": {"gradient_blur": 1.0, "mask": 0.8},
        "blur": {"blur": 0.9, "blur_every": 1},
        "bilateral": {"bilateral": 1.0, "bilateral_every": 1},
        "denoise": {"denoise": 4.0, "denoise_every": 1},
        "brightness": {"brightness": 0.02, "brightness_every": 1},
        "coarse to fine": {"coarse": 1.0},
    }
    priors = {"prior": {"prior": decoder}}
    return [
        *(Case(f"canvas {name}", {"canvas": name} | priors.get(name, {})) for name in CANVASES),
        *(Case(f"canvas {name} with alpha", {"canvas": name, "alpha": True}) for name in ("fourier", "pixels", "cppn")),
        Case("canvas fourier, in part shared", {"shared": 0.4}),
        *(Case(f"objective {name}", {"objective": 0.0} | changes, "") for name, changes in facet.items()),
        *(Case(f"objective {name}", {}, words) for name, words in raised.items()),
        *(Case(f"objective {name}", changes) for name, changes in image.items()),
        *(Case(f"views: {name}", changes) for name, changes in looks.items()),
        *(Case(f"regularizer {name}", pixels | changes) for name, changes in after.items()),
    ]


def _compare(
    give: Callable[[NetworkSession, str], Tensor], here: NetworkSession, there: NetworkSession, lower: bool = True
) -> Sequence[object]:
    """How far the device is off, and whether that is within the tolerance. lower: whether bfloat16 is wanted as well."""
    wanted = give(here, "float32")
    off = _off(give(there, "float32"), wanted)
    return [off, "yes" if off <= TOLERANCE else "**no**", _off(give(there, "bfloat16"), wanted) if lower else ""]


def _off(found: Tensor, wanted: Tensor) -> float:
    return float((found.double() - wanted.double()).norm() / wanted.double().norm().clamp_min(1e-30))


def _change(session: NetworkSession, precision: str, case: Case) -> Tensor:
    """By how much one step changes each number of the canvas of two pictures."""
    recipe = replace(PLAIN, **(case.changes | {"precision": precision}))
    with ExitStack() as held:
        order: Order
        if case.words:
            used = held.enter_context(session.using(recipe))
            request = ObjectiveRequest([case.words, case.words])
            order, pictures = variants_order(request, locate_objectives(request, used), used), [0, 1]
        else:
            order, pictures = held.enter_context(facet_order(session, recipe)), [0, 0]
        painting = order.painting(held.enter_context(order.reader()), pictures)
        before = [parameter.detach().clone() for parameter in painting.canvas.parameters]
        painting.advance()
        pairs = zip(painting.canvas.parameters, before, strict=True)
        return torch.cat([(parameter.detach() - was).flatten().cpu() for parameter, was in pairs])


def _map(session: NetworkSession, precision: str, name: str) -> Tensor:
    """The map of an image by a method, of a class."""
    with session.using() as used:
        model, side = used.model, used.view
        image = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(0)).to(used.device)
        score = class_score(model, find_output(model.network, side, 3)[0], [3])
        ask = METHODS[name].prepare(MethodContext(score, used.network, side, Settings(steps=8)))
        return ask(score, image, RandomKeys(0, ("image",))).map


def _means(session: NetworkSession, precision: str) -> Tensor:
    photos = torch.randint(0, 256, (40, 3, session.view, session.view), generator=torch.Generator().manual_seed(0))
    layer = last_before_pooling(session.model.network, session.network)
    with session.using() as used, used.reader([layer]) as read:
        batches = [(list(range(40)), photos.to(torch.uint8))]
        return mean_activations(read, used.model.preprocessing, batches, used.device)[layer.address]
