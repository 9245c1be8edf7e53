"""From networks and photos to maps in a folder: what ``mindseye.explain`` does once it knows that it can."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from mindseye.attribution.checks import CheckResult, chance, check
from mindseye.attribution.explanation import Explanation
from mindseye.attribution.methods import Explainer
from mindseye.attribution.score import Score
from mindseye.errors import UserError
from mindseye.optimize.random import RandomKeys
from mindseye.photos.fingerprint import photo_digest
from mindseye.photos.listing import Listing
from mindseye.photos.photo_set import KEPT_BYTES, PhotoSet
from mindseye.report.explanation import draw_explanation
from mindseye.report.figure_files import write_sheet
from mindseye.report.heat import as_image, heat, limit, overlay
from mindseye.report.markdown import check_table
from mindseye.report.page import leave_page
from mindseye.report.progress import Advance
from mindseye.report.theme import FigureStyle
from mindseye.runs.entries import describe_check
from mindseye.runs.files import write_array, write_bytes, write_image
from mindseye.runs.schema import ExplainedPhotoEntry, MapEntry, Skipped
from mindseye.workflows.explanation.files import TABLE, photo_names
from mindseye.workflows.explanation.networks import ExplainedNetwork
from mindseye.workflows.record import Record

LOST = {"lrp": 0.01, "integrated-gradients": 0.05}
"""The share of the score (``error``) that a map may lose before a note says so."""


@dataclass(frozen=True)
class _Outcome:
    """What a method gave for one photo, or the reason why it gave nothing."""

    explanation: Explanation | None = None
    checked: CheckResult | None = None
    reason: str = ""


class ExplanationFlow:
    """One run of ``explain``. What an interrupted run has done is not done again."""

    def __init__(
        self, listing: Listing, networks: Sequence[ExplainedNetwork], record: Record, batch_size: int, checks: bool
    ) -> None:
        """batch_size: photos at once. checks: whether the maps are checked."""
        self.record, self.networks, self.listing, self.names = record, networks, listing, photo_names(listing)
        self.seed, self.batch_size, self.checks = networks[0].session.seed, batch_size, checks
        self.folder, self.manifest, self.progress = record.folder.path, record.manifest, record.progress
        self._entries: dict[str, ExplainedPhotoEntry] = {entry.path: entry for entry in self.manifest.photos}

    def run(self) -> None:
        """Every map, the figures, the table of the checks, the page."""
        sets = [self.explain(network) for network in self.networks]
        self.draw(sets)
        if self.checks:
            write_bytes(self.folder / TABLE, check_table(self.manifest).encode())
        failed = any(entry.status == "failed" for photo in self.manifest.photos for entry in photo.maps)
        self.record.save("partial" if failed or self.manifest.skipped else "done")
        leave_page(self.folder, self.progress)

    def explain(self, network: ExplainedNetwork) -> PhotoSet:
        """The maps of every photo that decodes, by every method that the network allows."""
        session, photos = network.session, PhotoSet(self.listing, KEPT_BYTES // len(self.networks))
        with self.progress.stage("read", len(photos), "photos") as advance:
            model = session.model
            batches = photos.batches(model.preprocessing, session.view, model.in_channels, self.batch_size)
            for indices, _ in batches:
                advance(len(indices))
        self._skip(photos)
        name = f"explain {network.name}"
        with self.progress.stage(name, len(photos) * len(network.methods), "maps") as advance:
            for start in range(0, len(photos), self.batch_size):
                indices = list(range(start, min(start + self.batch_size, len(photos))))
                self._batch(network, photos, indices, advance)
        return photos

    def draw(self, sets: Sequence[PhotoSet]) -> None:
        """A figure for each photo."""
        places = [{path: index for index, path in enumerate(photos.paths)} for photos in sets]
        with self.progress.stage("figures", len(self._entries), "figures") as advance:
            for path, entry in self._entries.items():
                squares = {
                    network.name: photos.load([place[path]])[0]
                    for network, photos, place in zip(self.networks, sets, places, strict=True)
                    if path in place
                }
                entry.figure = f"{entry.name}.figure.png"
                style = FigureStyle.of(self.manifest.figures)
                sheet = draw_explanation(self.folder, self.manifest, entry, squares, style.theme)
                write_sheet(self.folder / entry.figure, sheet, style)
                advance(1)

    def _skip(self, photos: PhotoSet) -> None:
        known = {skipped.path for skipped in self.manifest.skipped}
        for skipped in photos.skipped:
            if skipped.path not in known:
                self.manifest.skipped.append(Skipped(skipped.path, skipped.reason))
                self.progress.say(f"skipped {skipped.path}: {skipped.reason}")
        self.record.note(*photos.notes())

    def _batch(self, network: ExplainedNetwork, photos: PhotoSet, indices: list[int], advance: Advance) -> None:
        entries = [self._entry(photos.paths[index]) for index in indices]
        # By whole batches, so that those of a continued run are those of an unbroken one.
        waiting = [
            method for method in network.methods if any(_of(entry, network, method) is None for entry in entries)
        ]
        advance(len(indices) * (len(network.methods) - len(waiting)))
        if not waiting:
            return
        squares = photos.load(indices)
        images = (squares.float() / 255).to(network.session.device)
        random = RandomKeys(self.seed, tuple(photo_digest(square.float() / 255) for square in squares))
        score, targets = network.target.of(images)
        if self.checks:
            for entry, checked in zip(entries, chance(score, images, random, network.target.is_class), strict=True):
                entry.chance[network.name] = describe_check(checked)
        for method in waiting:
            outcomes = self._ask(network, network.methods[method], score, images, random)
            for entry, square, target, outcome in zip(entries, squares, targets, outcomes, strict=True):
                if _of(entry, network, method) is None:
                    entry.maps.append(self._keep(network, method, entry.name, square, target, outcome))
            advance(len(indices))
        self.record.save("running")

    def _ask(
        self, network: ExplainedNetwork, ask: Explainer, score: Score, images: Tensor, random: RandomKeys
    ) -> list[_Outcome]:
        """The maps of a batch; where one photo spoils it, each photo's alone."""
        try:
            maps = ask(score, images, random)
            if not self.checks:
                return [_Outcome(maps.single(place)) for place in range(len(images))]
            layers, is_class = network.session.network, network.target.is_class
            checked = check(ask, maps, score, images, random, layers, self.seed, is_class)
        except UserError as reason:
            if len(images) == 1:
                return [_Outcome(reason=str(reason))]
            return [
                self._ask(network, ask, score.select([place]), images[place : place + 1], random.select([place]))[0]
                for place in range(len(images))
            ]
        return [_Outcome(maps.single(place), numbers) for place, numbers in enumerate(checked)]

    def _keep(
        self, network: ExplainedNetwork, method: str, name: str, square: Tensor, target: str, outcome: _Outcome
    ) -> MapEntry:
        """Write one map and its pictures; its entry in run.json."""
        entry = MapEntry(network.name, method, target)
        explanation = outcome.explanation
        if explanation is None:
            self.progress.say(f"failed: {name} {method}: {outcome.reason}")
            entry.status, entry.reason = "failed", outcome.reason
            return entry
        lost = explanation.numbers["error"][0] if method in LOST else 0.0
        if lost > LOST.get(method, 0.0):
            self.record.note(f"{name}: {method} of {network.name} loses {lost:.1%} of the score")
        values = explanation.map[0].numpy()
        stem = str(Path(network.folder, f"{name}.{method}"))
        entry.map, entry.picture, entry.overlay = (f"{stem}.{ending}" for ending in ("npy", "png", "overlay.png"))
        end = limit(values)
        write_array(self.folder / entry.map, values)
        write_image(self.folder / entry.picture, heat(values, end, explanation.signed))
        write_image(self.folder / entry.overlay, overlay(as_image(square), values, end, explanation.signed))
        entry.signed, entry.range, entry.limit = explanation.signed, [float(values.min()), float(values.max())], end
        entry.settings = explanation.settings
        entry.numbers = {name: numbers[0] for name, numbers in explanation.numbers.items()}
        entry.check = None if outcome.checked is None else describe_check(outcome.checked)
        return entry

    def _entry(self, path: str) -> ExplainedPhotoEntry:
        if path not in self._entries:
            entry = ExplainedPhotoEntry(self.names[path], path)
            self._entries[path] = entry
            self.manifest.photos.append(entry)
        return self._entries[path]


def _of(photo: ExplainedPhotoEntry, network: ExplainedNetwork, method: str) -> MapEntry | None:
    """A photo's map by a method and a network, where there is one already."""
    return next((entry for entry in photo.maps if (entry.model, entry.method) == (network.name, method)), None)
