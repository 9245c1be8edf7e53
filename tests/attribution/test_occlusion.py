"""Occlusion against boxes hidden one by one, and what hidden parts are filled with."""

import pytest
import torch
from explained import DICE, images, plain, scored
from nets import TinyTokens, seeded

from mindseye.attribution.fills import fill_images
from mindseye.attribution.occlusion import occlusion
from mindseye.errors import UserError
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.regularizers.functional import gaussian_blur


def starts(extent, side, step):
    found = list(range(0, extent - side + 1, step))
    return found if found[-1] + side == extent else [*found, found[-1] + step]


def slow(score, pixels, fill, box, stride):
    found, count = torch.zeros(pixels.shape[0], *pixels.shape[2:]), torch.zeros(pixels.shape[2:])
    for top in starts(pixels.shape[2], box[0], stride[0]):
        for left in starts(pixels.shape[3], box[1], stride[1]):
            hidden, place = pixels.clone(), (slice(top, top + box[0]), slice(left, left + box[1]))
            hidden[..., place[0], place[1]] = fill[..., place[0], place[1]]
            found[:, place[0], place[1]] += (score(pixels) - score(hidden))[:, None, None]
            count[place] += 1
    return found / count


@pytest.mark.parametrize("fill", ["mean", "random", "blur", "0.5", "#ff8000"])
@pytest.mark.parametrize(("box", "stride"), [((4, 6), (3, 5)), ((5, 4), (5, 4))])
def test_occlusion_by_definition(fill, box, stride):
    """Each pixel's mean loss over the boxes that hide it, a class of its own for each image, any batch."""
    score = scored(plain(), [4, 0])
    expected = slow(score, images(), fill_images(images(), fill, DICE), box, stride)
    for batch in (1, 7):
        found = occlusion(score, images(), DICE, box, stride, fill, batch)
        torch.testing.assert_close(found.map, expected, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(torch.tensor(found.numbers["score"]), score(images()))


def test_occlusion_of_tokens():
    """A vision transformer, which takes one size only."""
    score = scored(seeded(TinyTokens), side=32)
    expected = slow(score, images(side=32), fill_images(images(side=32), "mean", DICE), (8, 16), (8, 16))
    found = occlusion(score, images(side=32), DICE, (8, 16), (8, 16))
    torch.testing.assert_close(found.map, expected, rtol=1e-4, atol=1e-6)


def test_fills_by_definition():
    pixels = images()
    torch.testing.assert_close(
        fill_images(pixels, "mean", DICE)[1, 2], torch.full((16, 16), float(pixels[1, 2].mean()))
    )
    torch.testing.assert_close(fill_images(pixels, "blur", DICE), gaussian_blur(pixels, 0.045 * 16))
    torch.testing.assert_close(fill_images(pixels, "#ff0033", DICE)[0, :, 3, 4], torch.tensor([1.0, 0.0, 0.2]))
    torch.testing.assert_close(fill_images(images(channels=7), "0.25", DICE), torch.full((2, 7, 16, 16), 0.25))


def test_random_fill_is_the_image_s_own():
    """Another seed gives other pixels; what shares the batch does not."""
    pixels = images()
    assert torch.equal(fill_images(pixels, "random", DICE)[1:], fill_images(pixels[1:], "random", DICE.select([1])))
    assert not torch.equal(fill_images(pixels, "random", DICE), fill_images(pixels, "random", RandomKeys(4, DICE.keys)))


@pytest.mark.parametrize("fill", ["1.5", "nan", "green", "#12", ""])
def test_unknown_fills_are_refused(fill):
    with pytest.raises(UserError, match="'mean', 'random', 'blur'"):
        fill_images(images(), fill, DICE)
    with pytest.raises(UserError, match="none of"):
        fill_images(images(channels=1), "#808080", DICE)


@pytest.mark.parametrize(("box", "stride", "why"), [((17, 4), (4, 4), "17 px high"), ((4, 0), (4, 1), "0 px wide"),
                                                    ((4, 4), (4, 5), "5 px"), ((4, 4), (0, 4), "0 px")])  # fmt: skip
def test_boxes_that_do_not_fit_are_refused(box, stride, why):
    with pytest.raises(UserError, match=why):
        occlusion(scored(plain()), images(), DICE, box, stride)


def test_no_images_are_refused():
    with pytest.raises(UserError, match="floating-point images"):
        occlusion(scored(plain()), torch.zeros(1, 3, 16, 16, dtype=torch.uint8), DICE)
    with pytest.raises(UserError, match="floating-point images"):
        occlusion(scored(plain()), images(channels=1), DICE)
