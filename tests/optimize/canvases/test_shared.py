"""The shared part: one low-frequency picture in all pictures of a batch."""

import torch

from mindseye.optimize.canvases.colour import plain_colours
from mindseye.optimize.canvases.fourier import Fourier
from mindseye.optimize.canvases.shared import Shared

SIDE = 32


def canvas(share=0.25):
    noise = torch.randn(3, 2, SIDE, SIDE // 2 + 1, 2, generator=torch.Generator().manual_seed(0))
    return Shared(Fourier(noise, SIDE, 1.0, plain_colours(2)), share, SIDE, 1.0)


def test_pictures_are_the_mixture_of_their_own_and_the_common_part():
    """(1 - share) own + share common before the colours; the common part starts from nothing."""
    shared = canvas()
    own = shared.own.channels()
    torch.testing.assert_close(shared.render(), torch.sigmoid(0.75 * own))
    with torch.no_grad():
        shared.parameters[-1].normal_(generator=torch.Generator().manual_seed(1))
    common = shared.common.channels()
    assert common.shape[0] == 1
    torch.testing.assert_close(shared.render(), torch.sigmoid(0.75 * own + 0.25 * common))


def test_the_common_part_is_coarse():
    """Nearly all of its energy lies below eight cycles per picture."""
    shared = canvas()
    with torch.no_grad():
        shared.parameters[-1].normal_(generator=torch.Generator().manual_seed(1))
    spectrum = torch.fft.rfft2(shared.common.channels().detach()).abs().square()[..., : SIDE // 2]
    fine = torch.hypot(torch.fft.fftfreq(SIDE)[:, None], torch.fft.rfftfreq(SIDE)[None, : SIDE // 2]) > 8 / SIDE
    assert spectrum[..., fine].sum() < 0.02 * spectrum.sum()


def test_all_pictures_move_the_common_part():
    """Its gradient is the sum over the pictures; each own part gets that of its picture alone."""
    whole = canvas()
    whole.render().square().sum().backward()
    parts = torch.zeros_like(whole.parameters[-1])
    for picture in range(3):
        one = canvas()
        one.render()[picture].square().sum().backward()
        parts += one.parameters[-1].grad
        torch.testing.assert_close(one.parameters[0].grad[picture], whole.parameters[0].grad[picture])
    torch.testing.assert_close(whole.parameters[-1].grad, parts)
