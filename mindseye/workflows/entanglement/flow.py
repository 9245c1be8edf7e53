"""A run of the main job, the numbers of its channels, and pictures of a few of them.

``EntanglementFlow.run`` is the whole of it. The facets, their targets and pictures are those of ``facets.flow.Flow``.
"""

from collections.abc import Callable

from torch import Tensor

from mindseye.facets.unit_facets import FEWEST, TOP_SHARE, find_unit_facets
from mindseye.measure.channels import channel_numbers, facet_counts, shared_by_chance
from mindseye.measure.entanglement import FEWEST_FACETS
from mindseye.measure.selectivity import FEWEST_OF_A_CLASS
from mindseye.runs.files import read_tensors
from mindseye.runs.schema import ChannelPictureEntry, LabelsEntry, LayerEntry
from mindseye.wording import counted
from mindseye.workflows.entanglement.entries import (
    describe_channel_picture,
    describe_channels,
    is_number,
    most_and_least,
)
from mindseye.workflows.entanglement.labels import Labels
from mindseye.workflows.entanglement.pictures import ChannelPictures
from mindseye.workflows.facets.flow import Flow
from mindseye.workflows.finish import finish_run


class EntanglementFlow:
    """One run from photos to the entangled channels of its layers, kept in its folder as it goes."""

    def __init__(self, flow: Flow, shown: int, labels: Callable[[], Labels | None]) -> None:
        """shown: of how many of the most, and of the least entangled channels of a layer there are pictures.

        labels: asked when the photos have been read; None where nobody knows what they show.
        """
        self.flow, self.shown, self.labels = flow, shown, labels
        self.job, self.session, self.record, self.progress = flow.job, flow.session, flow.record, flow.progress
        self.folder, self.manifest = flow.folder, flow.manifest
        self.pictures = ChannelPictures(flow)

    def run(self) -> None:
        """Facets and targets; the channels' numbers; the facets' pictures; the channels'; figures. Nothing is done twice."""
        targets = self.flow.prepare()
        if any(entry.entanglement is None for entry in self.manifest.layers):
            self.measure_channels(self.flow.means or self._extract_again())
        for layer in self.job.layers:
            self.flow.paint(layer, targets)
            self.flow.measure(layer, targets)
        for layer in self.job.layers:
            self.pictures.paint(layer)
            self.pictures.paint_facets(layer)
            self.pictures.measure(layer)
        finish_run(self.record)

    def measure_channels(self, means: dict[str, Tensor]) -> None:
        """How entangled each layer's channels are; the photos and facets of those that are shown; into the manifest.

        means: {address: [photos, channels]}, those of the layer that the facets were found at among them.
        """
        features, seed = means[self.job.cluster.address], self.session.seed
        facets = read_tensors(self.folder.facets)[f"{self.job.cluster.address}/facet"].numpy()
        labels = self.labels()
        self._note(len(features), int(facets.max()) + 1, labels)
        self.manifest.labels = None if labels is None else LabelsEntry(labels.source, labels.counts)
        with self.progress.stage("entanglement", len(self.job.layers), "layers") as advance:
            for layer, entry in zip(self.job.layers, self.manifest.layers, strict=True):
                values = means[layer.address]
                top = [[channel.channel for channel in facet.channels] for facet in entry.facets]
                counts, whole = facet_counts(top), values.double().numpy()
                numbers = channel_numbers(
                    whole,
                    list(counts),
                    facets,
                    features.double().numpy(),
                    None if labels is None else labels.numbers,
                    seed,
                )
                describe_channels(entry, numbers, counts, seed)
                shared, by_chance = shared_by_chance(whole, facets, len(top[0]), seed)
                entry.channel_means["facets"] = {"mean": shared, "null": by_chance}
                entry.channel_pictures = [
                    self._pictures(channel, which, values[:, channel], features, labels)
                    for channel, which in most_and_least(entry.channel_stats, self.shown)
                ]
                self._note_constant(entry)
                advance(1)
        self.record.save("running")

    def _extract_again(self) -> dict[str, Tensor]:
        """What an interrupted run had extracted; the photos that it skipped are not listed anew."""
        skipped = self.manifest.skipped
        means = self.flow.extract()
        self.manifest.skipped = skipped
        return means

    def _pictures(
        self, channel: int, which: str, values: Tensor, features: Tensor, labels: Labels | None
    ) -> ChannelPictureEntry:
        recipe = self.session.recipe
        excited = find_unit_facets(
            values, features, "auto", recipe.members, self.session.seed, recipe.gamma, recipe.weighting
        )
        names = None if labels is None else labels.names
        return describe_channel_picture(channel, which, values, excited, self.job.photos.paths, names)

    def _note(self, photos: int, facets: int, labels: Labels | None) -> None:
        """What limits the numbers, a line each."""
        if facets < FEWEST_FACETS:
            self.record.note(
                f"{counted(facets, 'facets')}: who prefers one of two does not prefer the other, so that no channel can be "
                "entangled; "
                f"at least {FEWEST_FACETS} are wanted"
            )
        if self.shown and photos < FEWEST:
            self.record.note(
                f"{counted(photos, 'photos')}: a channel's own facets are of all of them, {FEWEST} are wanted"
            )
        elif self.shown and photos * TOP_SHARE < FEWEST:
            self.record.note(
                f"a channel's own facets are of the {FEWEST} photos that excite it most, more than its top "
                f"{TOP_SHARE:.0%} of {photos}"
            )
        if labels is not None and not labels.enough:
            self.record.note(
                f"no class selectivity: fewer than two labels, of {labels.source}, have {FEWEST_OF_A_CLASS} photos"
            )

    def _note_constant(self, entry: LayerEntry) -> None:
        constant = sum(not is_number(channel.explained) for channel in entry.channel_stats)
        if constant:
            self.record.note(
                f"layer {entry.layer}: {constant} of the channels do the same in every photo and have no entanglement"
            )
