"""The making of a picture as a film: a GIF, or an MP4 that plays everywhere."""

import io
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from PIL import Image

from mindseye.errors import UserError
from mindseye.report.drawing import sample_evenly
from mindseye.wording import install_command

HOLD = 1.0
"""Seconds for which the last picture stands when the film has run."""
COLOURS = 256
SAMPLED = 128
GIF_RATE = 25
MP4_RATE = 30
BT709 = 1
LIMITED = 1
QUALITY = {"crf": "16", "preset": "slow"}


def gif(pictures: Sequence[Image.Image], seconds: float) -> bytes:
    """An endless GIF: each picture for an equal part of ``seconds``, and the last for ``HOLD`` more.

    All frames share one palette of 256 colours, chosen for all of them together, so that what stands still does not
    flicker. Pictures of another size than the last are resized to it. At most 25 pictures a second are shown, spread
    evenly, the first and the last among them: viewers play shorter frames at a speed of their own.
    """
    chosen = sample_evenly(pictures, max(2, int(seconds * GIF_RATE)))
    frames = _same_size(chosen)
    palette = _palette(frames)
    # A GIF counts in hundredths of a second; rounding the boundaries rather than the lengths keeps the sum.
    boundaries = [round(100 * seconds * place / len(frames)) for place in range(len(frames) + 1)]
    durations = [10 * (end - start) for start, end in pairwise(boundaries)]
    durations[-1] += round(1000 * HOLD)
    first, *others = [frame.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for frame in frames]
    buffer = io.BytesIO()
    first.save(buffer, "GIF", save_all=True, append_images=others, duration=durations, loop=0, optimize=False)
    return buffer.getvalue()


def mp4(pictures: Sequence[Image.Image], seconds: float) -> bytes:
    """An MP4 (H.264, yuv420p, 30 frames a second): ``seconds`` for all pictures alike, and ``HOLD`` more for the last.

    Odd sides are made even by repeating the last row or column, as H.264's halved colour planes need. Pictures of another
    size than the last are resized to it.

    Raises:
        UserError: as ``load_av``.
    """
    av = load_av()
    frames = [np.asarray(frame) for frame in _same_size(pictures)]
    height, width, _ = frames[0].shape
    even = [np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge") for frame in frames]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=MP4_RATE, options=QUALITY)
        stream.width, stream.height, stream.pix_fmt = even[0].shape[1], even[0].shape[0], "yuv420p"
        context = stream.codec_context
        # Where the file does not say its colour space, players guess it from the size of the picture.
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = LIMITED
        for place in _places(len(even), seconds):
            frame = av.VideoFrame.from_ndarray(even[place], format="rgb24")
            container.mux(stream.encode(frame.reformat(format="yuv420p", dst_colorspace="ITU709")))
        container.mux(stream.encode())
    return buffer.getvalue()


def load_av() -> Any:
    """PyAV, which writes MP4.

    Raises:
        UserError: if it is not installed, or was built without the H.264 encoder x264.
    """
    try:
        import av
    except ImportError as error:
        raise UserError(f"an MP4 needs PyAV: {install_command('film')}, or ask for a GIF (--gif) instead") from error
    if "libx264" not in av.codecs_available:
        raise UserError("this PyAV cannot write H.264 (it has no libx264): pip install 'av', or ask for --gif instead")
    return av


def _places(count: int, seconds: float) -> list[int]:
    """Which of ``count`` pictures each frame of an MP4 shows."""
    moving = max(1, round(seconds * MP4_RATE))
    return [frame * count // moving for frame in range(moving)] + [count - 1] * round(HOLD * MP4_RATE)


def _same_size(pictures: Sequence[Image.Image]) -> list[Image.Image]:
    """All in RGB and of the last one's size."""
    size = pictures[-1].size
    images = [picture.convert("RGB") for picture in pictures]
    return [image if image.size == size else image.resize(size, Image.Resampling.BICUBIC) for image in images]


def _palette(frames: Sequence[Image.Image]) -> Image.Image:
    """An image whose palette serves all frames, found from the pixels of all of them, large ones sampled."""
    width, height = (min(side, SAMPLED) for side in frames[0].size)
    strip = Image.new("RGB", (width, height * len(frames)))
    for place, frame in enumerate(frames):
        strip.paste(frame.resize((width, height), Image.Resampling.NEAREST), (0, place * height))
    return strip.quantize(COLOURS, Image.Quantize.MEDIANCUT, kmeans=1)
