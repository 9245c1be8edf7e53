"""What other networks make of a finished run: ``mindseye.evaluate(run, judge=...)`` adds their numbers to it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mindseye.errors import UserError
from mindseye.facets.stability import MOST_IMAGES, shuffle_channels, stability
from mindseye.measure.judge import Judge, JudgeOutputs, likeness, picture_batches, run_judge
from mindseye.measure.neighbourhood import PhotoFeatures, facet_neighbourhood, index_photos
from mindseye.measure.summary import summarise
from mindseye.measure.transfer import facet_transfer, majority_label
from mindseye.models.device import torch_device
from mindseye.models.load import Model
from mindseye.report.figures import write_figures
from mindseye.report.manifest import names_objectives
from mindseye.report.notebook import Run
from mindseye.report.page import leave_page
from mindseye.report.progress import Progress
from mindseye.runs.files import read_picture
from mindseye.runs.folder import FINISHED, Manifest, RunFolder
from mindseye.workflows.evaluation.album import open_album
from mindseye.workflows.evaluation.painter import clustered_means, is_painter, load_painter
from mindseye.workflows.evaluation.panel import Folder, Network, Panel, convene, own_judge
from mindseye.workflows.evaluation.pictures import judge_pictures


def evaluate(
    run: Folder | Run,
    judge: Network | Sequence[Network],
    among: Folder | Sequence[Folder] = (),
    labels: str | int | Sequence[str | int] = (),
    *,
    device: str = "auto",
    quiet: bool = False,
) -> Run:
    """Let networks that a run was not painted from look at its pictures, beside their members and starts.

    Adds to run.json, under ``measures`` of each facet, ``neighbourhood`` and ``transfer`` by judge; ``summary``, the means
    over the facets with intervals, and ``judges``, what each judge looked at. Draws the figures and writes the page anew. A
    judge that has looked before is asked again; the run stays as finished as it was. Pictures of named objectives get
    ``transfer`` alone, with what the judge ``sees`` in each.

    Args:
        run: a finished run, or its folder.
        judge: one model or several, as ``visualize`` takes them.
        among: folders of other photos to find neighbours among, sub-folders too; each counts as one. For facets only.
        labels: name, WordNet id or index of what the judge should see, counted together; by default what it sees in
            most of a facet's members. The picture of a class should show that class.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """
    path = run.path if isinstance(run, Run) else Path(run)
    _finished(RunFolder(path))  # before a judge is fetched, and before the lock, which makes a folder where none is
    return assess(path, convene(judge, among, labels), device=device, quiet=quiet)


def has_looked(manifest: Manifest, panel: Panel) -> bool:
    """Whether every judge of the panel has been asked the same of this run before."""
    judged = manifest.get("judges", {})
    return all(judged.get(judge.name, {}).get("asked") == panel.asked(judge) for judge in panel.judges)


def assess(path: Path, panel: Panel, *, device: str = "auto", quiet: bool = False, painter: Model | None = None) -> Run:
    """``evaluate`` with judges that are loaded already, and the painted network too where it is at hand."""
    folder, progress = RunFolder(path), Progress(quiet)
    with folder.locked():
        manifest = _finished(folder)
        if names_objectives(manifest):
            judge_pictures(folder, manifest, panel, torch_device(device), progress)
        else:
            _Evaluation(folder, manifest, panel, torch_device(device), progress, painter).run()
        with progress.stage("figures", 1, "set") as advance:
            write_figures(path)
            advance(1)
        leave_page(path, progress)
    progress.say(f"done: {path}")
    return Run(path)


