"""Contexts: whatever may change an activation makes another one."""

from dataclasses import replace

import pytest
import torch
from nets import TinyConv, seeded
from torch import nn

from mindseye.layers.layer import find_layer
from mindseye.layers.survey import survey
from mindseye.models.load import Model
from mindseye.preprocessing import identity
from mindseye.store.context import array_digest, contexts

CPU = torch.device("cpu")
LAYERS = ("stem", "body.1")


def model(network):
    return Model("tiny", network, identity(3, 32), None, None, 3, "as given")


def found(one, side=32, batch=32):
    network = one.network
    surveyed = survey(network, 32)
    return {
        address: context.digest
        for address, context in contexts(one, [find_layer(surveyed, name) for name in LAYERS], side, batch, CPU).items()
    }


def test_the_same_network_has_the_same_contexts():
    """Made anew with the same weights, and whatever the words for its preprocessing; each layer has its own."""
    first, again = found(model(seeded(TinyConv))), found(model(seeded(TinyConv)))
    assert first == again
    assert first["stem"] != first["body.1"]
    other_words = replace(identity(3, 32), source="another way to say it")
    assert found(replace(model(seeded(TinyConv)), preprocessing=other_words)) == first


def _another_weight(network):
    network.stem.weight.data[0, 0, 0, 0] += 1e-3


def _another_setting(network):
    network.stem.padding_mode = "circular"
    network.stem._reversed_padding_repeated_twice = [1, 1, 1, 1]


def _a_hook(network):
    network.stem.register_forward_hook(lambda module, inputs, output: output + 1e-3)


def _another_forward(network):
    forward = network.stem.forward
    network.stem.forward = lambda images: forward(images) * 1.001


def _a_buffer_that_is_not_kept(network):
    network.register_buffer("table", torch.ones(3), persistent=False)


def _another_layout(network):
    network.to(memory_format=torch.channels_last)


@pytest.mark.parametrize(
    "change",
    [_another_weight, _another_setting, _a_hook, _another_forward, _a_buffer_that_is_not_kept, _another_layout],
)
def test_a_change_of_the_network_makes_other_contexts(change):
    """What its weights hold, what its modules print, and what neither of them tells but its answers do."""
    network = seeded(TinyConv)
    before = found(model(network))
    change(network)
    after = found(model(network))
    assert all(before[address] != after[address] for address in LAYERS)


def test_what_surrounds_the_network_makes_other_contexts():
    """Preprocessing, side, size of the batch, threads, precision of products."""
    one = model(seeded(TinyConv))
    seen = [found(one), found(one, side=40), found(one, batch=16)]
    seen.append(found(replace(one, preprocessing=replace(one.preprocessing, interpolation="bicubic"))))
    seen.append(found(replace(one, preprocessing=replace(one.preprocessing, resize=36))))
    threads, precision = torch.get_num_threads(), torch.get_float32_matmul_precision()
    try:
        torch.set_num_threads(threads + 1)
        seen.append(found(one))
    finally:
        torch.set_num_threads(threads)
    try:
        torch.set_float32_matmul_precision("medium" if precision != "medium" else "highest")
        seen.append(found(one))
    finally:
        torch.set_float32_matmul_precision(precision)
    assert len({digests["stem"] for digests in seen}) == len(seen)


def test_code_that_is_in_no_file_has_no_context():
    """Typed in by hand, it could be other code the next time under the same name."""
    space = {"nn": nn, "__name__": "typed_in"}
    exec("class Typed(nn.Module):\n def forward(self, images):\n  return images * 2", space)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), space["Typed"]()).eval()
    assert contexts(model(network), [find_layer(survey(network, 32), "0")], 32, 32, CPU) == {}


def test_code_of_the_users_own_counts(tmp_path, monkeypatch):
    """A branch that the fixed images do not take still makes another context."""
    monkeypatch.syspath_prepend(tmp_path)
    digests = []
    for number, factor in enumerate((2, 3)):
        (tmp_path / f"own_{number}.py").write_text(
            "from torch import nn\nclass Own(nn.Conv2d):\n def forward(self, images):\n"
            f"  return super().forward(images) * ({factor} if images.min() > 0.9 else 1)\n"
        )
        own = __import__(f"own_{number}").Own
        own.__module__ = "own"
        monkeypatch.setitem(__import__("sys").modules, "own", __import__(f"own_{number}"))
        network = nn.Sequential(seeded(own, 3, 4, 3))
        layers = [find_layer(survey(network, 32), "0")]
        digests.append(contexts(model(network), layers, 32, 32, CPU)["0"].digest)
    assert digests[0] != digests[1]


def test_arrays_by_their_values_kind_and_shape():
    """The same bytes in another shape are another photo."""
    one = torch.arange(24, dtype=torch.uint8).numpy()
    shapes = [(4, 6), (6, 4), (2, 4, 3)]
    digests = {array_digest(one.reshape(shape)) for shape in shapes} | {array_digest(one.reshape(4, 6).view("bool"))}
    assert len(digests) == 4
    assert array_digest(one.reshape(4, 6).copy()) in digests
