"""The latent of a decoder as a canvas."""

from torch import Tensor
from torch.nn import functional

from mindseye.optimize.canvases.canvas import Canvas, CanvasRequest
from mindseye.optimize.canvases.prior import Prior
from mindseye.optimize.random import START


class Latent(Canvas):
    """The latent of a decoder that stays as it is.

    Nguyen et al., "Synthesizing the preferred inputs for neurons in neural networks via deep generator networks" (NeurIPS
    2016): only pictures that the decoder can make are found.
    """

    wants_prior = True

    def __init__(self, latent: Tensor, prior: Prior, side: int) -> None:
        """latent: [pictures, *prior.latent]."""
        self.latent = latent.clone().requires_grad_()
        self.prior, self.side = prior, side

    @classmethod
    def build(cls, request: CanvasRequest) -> "Latent":
        """A normal latent.

        Raises:
            ValueError: if the request has no decoder.
        """
        if request.prior is None:
            raise ValueError("a canvas prior wants its decoder")
        latent = request.random.normal(START, "canvas", *request.prior.latent)
        return cls(latent.to(request.device), request.prior.to(request.device), request.side)

    @property
    def parameters(self) -> list[Tensor]:
        return [self.latent]

    def render(self) -> Tensor:
        pictures: Tensor = self.prior.decode(self.latent)
        if pictures.shape[-1] == self.side:
            return pictures
        size = (self.side, self.side)
        return functional.interpolate(pictures, size=size, mode="bilinear", antialias=True, align_corners=False)
