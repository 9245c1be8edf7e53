"""Two atlases over the same photos: which channels of one network have a twin in the other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mindseye.errors import UserError
from mindseye.measure.likeness import correlations, linear_cka, match_channels
from mindseye.measure.selectivity import Floats
from mindseye.report.atlas.comparison import TwinRow, write_comparison_page
from mindseye.report.frame import frame
from mindseye.report.html import html_block, page_link, table
from mindseye.workflows.atlas.atlas import Atlas, MissingError
from mindseye.workflows.atlas.common_photos import describe_photos, match_photos

FEWEST_PHOTOS = 10
TWIN = 0.5
"""From this correlation on, two channels count as twins."""


@dataclass(frozen=True)
class Twin:
    """A channel of the first atlas and its partner in the second, either None where there is none. r: their correlation."""

    channel: int | None
    other: int | None
    r: float | None

    @property
    def is_twin(self) -> bool:
        """Whether they answer alike, at a correlation of 0.5 at least."""
        return self.r is not None and self.r >= TWIN


@dataclass(frozen=True)
class LayerComparison:
    """A layer of each atlas.

    cka: linear CKA of all channels' answers. twins: those of which one has a page at least, the least alike first. mean, chance:
    the mean correlation over all pairs, and of a matching over shuffled photos.
    """

    layer: str
    other: str
    cka: float
    twins: tuple[Twin, ...]
    mean: float
    chance: float

    @property
    def share(self) -> float:
        """The share of them that are twins."""
        return sum(twin.is_twin for twin in self.twins) / max(1, len(self.twins))


@dataclass(frozen=True)
class Comparison(Mapping[str, LayerComparison]):
    """Two atlases beside each other, by the first one's layers.

    photos: how many both have. by_content: how many of these by the same content; the others by their paths alone. page: the file.
    """

    first: Atlas
    second: Atlas
    photos: int
    by_content: int
    layers: tuple[LayerComparison, ...]
    page: Path

    def __getitem__(self, layer: str) -> LayerComparison:
        for entry in self.layers:
            if entry.layer == layer:
                return entry
        raise MissingError(f"layer {layer!r} is not in this comparison: it has {', '.join(self)}")

    def __iter__(self) -> Iterator[str]:
        return iter([entry.layer for entry in self.layers])

    def __len__(self) -> int:
        return len(self.layers)

    @property
    def photos_line(self) -> str:
        """How many photos both have, and by what they were matched."""
        return describe_photos(self.photos, self.by_content)

    def to_frame(self) -> Any:
        """A pandas table: a row per pair."""
        return frame(
            [
                {
                    "layer": entry.layer,
                    "channel": twin.channel,
                    "other_layer": entry.other,
                    "other": twin.other,
                    "r": twin.r,
                }
                for entry in self.layers
                for twin in entry.twins
            ]
        )

    def __str__(self) -> str:
        pairs = [
            entry.layer if entry.other == entry.layer else f"{entry.layer} ~ {entry.other}" for entry in self.layers
        ]
        names = max(map(len, pairs))
        return "\n".join(
            f"{pair:<{names}}  CKA {entry.cka:.2f}, mean r {entry.mean:.2f} (by chance {entry.chance:.2f}), "
            f"{sum(not twin.is_twin for twin in entry.twins)} of {len(entry.twins)} without a twin"
            for pair, entry in zip(pairs, self.layers, strict=True)
        )

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        rows = [
            {"layer": entry.layer, "other": entry.other, "CKA": entry.cka, "mean r": entry.mean, "twins": entry.share}
            for entry in self.layers
        ]
        title = f"{self.first.record.title} beside {self.second.record.title}"
        return html_block(title, table(rows), page_link(self.page))


def compare_atlases(first: Atlas, second: Atlas, out: Path | None) -> Comparison:
    """Match the channels of two atlases, and write the page. out: the page, by default in the first atlas's folder.

    Layers are paired by their address where both have the same ones, else each of the first with the one most like it (linear
    CKA). Channels are matched one to one so that the sum of correlations of their answers is largest.

    Raises:
        UserError: if the atlases have hardly a photo in common.
    """
    shared = match_photos(first, second)
    if len(shared.pairs) < FEWEST_PHOTOS:
        raise UserError(
            f"{first.path} and {second.path} have {len(shared.pairs)} photos in common, by their content or by their paths below "
            "their folders: make both over the same photos"
        )
    rows, others = [own for own, _ in shared.pairs], [other for _, other in shared.pairs]
    pairs = _pair_layers(first, second, rows, others)
    layers = tuple(_compare(first, second, layer, other, rows, others) for layer, other in pairs)
    name = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in second.path.absolute().name)
    page = out or first.path / f"compare-{name or 'other'}.html"
    write_comparison_page(
        page,
        (first.path, first.record),
        (second.path, second.record),
        describe_photos(len(rows), shared.by_content),
        [
            (entry.layer, entry.other, entry.cka, entry.mean, entry.chance, entry.share, _rows(entry))
            for entry in layers
        ],
    )
    return Comparison(first, second, len(rows), shared.by_content, layers, page)


def _pair_layers(first: Atlas, second: Atlas, rows: list[int], others: list[int]) -> list[tuple[str, str]]:
    if list(first) == list(second):
        return [(layer, layer) for layer in first]

    def likeness(layer: str, other: str) -> float:
        cka = linear_cka(first[layer].answers[rows], second[other].answers[others])
        return cka if np.isfinite(cka) else -1.0

    return [(layer, max(second, key=lambda other, layer=layer: likeness(layer, other))) for layer in first]  # type: ignore[misc]


def _compare(
    first: Atlas, second: Atlas, layer: str, other: str, rows: list[int], others: list[int]
) -> LayerComparison:
    answers, other_answers = first[layer].answers[rows], second[other].answers[others]
    alike = correlations(answers, other_answers)
    matched = match_channels(alike)
    twins = [Twin(own, partner, float(alike[own, partner])) for own, partner in matched]
    with_partner = {own for own, _ in matched}, {partner for _, partner in matched}
    twins += [Twin(own, None, None) for own in range(len(alike)) if own not in with_partner[0]]
    twins += [Twin(None, own, None) for own in range(alike.shape[1]) if own not in with_partner[1]]
    shown = [twin for twin in twins if twin.channel in first[layer] or twin.other in second[other]]
    shown.sort(key=lambda twin: (-2.0 if twin.r is None else twin.r, twin.channel or 0, twin.other or 0))
    return LayerComparison(
        layer,
        other,
        linear_cka(answers, other_answers),
        tuple(shown),
        float(np.mean([alike[pair] for pair in matched])),
        _by_chance(answers, other_answers),
    )


def _by_chance(answers: Floats, others: Floats) -> float:
    """The mean correlation of a matching in which the photos of one are shuffled: many channels match by chance over few photos."""
    alike = correlations(answers, others[np.random.default_rng(0).permutation(len(others))])
    return float(np.mean([alike[pair] for pair in match_channels(alike)]))


def _rows(entry: LayerComparison) -> list[TwinRow]:
    return [TwinRow(twin.channel, twin.other, twin.r, twin.is_twin) for twin in entry.twins]
