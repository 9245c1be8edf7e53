"""Sanity check: does a map change when the network forgets what it has learned?"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from mindseye.attribution.explanation import Explanation
from mindseye.attribution.score import Score
from mindseye.errors import UserError
from mindseye.layers.layer import Layer
from mindseye.optimize.random import RandomKeys


@dataclass(frozen=True)
class CascadingRandomisation:
    """How alike maps stay as a network is randomised from its output downwards.

    modules: the last module that was randomised at each step, by name. signed, absolute: Spearman's rank correlation of
    the maps, and of their absolute values, with those of the trained network, [images, steps]; NaN for a map without
    contrast.
    """

    modules: tuple[str, ...]
    signed: Tensor
    absolute: Tensor


def randomise_cascade(
    score: Score, layers: Sequence[Layer], explain: Callable[[Score], Explanation], seed: int, steps: int = 6
) -> CascadingRandomisation:
    """Randomise a network's weights step by step from the output to the input, and explain it anew after each step.

    Adebayo et al., "Sanity Checks for Saliency Maps" (NeurIPS 2018), section 4.1, cascading randomisation. The values of
    each weight tensor are shuffled, rather than drawn anew: that suits every kind of module, and keeps the activations at
    about their scale. A method whose correlation stays near 1 draws the photo and not the network.

    Args:
        score: what is explained; its network stays as it is, a copy forgets.
        layers: what ``survey`` found, for the order of the modules.
        explain: the method, with everything but the score.
        seed: of the shuffling.
        steps: each randomises an equal number of modules.

    Raises:
        UserError: if there are no steps, or the network has no weights.
    """
    if steps < 1:
        raise UserError(f"a sanity check needs at least 1 step, not {steps}")
    names = weighted_modules(score.model.network, layers)
    if not names:
        raise UserError(f"{score.model.name!r} has no weights to randomise")
    steps = min(steps, len(names))
    network = deepcopy(score.model.network)
    modules = dict(network.named_modules())
    copy = replace(score, model=replace(score.model, network=network))
    trained = explain(score).map.flatten(1)
    ends = [round(len(names) * (step + 1) / steps) for step in range(steps)]
    signed, absolute, begin = [], [], 0
    for end in ends:
        for name in names[begin:end]:
            shuffle(modules[name], RandomKeys(seed, (name,)))
        begin = end
        randomised = explain(copy).map.flatten(1)
        signed.append(rank_correlation(trained, randomised))
        absolute.append(rank_correlation(trained.abs(), randomised.abs()))
    return CascadingRandomisation(
        tuple(names[end - 1] for end in ends), torch.stack(signed, 1), torch.stack(absolute, 1)
    )


def weighted_modules(network: nn.Module, layers: Sequence[Layer]) -> list[str]:
    """The modules with weights of their own that fire, by name, from the output to the input."""
    modules = dict(network.named_modules())
    fired = dict.fromkeys(layer.module for layer in layers)
    return [name for name in reversed(fired) if any(True for _ in modules[name].parameters(recurse=False))]


@torch.no_grad()
def shuffle(module: nn.Module, random: RandomKeys) -> None:
    """Shuffle the values within each weight tensor of a module's own."""
    for name, parameter in module.named_parameters(recurse=False):
        order = random.uniform(0, name, parameter.numel())[0].argsort().to(parameter.device)
        parameter.copy_(parameter.flatten()[order].view_as(parameter))


def rank_correlation(first: Tensor, second: Tensor) -> Tensor:
    """Spearman's rank correlation of maps [images, pixels], [images] in [-1, 1]; NaN where one has no contrast."""
    from scipy import stats  # takes half a second

    ranks = [torch.from_numpy(stats.rankdata(values.double().numpy(), axis=1)) for values in (first, second)]
    first_rank, second_rank = (rank - rank.mean(1, keepdim=True) for rank in ranks)
    return (first_rank * second_rank).sum(1) / (first_rank.square().sum(1) * second_rank.square().sum(1)).sqrt()
