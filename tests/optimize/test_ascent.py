"""Every objective is raised by 30 steps on the pixels of a real network's input, each picture by itself."""

import pytest
import torch

from mindseye.facets.image import image_layers
from mindseye.facets.target import build_target
from mindseye.layers.layer import find_layer
from mindseye.layers.output import find_output
from mindseye.layers.reader import Reader
from mindseye.layers.survey import survey
from mindseye.models.freeze import freeze
from mindseye.models.load import load_model
from mindseye.optimize.objectives.batch import Alignment, Diversity, Each, interpolate
from mindseye.optimize.objectives.direction import Direction, between_units, random_direction
from mindseye.optimize.objectives.facet import ActivationNorm, Distance, DotProduct, TotalVariation
from mindseye.optimize.objectives.match import Match
from mindseye.optimize.objectives.objective import CANVAS
from mindseye.optimize.objectives.photo import Caricature, Reconstruction
from mindseye.optimize.objectives.unit import Channel, LayerNorm, LogProbability, Neuron

SIDE, STEPS, IMAGES = 48, 30, 3
EARLY, MIDDLE = "blocks.0", "blocks.1.0"


def noise(seed):
    return 0.5 + 0.1 * torch.randn(IMAGES, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def read():
    """Activations of pictures in [0, 1], at the layers whose addresses are asked for."""
    model = load_model("efficientnet_lite0")
    layers = survey(model.network, SIDE)
    output, _ = find_output(model.network, SIDE)

    def activations(images, addresses):
        wanted = [output if address == "output" else find_layer(layers, address) for address in addresses]
        with freeze(model.network), Reader(model.network, wanted) as reader:
            return reader(model.preprocessing.normalise(images)) | image_layers(images) | {CANVAS: images}

    return activations


def number(*values):
    return torch.tensor(values)


def target(photos):
    return build_target(MIDDLE, photos[MIDDLE].sort(-1).values, 5)


MAKERS = {
    "channel": lambda photos: Channel(MIDDLE, number(3, 3, 8)),
    "negative": lambda photos: -Channel(MIDDLE, number(3)),
    "neuron": lambda photos: Neuron(MIDDLE, number(3, 4, 5), number(0, 50, 143)),
    "norm": lambda photos: LayerNorm(MIDDLE),
    "logit": lambda photos: Channel("output", number(340)),
    "log probability": lambda photos: LogProbability("output", number(340, 107, 3)),
    "direction": lambda photos: Direction(MIDDLE, random_direction(photos[MIDDLE].shape[1], 0)[None]),
    "between units": lambda photos: Direction(MIDDLE, between_units(2, 6, photos[MIDDLE].shape[1], IMAGES)),
    "each": lambda photos: Each([Channel(MIDDLE, number(3)), LayerNorm(EARLY), -Neuron(MIDDLE, number(1), number(12))]),
    "interpolation": lambda photos: Each(interpolate(Channel(MIDDLE, number(3)), LayerNorm(EARLY), IMAGES)),
    "alignment": lambda photos: -Alignment((EARLY, MIDDLE)),
    "diversity": lambda photos: Diversity(MIDDLE, number(0)),
    "reconstruction": lambda photos: -Reconstruction(MIDDLE, photos[MIDDLE]),
    "caricature": lambda photos: Caricature(MIDDLE, photos[MIDDLE][:1]),
    "accentuation": lambda photos: Channel(MIDDLE, number(3)) - 0.5 * Reconstruction(EARLY, photos[EARLY]),
    "dot": lambda photos: DotProduct(target(photos)),
    "distance": lambda photos: -Distance(target(photos), torch.abs, []),
    "match": lambda photos: -Match(target(photos)),
    "L1": lambda photos: -ActivationNorm(MIDDLE),
    "total variation": lambda photos: -TotalVariation(),
    "sum": lambda photos: Channel(MIDDLE, number(3)) + LayerNorm(EARLY) / 2 - TotalVariation(),
}


@pytest.mark.parametrize("name", MAKERS)
def test_thirty_steps_raise_it(read, name):
    """The gradient is finite at every step, and at the end each picture's value is above its start."""
    with torch.no_grad():
        objective = MAKERS[name](read(noise(1), (EARLY, MIDDLE)))
    layers = [layer for layer in objective.layers if layer != CANVAS]
    pixels = noise(2).requires_grad_()
    optimizer = torch.optim.Adam([pixels], lr=0.02)
    values = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        value = objective(read(pixels, layers))
        assert value.shape == (IMAGES,)
        (-value.sum()).backward()
        assert pixels.grad.isfinite().all()
        values.append(value.detach())
        optimizer.step()
    assert (values[-1] > values[0]).all()


@pytest.mark.parametrize("name", [name for name in MAKERS if name not in ("alignment", "diversity")])
def test_a_pictures_number_does_not_depend_on_its_neighbours(read, name):
    """With other pictures in the other places, a picture's value stays what it was."""
    with torch.no_grad():
        photos = read(noise(1), (EARLY, MIDDLE))
        objective = MAKERS[name](photos)
        layers = [layer for layer in objective.layers if layer != CANVAS]
        images = noise(2)
        together = objective(read(images, layers))
        for place in range(IMAGES):
            others = noise(3)
            others[place] = images[place]
            torch.testing.assert_close(objective(read(others, layers))[place], together[place], rtol=1e-3, atol=1e-4)
