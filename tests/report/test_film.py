"""Films read back: GIF with Pillow, MP4 with PyAV."""

import builtins
import io

import av
import numpy as np
import pytest
from PIL import Image, ImageSequence

from mindseye.errors import UserError
from mindseye.report.film import gif, load_av, mp4


def noise(count, size=(48, 40), colours=None):
    """Pictures of random cells, of a few colours or of any."""
    draw = np.random.default_rng(0)
    pictures = []
    for _ in range(count):
        cells = draw.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        if colours is not None:
            cells = colours[draw.integers(0, len(colours), (8, 8))]
        pictures.append(Image.fromarray(cells).resize(size, Image.Resampling.NEAREST))
    return pictures


def frames_of(data):
    with Image.open(io.BytesIO(data)) as film:
        return [(np.asarray(frame.convert("RGB")), frame.info["duration"]) for frame in ImageSequence.Iterator(film)]


def video_of(data):
    with av.open(io.BytesIO(data)) as film:
        stream = film.streams.video[0]
        about = (stream.codec_context.name, stream.codec_context.pix_fmt, float(stream.average_rate))
        return about, [
            frame.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray() for frame in film.decode(video=0)
        ]


def test_gif_of_few_colours_comes_back_exactly():
    """Where 256 colours are enough for all frames together, every pixel is as it was."""
    colours = np.random.default_rng(1).integers(0, 256, (200, 3), dtype=np.uint8)
    pictures = noise(5, (64, 48), colours)
    for picture, (frame, _) in zip(pictures, frames_of(gif(pictures, 2.0)), strict=True):
        assert np.array_equal(np.asarray(picture), frame)


def test_gif_frames_are_the_pictures_within_one_palette():
    """Many colours: at most 256 in all frames together, and each frame nearer to its picture than to any other."""
    pictures = noise(6, (160, 150))
    frames = [frame for frame, _ in frames_of(gif(pictures, 2.0))]
    assert len(np.unique(np.concatenate([frame.reshape(-1, 3) for frame in frames]), axis=0)) <= 256
    for place, frame in enumerate(frames):
        off = [np.abs(frame.astype(float) - np.asarray(picture)).mean() for picture in pictures]
        assert off[place] < 12
        assert min(off[:place] + off[place + 1 :]) > 4 * off[place]


@pytest.mark.parametrize(("count", "seconds"), [(1, 4.0), (3, 4.0), (7, 1.0), (9, 0.37)])
def test_gif_lasts_as_long_as_asked_and_a_second_more(count, seconds):
    """To the hundredth of a second, in parts that are alike but for rounding; it runs for ever."""
    data = gif(noise(count), seconds)
    durations = [duration for _, duration in frames_of(data)] if count > 1 else []
    if count > 1:
        assert sum(durations) == pytest.approx(1000 * seconds + 1000, abs=10)
        assert np.ptp([*durations[:-1], durations[-1] - 1000]) <= 10
        assert Image.open(io.BytesIO(data)).info["loop"] == 0


def test_gif_of_many_pictures_is_thinned_to_its_rate():
    """100 pictures in one second: 25 of them, the first and the last among these."""
    pictures = noise(100, (16, 16), np.random.default_rng(2).integers(0, 256, (60, 3), dtype=np.uint8))
    frames = frames_of(gif(pictures, 1.0))
    assert len(frames) == 25
    assert np.array_equal(frames[0][0], np.asarray(pictures[0]))
    assert np.array_equal(frames[-1][0], np.asarray(pictures[-1]))


@pytest.mark.parametrize(("size", "even"), [((48, 40), (48, 40)), ((47, 33), (48, 34))])
def test_mp4_frames_size_and_format(size, even):
    """30 frames a second, a second more than asked, H.264 in yuv420p, sides made even by repeating the last pixels."""
    about, frames = video_of(mp4(noise(4, size), 2.0))
    assert about == ("h264", "yuv420p", 30.0)
    assert len(frames) == 90
    assert {frame.shape for frame in frames} == {(even[1], even[0], 3)}


def test_mp4_shows_each_picture_for_its_time():
    """Frame by frame the picture whose turn it is, greys to within a few levels; then the last one."""
    greys = [20, 200, 90]
    pictures = [Image.new("RGB", (32, 32), (grey,) * 3) for grey in greys]
    _, frames = video_of(mp4(pictures, 1.0))
    expected = [greys[frame * 3 // 30] for frame in range(30)] + [90] * 30
    assert np.abs(np.array([frame.mean() for frame in frames]) - expected).max() < 4


def test_mp4_keeps_colours():
    """The matrix that is written is the one that is announced."""
    for colour in ((220, 30, 60), (20, 200, 40), (30, 60, 210)):
        _, frames = video_of(mp4([Image.new("RGB", (32, 32), colour)], 0.1))
        assert np.abs(frames[0][16, 16].astype(int) - colour).max() <= 4


def test_pictures_of_other_sizes_become_as_large_as_the_last():
    """An early step may be smaller: it is enlarged."""
    pictures = [Image.new("RGB", (20, 20), (250, 0, 0)), Image.new("RGB", (40, 40), (0, 0, 250))]
    frames = [frame for frame, _ in frames_of(gif(pictures, 1.0))]
    assert [frame.shape for frame in frames] == [(40, 40, 3)] * 2
    assert np.array_equal(frames[0], np.full((40, 40, 3), (250, 0, 0)))
    assert video_of(mp4(pictures, 1.0))[1][0].shape == (40, 40, 3)


def test_without_pyav_one_line_names_the_extra(monkeypatch):
    """What to install, and what works without."""
    real = builtins.__import__

    def absent(name, *rest, **options):
        if name == "av":
            raise ImportError(name)
        return real(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(UserError, match=r"pip install .*\[film\].*--gif") as raised:
        load_av()
    assert "\n" not in str(raised.value)
