"""The same questions to every method's pictures, to the members and to the unoptimised starts."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from mindseye.measure.fidelity import recovery
from mindseye.measure.judge import Judge, JudgeOutputs, picture_batches, run_judge
from mindseye.measure.naturalness import naturalness, spectrum_slope
from mindseye.measure.neighbourhood import facet_neighbourhood, index_photos, neighbourhood
from mindseye.measure.transfer import majority_label, transfer
from mindseye.optimize.transforms.views import Views
from sidebyside.painting import Painted
from sidebyside.setting import BATCH, Setting, photos_in

Row = dict[str, Any]

SLOPE_PHOTOS = 200
MEMBERS, NOISE, WEIGHTED = "members", "start: noise", "start: weighted members"


class Gallery:
    """The photos of all folders as a judge sees them; each folder is looked at once."""

    def __init__(self, judge: Judge, folders: Sequence[str], limit: int, device: torch.device) -> None:
        self.judge, self.folders, self._limit, self._device = judge, folders, limit, device
        self._seen: dict[str, JudgeOutputs] = {}

    def photos(self, folder: str) -> JudgeOutputs:
        """A folder's photos."""
        if folder not in self._seen:
            model, photos = self.judge.model, photos_in(folder, self._limit)
            batches = photos.batches(model.preprocessing, model.preprocessing.size, model.in_channels, BATCH)
            self._seen[folder] = run_judge(self.judge, batches, self._device)
        return self._seen[folder]

    def pictures(self, images: Tensor) -> JudgeOutputs:
        """Painted pictures [n, channels, side, side] in [0, 1]."""
        return run_judge(self.judge, picture_batches(list(images), self.judge.model), self._device)


def score(setting: Setting, painted: Mapping[str, Painted], gallery: Gallery, folder: str) -> list[Row]:
    """A row per facet for each method, each kind of start and the members; methods with what the judge saw over time."""
    ask = Questions(setting, gallery, folder)
    rows: list[Row] = [{"method": MEMBERS} | row for row in ask.members()]
    for start, method in ((NOISE, "distribution"), (WEIGHTED, "paper")):
        images = painted[method].start if method in painted else None
        if images is not None:
            rows += [{"method": start} | row for row in ask.all(images)]
    for name, result in painted.items():
        later = [(seconds, ask.judge(images)) for seconds, images in result.series]
        for facet, row in enumerate(ask.all(result.images)):
            series = [[seconds, seen[facet]["p"], seen[facet]["percentile"]] for seconds, seen in later]
            rows.append({"method": name, "seconds": result.seconds, "steps": result.steps, "series": series} | row)
    return rows


class Questions:
    """What is asked about the pictures of one folder's facets."""

    def __init__(self, setting: Setting, gallery: Gallery, folder: str) -> None:
        self._setting, self._gallery = setting, gallery
        own = gallery.photos(folder)
        parts = [own.features, *(gallery.photos(other).features for other in gallery.folders if other != folder)]
        folders = torch.cat([torch.full((len(part),), number) for number, part in enumerate(parts)])
        facets = torch.full((len(folders),), -1)
        facets[: len(setting.assignment)] = setting.assignment
        self._photos = index_photos(torch.cat(parts), folders, facets)
        self._members = [torch.tensor(members) for members in setting.yardstick.facets]
        self._logits = [_known(own.logits)[members] for members in self._members]
        sample = setting.job.photos.load(range(min(len(setting.job.photos), SLOPE_PHOTOS)))
        self._slope = float(spectrum_slope(sample.float() / 255).mean())

    def judge(self, images: Tensor) -> list[Row]:
        """What the judge makes of one picture per facet, [facets, channels, side, side]."""
        seen = self._gallery.pictures(images)
        rows: list[Row] = []
        for facet, members in enumerate(self._members):
            near = neighbourhood(seen.features[facet, None], self._photos, 0, facet, members)
            named = self._named(_known(seen.logits)[facet, None], facet)
            rows.append({"facet": facet, **self._at_home(near), **named})
        return rows

    def all(self, images: Tensor) -> list[Row]:
        """All questions about one picture per facet."""
        views = Views(self._setting.session.view).plain(images)
        return [row | self._own(views[facet, None], facet) for facet, row in enumerate(self.judge(images))]

    def members(self) -> list[Row]:
        """The same of the members: means over them, but of ``copy`` the largest cosine between two."""
        rows = []
        for facet, members in enumerate(self._members):
            first = self._photos.features[members[0]]
            near = facet_neighbourhood(first, first, self._photos, 0, facet, members)["members"]
            photos = self._setting.yardstick.members[facet].float() / 255
            named = self._named(self._logits[facet], facet)
            rows.append({"facet": facet, **self._at_home(near), **named, **self._own(photos, facet)})
        return rows

    def _at_home(self, near: Mapping[str, Tensor | float]) -> Row:
        """Neighbourhood numbers; whatever the picture, its neighbours are at home where there is one folder only."""
        row = {name: float(torch.as_tensor(value).double().mean()) for name, value in near.items()}
        return row if len(self._gallery.folders) > 1 else row | {"home_folder": float("nan")}

    def _named(self, logits: Tensor, facet: int) -> Row:
        found = transfer(logits, [majority_label(self._logits[facet])])
        return {"p": float(found["probability"].mean()), "top1": float(found["top1"].mean())}

    def _own(self, images: Tensor, facet: int) -> Row:
        """Naturalness, and what the painted layer itself makes of images [n, channels, side, side]."""
        session, layer = self._setting.session, self._setting.layer
        with torch.no_grad(), session.reader([layer]) as read:
            activation = read(session.model.preprocessing.normalise(images.to(session.device)))[layer.address]
        found = recovery(
            activation.float().mean(-1).cpu(), self._setting.target.mean, torch.full((len(images),), facet)
        )
        members = self._setting.yardstick.members[facet].float() / 255
        return {"recovered": float(found.double().mean())} | _means(naturalness(images, members, self._slope))


def _known(logits: Tensor | None) -> Tensor:
    if logits is None:
        raise ValueError("the judge gives no scores of classes")
    return logits


def _means(values: Mapping[str, Tensor]) -> Row:
    return {name: float(value.double().mean()) for name, value in values.items()}
