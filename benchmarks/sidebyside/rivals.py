"""Other packages with their own defaults, told the members' label; used where they are installed."""

import io
from collections.abc import Callable
from contextlib import redirect_stderr
from copy import deepcopy

import torch
from torch import Tensor
from torch.nn import functional

from sidebyside.painting import Painted, clock, wait
from sidebyside.setting import Setting

Render = Callable[[Setting, int], Tensor]

TIMED_STEPS = 5


def lucent(setting: Setting, steps: int) -> Tensor:
    """torch-lucent: a Fourier canvas of the benchmark's size, its standard transforms, all facets in one batch."""
    from lucent.optvis import objectives, param, render, transform

    session, size = setting.session, setting.session.recipe.size
    # Its hooks stay in the network for good.
    network = deepcopy(session.model.network)
    goals = [objectives.channel("labels", label, batch=place) for place, label in enumerate(setting.labels)]
    images = render.render_vis(
        _LabelsLast(network),
        objectives.Objective.sum(goals),
        lambda: param.image(size, batch=len(goals)),
        transforms=[*transform.standard_transforms, session.model.preprocessing.normalise],
        thresholds=(steps,),
        preprocess=False,
        progress=False,
        show_image=False,
    )
    return torch.from_numpy(images[-1]).movedim(-1, 1)


def horama(setting: Setting, steps: int) -> Tensor:
    """horama's Fourier method (its MACO fetches a file): a canvas of 1280 px seen through six crops, picture by picture."""
    from horama import fourier

    session, low, high = setting.session, -2.5, 2.5

    def paint(label: int) -> Tensor:
        def score(views: Tensor) -> Tensor:
            logits = session.model.network(session.model.preprocessing.normalise((views - low) / (high - low)))
            mean: Tensor = logits[:, label].mean()
            return mean

        with redirect_stderr(io.StringIO()):
            image, _ = fourier(score, total_steps=steps, model_input_size=session.view, device=str(session.device))
        unit: Tensor = (image.detach() - low) / (high - low)
        return unit.cpu()

    whole = torch.stack([paint(label) for label in setting.labels])
    side = (session.recipe.size, session.recipe.size)
    return functional.interpolate(whole, size=side, mode="bilinear", antialias=True, align_corners=False)


RIVALS: dict[str, Render] = {"torch-lucent": lucent, "horama": horama}


def paint(render: Render, setting: Setting, steps: int) -> Painted:
    """Paint all facets in that many steps."""
    device = setting.session.device
    begun = clock(device)
    images = render(setting, steps).float().nan_to_num(0.5).clamp(0, 1)
    wait(device)
    return Painted(images, None, steps, clock(device) - begun, [])


def seconds_per_step(render: Render, setting: Setting) -> float:
    """What a step of all facets costs, setting up left out.

    Raises:
        ImportError: where the package is not installed.
    """
    paint(render, setting, 1)
    few, many = (paint(render, setting, steps).seconds for steps in (1, 1 + TIMED_STEPS))
    return max(many - few, 1e-3) / TIMED_STEPS


class _LabelsLast(torch.nn.Module):
    """The network as the last and only module that torch-lucent sees, whose output its "labels" then are."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network
        self.labels = torch.nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.labels(self.network(images))
        return logits
