"""What each photo of a set shows: its sub-folder says so, or a judge."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mindseye.measure.judge import BATCH, Judge, run_judge
from mindseye.measure.selectivity import FEWEST_OF_A_CLASS
from mindseye.photos.photo_set import PhotoSet, Source, find_photos
from mindseye.workflows.evaluation.panel import Panel
from mindseye.workflows.facets.flow import Flow

FOLDERS = "sub-folders"


@dataclass(frozen=True)
class Labels:
    """One label per photo. source: ``sub-folders``, or the name of the judge. names: [photos]."""

    source: str
    names: Sequence[str]

    @property
    def counts(self) -> dict[str, int]:
        """How many photos each label has, most first."""
        return dict(Counter(self.names).most_common())

    @property
    def enough(self) -> bool:
        """Whether two labels have the photos that the index of class selectivity wants."""
        return sum(count >= FEWEST_OF_A_CLASS for count in self.counts.values()) >= 2

    @property
    def numbers(self) -> NDArray[np.int64]:
        """A number for each photo's label, [photos]."""
        return np.unique(np.asarray(self.names), return_inverse=True)[1].astype(np.int64)


def labels_of_folders(photos: PhotoSet) -> Labels | None:
    """The sub-folders; None where none were read, or all photos are in one."""
    names = photos.labels
    return None if names is None or len(set(names)) < 2 else Labels(FOLDERS, names)


def labels_of_judge(
    judge: Judge,
    photos: PhotoSet,
    paths: Sequence[str],
    device: torch.device,
    on_batch: Callable[[int], None] = lambda count: None,
) -> Labels | None:
    """What a judge takes each photo for, its likeliest label; None where it scores no classes.

    photos: listed anew, as the judge sees them in its own size. paths: those of the run, which decode.

    Raises:
        UserError: if a photo is gone, or the judge gives NaN.
    """
    if judge.output is None:
        return None
    side, channels = judge.model.preprocessing.size, judge.model.in_channels
    photos.restore(paths, judge.model.preprocessing, side, channels)
    seen = run_judge(judge, photos.batches(judge.model.preprocessing, side, channels, BATCH), device, on_batch)
    if seen.logits is None:
        return None
    likeliest = [int(index) for index in seen.logits.argmax(-1)]
    return Labels(judge.name, [judge.label_names((index,)) for index in likeliest])


def labels_of(flow: Flow, panel: Panel | None, photos: Source, recursive: bool) -> Labels | None:
    """What the photos of a run show: their sub-folders, else the first judge that names classes, else nobody knows."""
    own = flow.job.photos
    labels = labels_of_folders(own)
    judge = next((judge for judge in panel.judges if judge.output is not None), None) if panel else None
    if labels is not None or judge is None:
        return labels
    with flow.progress.stage(f"ask {judge.name}", len(own), "photos") as advance:
        return labels_of_judge(judge, find_photos(photos, recursive), own.paths, flow.session.device, advance)
