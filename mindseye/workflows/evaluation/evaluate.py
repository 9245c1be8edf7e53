"""What other networks make of the pictures of a finished run: their numbers are added to it."""

from collections import Counter
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
from mindseye.models.load import Model
from mindseye.report.figures import write_figures
from mindseye.report.manifest import names_objectives
from mindseye.report.notebook import Run
from mindseye.report.page import leave_page
from mindseye.report.progress import Progress
from mindseye.runs.entries import most_common
from mindseye.runs.folder import FINISHED, RunFolder
from mindseye.runs.schema import FacetEntry, JudgeEntry, Manifest, Number, Numbers, Summary
from mindseye.workflows.evaluation.album import open_album
from mindseye.workflows.evaluation.painter import clustered_means, painter_if_kept, refuse_painter
from mindseye.workflows.evaluation.panel import Panel
from mindseye.workflows.evaluation.pictures import judge_pictures, pictures_and_starts


def has_looked(manifest: Manifest, panel: Panel) -> bool:
    """Whether every judge of the panel has been asked the same of this run before."""
    return all(
        judge.name in manifest.judges and manifest.judges[judge.name].asked == panel.asked(judge)
        for judge in panel.judges
    )


def assess(path: Path, panel: Panel, device: torch.device, progress: Progress, painter: Model | None = None) -> Run:
    """Show a finished run to judges, and add their numbers to it. painter: the painted network, where it is at hand."""
    folder = RunFolder(path)
    with folder.locked():
        manifest = read_finished(folder)
        if names_objectives(manifest):
            judge_pictures(folder, manifest, panel, device, progress)
        else:
            _Evaluation(folder, manifest, panel, device, progress, painter).run()
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
        self.seed = manifest.seed or 0
        self.device, self.progress = device, progress
        self.album = open_album(folder, manifest, panel.among)
        self.painted = [(layer, facet) for layer in manifest.layers for facet in layer.facets if facet.picture]
        if not self.painted:
            raise UserError(f"{folder.path} holds no picture: every facet failed")

    def run(self) -> None:
        """Refuse the painter, show photos and pictures to each judge, sum up, write."""
        painter = self._painter or painter_if_kept(
            self.manifest, self.progress, "without the painted network there is no stability of the facets"
        )
        refuse_painter(self.panel, painter, self.manifest)
        summary = self.manifest.summary = self.manifest.summary or Summary()
        for judge in self.panel.judges:
            self.judge(judge, summary.layers)
        if "stability" not in summary.set:
            summary.set = self.steadiness(painter)
        for layer in self.manifest.layers:
            measures = [facet.measures or {} for facet in layer.facets]
            summary.layers.setdefault(layer.layer, {}).update(summarise(measures, self.seed))
        self.manifest.seconds |= self.progress.seconds
        self.folder.write(self.manifest)

    def judge(self, judge: Judge, summary: dict[str, Any]) -> None:
        """What one judge makes of every picture, into the facets' measures; of a layer's pictures, into the summary."""
        seen, shown = self.photos(judge), self.pictures(judge)
        folders = self.album.folders()
        names = sorted(set(folders))
        numbers = torch.tensor([names.index(name) for name in folders])
        photos = index_photos(seen.features, numbers, self.album.facets())
        for place, (_, facet) in enumerate(self.painted):
            measures = facet.measures = {} if facet.measures is None else facet.measures
            two = slice(2 * place, 2 * place + 2)
            home = names.index(most_common([folders[member.index] for member in facet.members]))
            near = _near(shown.features[two], photos, home if len(names) > 1 else None, facet)
            measures.setdefault("neighbourhood", {})[judge.name] = near
            if seen.logits is not None and shown.logits is not None:
                named = _named(shown.logits[two], seen.logits[_members(facet)], judge)
                measures.setdefault("transfer", {})[judge.name] = named
        for layer in self.manifest.layers:
            places = [place for place, (other, _) in enumerate(self.painted) if other is layer]
            first = [self.painted[place][1].members[0].index for place in places]
            pictures, starts = (shown.features[offset::2][places] for offset in (0, 1))
            alike = likeness(pictures, seen.features[first], starts)
            summary.setdefault(layer.layer, {}).setdefault("mean_pairwise_cosine", {})[judge.name] = alike
        self.manifest.judges[judge.name] = JudgeEntry(
            weights=judge.model.weights,
            preprocessing=judge.model.preprocessing.describe(),
            features=judge.features.address,
            folders=dict(Counter(folders)),
            labels=None if judge.labels is None else judge.label_names(judge.labels),
            asked=self.panel.asked(judge),
        )

    def photos(self, judge: Judge) -> JudgeOutputs:
        """Every photo, with the judge's own preprocessing."""
        with self.progress.stage(f"judge {judge.name}", len(self.album), "photos") as advance:
            seen = [run_judge(judge, batches, self.device, advance) for batches in self.album.batches(judge.model)]
        logits = [part.logits for part in seen if part.logits is not None]
        return JudgeOutputs(torch.cat([part.features for part in seen]), torch.cat(logits) if logits else None)

    def pictures(self, judge: Judge) -> JudgeOutputs:
        """Every picture, each followed by its start."""
        images = pictures_and_starts(self.folder, (facet for _, facet in self.painted))
        return run_judge(judge, picture_batches(images, judge.model), self.device)

    def steadiness(self, painter: Model | None) -> Numbers:
        """Silhouette of the facets and, from the painted network's activations, their stability beside its null."""
        clusters = self.manifest.clusters
        measures: dict[str, Number] = {"silhouette": None if clusters is None else clusters.silhouette}
        if painter is None:
            return measures
        seed, paths = self.seed, self.album.paths
        drawn = np.sort(np.random.default_rng(seed).permutation(len(paths))[:MOST_IMAGES])
        count = len(self.manifest.layers[0].facets)
        with self.progress.stage("extract again", len(drawn), "photos") as advance:
            chosen = [paths[index] for index in drawn]
            size = self.manifest.options["size"]
            means = clustered_means(painter, self.album.clusters, size, chosen, self.device, advance)
        with self.progress.stage("stability", 2, "measures") as advance:
            for name, features in (("stability", means.numpy()), ("stability_shuffled", shuffle_channels(means, seed))):
                measures[name] = stability(features, count, seed)
                advance(1)
        return measures


