"""Which channels of an earlier layer carry the value of a channel: attribution, and what is left without them.

The value is the mean over positions of the channel in one image, as everywhere. Attribution is ``sum_p (a_kp - m_k) dv / da_kp``
over the positions p of channel k: the first-order estimate of what v loses when the channel is held at m_k, its mean over many
photos (Molchanov et al., "Pruning Convolutional Neural Networks for Resource Efficient Inference", ICLR 2017, Eq. 7, there
with m = 0). Ablation does that and looks.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from mindseye.attribution.prefix import ForwardPrefix
from mindseye.layers.layer import Layer
from mindseye.layers.reader import Reader
from mindseye.models.freeze import freeze


class ChannelPath:
    """The way from an earlier layer of a network to one channel of a later layer.

    means: of the earlier layer's channels over many photos, [channels].
    """

    def __init__(self, network: nn.Module, before: Layer, after: Layer, channel: int, means: Tensor) -> None:
        self.network, self.before, self.after, self.channel = network, before, after, channel
        self.means = means

    @staticmethod
    def can_follow(before: Layer) -> bool:
        """Whether the activations of the earlier layer can be exchanged: it is the output of a module, one tensor."""
        plain = not before.of_input and not before.path and before.layout.order == "first"
        return plain and before.has_gradient and not before.reading.singly and bool(before.module)

    def attribute(self, images: Tensor) -> Tensor:
        """How much of the value in each image every channel carries, [images, channels of the earlier layer].

        images: preprocessed, [images, planes, height, width].
        """
        kept: list[Tensor] = []

        def keep(activation: Tensor) -> Tensor:
            kept.append(activation.detach().requires_grad_())
            return kept[-1].clone()  # what follows may work in place

        with freeze(self.network), torch.enable_grad():
            values = self._values(images, keep)
            (slope,) = torch.autograd.grad(values.sum(), kept[-1])
        count = len(images)
        layout = self.before.layout
        activation, slopes = (layout.to_positions(tensor.detach(), count).float() for tensor in (kept[-1], slope))
        return ((activation - self.means.to(activation)[:, None]) * slopes).sum(-1).cpu()

    def ablate(self, images: Tensor, channels: Sequence[int | None]) -> Tensor:
        """The value in each image with each of some channels held at its mean, [channels, images]; None: with none held.

        What comes before the earlier layer is computed once.
        """

        def held(channel: int | None) -> Callable[[Tensor], Tensor]:
            def exchange(activation: Tensor) -> Tensor:
                if channel is None:
                    return activation
                changed = activation.clone()
                changed.select(self._axis(activation), channel).fill_(float(self.means[channel]))
                return changed

            return exchange

        prefix = ForwardPrefix(self.network, self.before)
        with freeze(self.network), torch.no_grad():
            with prefix.record():
                whole = self._values(images, held(None)).cpu()
            with prefix.replay():
                held_values = {name: self._values(images, held(name)).cpu() for name in channels if name is not None}
        return torch.stack([whole if channel is None else held_values[channel] for channel in channels])

    def _axis(self, activation: Tensor) -> int:
        return 1 if self.before.layout.axes in ("map", "sequence", "vector") else activation.ndim - 1

    def _values(self, images: Tensor, exchange: Callable[[Tensor], Tensor]) -> Tensor:
        """The channel's value in each image, once the earlier layer's activations are exchanged."""
        with _exchanged(self.network, self.before, exchange), Reader(self.network, [self.after]) as read:
            return read(images)[self.after.address][:, self.channel].float().mean(-1)


@contextmanager
def _exchanged(network: nn.Module, layer: Layer, exchange: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """The network with what a layer gives exchanged for something else."""
    calls = 0

    def hook(module: nn.Module, inputs: Any, output: Any) -> Any:
        nonlocal calls
        call, calls = calls, calls + 1
        return exchange(output) if call == layer.call and isinstance(output, Tensor) else output

    handle = dict(network.named_modules())[layer.module].register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()