class _Evaluation:
    """One evaluation of one run; nothing is written before everything is known."""

    def __init__(
        self,
        folder: RunFolder,
        manifest: Manifest,
        panel: Panel,
        device: torch.device,
        progress: Progress,
        painter: Model | None,
    ) -> None:
        self._painter = painter
        self.folder, self.manifest, self.panel = folder, manifest, panel
        self.device, self.progress = device, progress
        self.album = open_album(folder, manifest, panel.among)
        self.painted = [(layer, facet) for layer in manifest["layers"] for facet in layer["facets"] if facet["picture"]]
        if not self.painted:
            raise UserError(f"{folder.path} holds no picture: every facet failed")

    def run(self) -> None:
        """Refuse the painter, look at photos and pictures with each judge, sum up, write."""
        painter = self.painter()
        for judge in self.panel.judges:
            if is_painter(judge.model, painter, self.manifest):
                raise own_judge(judge.name)
        summary = self.manifest.setdefault("summary", {"layers": {}, "set": {}})
        for judge in self.panel.judges:
            self.judge(judge, summary["layers"])
        if "stability" not in summary["set"]:
            summary["set"] = self.steadiness(painter)
        for layer in self.manifest["layers"]:
            measures = [facet.get("measures", {}) for facet in layer["facets"]]
            summary["layers"].setdefault(layer["layer"], {}).update(summarise(measures, self.manifest["seed"]))
        self.manifest["seconds"] |= self.progress.seconds
        self.folder.write(self.manifest)

    def judge(self, judge: Judge, summary: dict[str, Any]) -> None:
        """What one judge makes of every picture, into the facets' measures; of a layer's pictures, into the summary."""
        seen, shown = self.photos(judge), self.pictures(judge)
        folders = self.album.folders()
        names = sorted(set(folders))
        numbers = torch.tensor([names.index(name) for name in folders])
        photos = index_photos(seen.features, numbers, self.album.facets())
        for place, (_, facet) in enumerate(self.painted):
            measures = facet.setdefault("measures", {})
            two = slice(2 * place, 2 * place + 2)
            own = [folders[member["index"]] for member in facet["members"]]
            home = names.index(max(sorted(set(own)), key=own.count))
            near = _near(shown.features[two], photos, home if len(names) > 1 else None, facet)
            measures.setdefault("neighbourhood", {})[judge.name] = near
            if seen.logits is not None and shown.logits is not None:
                named = _named(shown.logits[two], seen.logits[_members(facet)], judge)
                measures.setdefault("transfer", {})[judge.name] = named
        for layer in self.manifest["layers"]:
            places = [place for place, (other, _) in enumerate(self.painted) if other is layer]
            first = [self.painted[place][1]["members"][0]["index"] for place in places]
            pictures, starts = (shown.features[offset::2][places] for offset in (0, 1))
            alike = likeness(pictures, seen.features[first], starts)
            summary.setdefault(layer["layer"], {}).setdefault("mean_pairwise_cosine", {})[judge.name] = alike
        self.manifest.setdefault("judges", {})[judge.name] = {
            "weights": judge.model.weights,
            "preprocessing": judge.model.preprocessing.describe(),
            "features": judge.features.address,
            "folders": dict(Counter(folders)),
            "labels": None if judge.labels is None else judge.label_names(judge.labels),
            "asked": self.panel.asked(judge),
        }

    def photos(self, judge: Judge) -> JudgeOutputs:
        """Every photo, with the judge's own preprocessing."""
        with self.progress.stage(f"judge {judge.name}", len(self.album), "photos") as advance:
            seen = [run_judge(judge, batches, self.device, advance) for batches in self.album.batches(judge.model)]
        logits = [part.logits for part in seen if part.logits is not None]
        return JudgeOutputs(torch.cat([part.features for part in seen]), torch.cat(logits) if logits else None)

    def pictures(self, judge: Judge) -> JudgeOutputs:
        """Every picture, each followed by its start."""
        files = [self.folder.path / facet[role] for _, facet in self.painted for role in ("picture", "start")]
        return run_judge(judge, picture_batches(map(read_picture, files), judge.model), self.device)

    def painter(self) -> Model | None:
        """The network that was painted from, where it can be had."""
        if self._painter is not None:
            return self._painter
        try:
            return load_painter(self.manifest)
        except UserError as error:
            self.progress.say(f"note: without the painted network there is no stability of the facets ({error})")
            return None

    def steadiness(self, painter: Model | None) -> dict[str, float | None]:
        """Silhouette of the facets and, from the painted network's activations, their stability beside its null."""
        measures: dict[str, float | None] = {"silhouette": self.manifest["clusters"]["silhouette"]}
        if painter is None:
            return measures
        seed, paths = self.manifest["seed"], self.album.paths
        drawn = np.sort(np.random.default_rng(seed).permutation(len(paths))[:MOST_IMAGES])
        count = len(self.manifest["layers"][0]["facets"])
        with self.progress.stage("extract again", len(drawn), "photos") as advance:
            chosen = [paths[index] for index in drawn]
            means = clustered_means(self.manifest, painter, chosen, self.device, advance)
        with self.progress.stage("stability", 2, "measures") as advance:
            for name, features in (("stability", means.numpy()), ("stability_shuffled", shuffle_channels(means, seed))):
                measures[name] = stability(features, count, seed)
                advance(1)
        return measures


def _near(
    queries: Tensor, photos: PhotoFeatures, home: int | None, facet: dict[str, Any]
) -> dict[str, dict[str, float]]:
    """The neighbourhood of a picture and its start, features [2, D]; without a home, all photos are of one folder."""
    picture, start = queries
    near = facet_neighbourhood(picture, start, photos, home or 0, facet["index"], _members(facet))
    if home is None:  # whatever the picture, its neighbours are at home
        for numbers in near.values():
            numbers["home_folder"] = float("nan")
    return near


def _named(queries: Tensor, members: Tensor, judge: Judge) -> dict[str, Any]:
    """The transfer of a picture and its start, logits [2, classes], beside the members' [n, classes], and its label."""
    picture, start = queries
    labels = judge.labels or (majority_label(members),)
    found = facet_transfer(picture, members, start, labels)
    return {**found, "label": judge.label_names(labels), "labels": list(labels)}


def _members(facet: dict[str, Any]) -> Tensor:
    return torch.tensor([member["index"] for member in facet["members"]])


def _finished(folder: RunFolder) -> Manifest:
    manifest = folder.read()
    if not (names_objectives(manifest) or "layers" in manifest):
        raise UserError(f"{folder.path} holds no pictures to be judged; take a run of 'visualize' or 'paint'")
    if manifest["status"] not in FINISHED:
        raise UserError(f"{folder.path} is not finished ({manifest['status']}); continue it with its own command first")
    return manifest