def _near(queries: Tensor, photos: PhotoFeatures, home: int | None, facet: FacetEntry) -> dict[str, dict[str, float]]:
    """The neighbourhood of a picture and its start, features [2, D]; without a home, all photos are of one folder."""
    picture, start = queries
    near = facet_neighbourhood(picture, start, photos, home or 0, facet.index, _members(facet))
    if home is None:  # whatever the picture, its neighbours are at home
        for numbers in near.values():
            numbers["home_folder"] = float("nan")
    return near


def _named(queries: Tensor, members: Tensor, judge: Judge) -> dict[str, Any]:
    """The transfer of a picture and its start, logits [2, classes], beside the members' [n, classes], and its label."""
    picture, start = queries
    labels = judge.labels or (majority_label(members),)
    told = facet_transfer(picture, members, start, labels)
    return {**told, "label": judge.label_names(labels), "labels": list(labels)}


def _members(facet: FacetEntry) -> Tensor:
    return torch.tensor([member.index for member in facet.members])


def read_finished(folder: RunFolder) -> Manifest:
    """The manifest of a finished run with pictures.

    Raises:
        UserError: if there is none, or it is of an explanation, or not finished.
    """
    manifest = folder.read()
    if manifest.kind == "explain":
        raise UserError(f"{folder.path} holds no pictures to be judged; take a run of 'visualize' or 'paint'")
    if manifest.status not in FINISHED:
        raise UserError(f"{folder.path} is not finished ({manifest.status}); continue it with its own command first")
    return manifest
