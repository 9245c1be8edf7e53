"""What is known of an atlas before anything is painted: its layers, its channels, and what these answer to the photos."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from mindseye.errors import UserError
from mindseye.facets.clustering import find_facets
from mindseye.facets.embedding import embed
from mindseye.facets.extraction import BATCH, extract
from mindseye.facets.extremes import StrongestPositions, layer_extremes
from mindseye.facets.target import check_channels
from mindseye.facets.unit_facets import top_photos
from mindseye.layers.layer import Layer, check_gradients
from mindseye.layers.stages import choose_layers, default_layer, trunk
from mindseye.measure.channels import ChannelNumbers, channel_numbers
from mindseye.measure.likeness import choose_different, linear_cka, strongest_shares
from mindseye.measure.selectivity import Floats, Numbers
from mindseye.optimize.session import NetworkSession
from mindseye.photos.photo_set import PhotoSet
from mindseye.report.progress import Progress
from mindseye.runs.atlas import Answers
from mindseye.runs.entries import common, describe_model, describe_skipped, device_name, most_common, versions
from mindseye.runs.folder import file_name
from mindseye.runs.schema import AtlasChannel, AtlasLayer, AtlasRecord, ImagesEntry, LabelsEntry, PhotoGroup
from mindseye.wording import counted
from mindseye.workflows.atlas.choice import AtlasChoice

FACETS = 8
"""Of the whole collection, by which entanglement is measured, as in ``inspect``."""
TENTH = 10
FEWEST_PHOTOS = 4
SHUFFLES = 20
"""For chance; a page shows the mean of the shuffles alone, which so few give well."""


@dataclass(frozen=True)
class Survey:
    """An atlas that is about to begin."""

    record: AtlasRecord
    answers: Answers


def survey_network(
    session: NetworkSession,
    photos: PhotoSet,
    choice: AtlasChoice,
    title: str,
    command: str,
    cache: bool,
    progress: Progress,
) -> Survey:
    """Look at the photos with the network, and choose the channels. Two passes over the photos.

    Raises:
        UserError: for a layer or channel that there is none of, too few photos, or activations that are NaN.
    """
    model = session.model
    layers = chosen_layers(session, choice)
    cluster = default_layer(model.network, session.network)
    read = list({layer.address: layer for layer in [*layers, cluster]}.values())
    store = session.store(progress.say) if cache else None
    with progress.stage("extract", len(photos), "photos") as advance:
        means = extract(model, read, photos, session.view, session.device, store, advance, progress.say)
    if len(photos) < FEWEST_PHOTOS:
        raise UserError(
            f"an atlas wants at least {FEWEST_PHOTOS} photos, and some hundred to say much, not {len(photos)}"
        )
    channels = {layer.address: _choose(choice, layer, means[layer.address]) for layer in layers}
    labels = photos.labels if photos.labels and len(set(photos.labels)) > 1 else None
    record = AtlasRecord(
        title=title,
        model=describe_model(model, session.model_spec),
        images=ImagesEntry(photos.root, len(photos), photos.paths),
        command=command,
        versions=versions(),
        device=device_name(session.device),
        seed=session.seed,
        side=session.view,
        facets=choice.facets,
        recipe=session.recipe.as_dict(),
        cluster_layer=cluster.address,
        labels=None if labels is None else LabelsEntry("sub-folders", dict(Counter(labels).most_common())),
        label_names=labels or [],
        contents=photos.contents(),
        skipped=describe_skipped(photos),
        notes=[*photos.notes(), *model.findings.remarks()],
    )
    answers = Answers({f"{layer.address}/means": means[layer.address] for layer in layers})
    with progress.stage("channels", len(layers), "layers") as advance:
        facets = _cluster(means[cluster.address], session.seed)
        features = means[cluster.address].double().numpy()
        numbers = None if labels is None else np.unique(np.asarray(labels), return_inverse=True)[1].astype(np.int64)
        for place, layer in enumerate(layers):
            values = answers.values(layer.address)
            measured = channel_numbers(
                values, channels[layer.address], facets, features, numbers, session.seed, SHUFFLES
            )
            entry = _describe_layer(layer, means[layer.address], session, labels)
            entry.stage_cka = linear_cka(answers.values(layers[place - 1].address), values) if place else None
            entry.entries = _describe_channels(values, means[layer.address], measured, labels, session.seed)
            record.layers.append(entry)
            advance(1)
    _keep_extremes(session, photos, layers, channels, answers, progress)
    if labels is None:
        record.notes.append("the photos are in no sub-folders, so no classes are told")
    return Survey(record, answers)


def chosen_layers(session: NetworkSession, choice: AtlasChoice) -> list[Layer]:
    """The layers of an atlas, early to late.

    Raises:
        UserError: for one that does not fire, or of which no gradient reaches the image.
    """
    network = session.network
    if list(choice.layers) == ["all"]:
        layers = [block for block in trunk(session.model.network, network) if block.has_gradient]
        if not layers:
            raise UserError("no block of this network can be painted; name layers by hand")
    else:
        layers = choose_layers(session.model.network, network, list(choice.layers) or ["auto"])
    check_gradients(layers)
    folders = [file_name(layer.address).casefold() for layer in layers]
    if len(set(folders)) < len(folders):
        raise UserError("two of these layers would have one folder: name fewer")
    return list({layer.address: layer for layer in layers}.values())


def _choose(choice: AtlasChoice, layer: Layer, means: Tensor) -> list[int]:
    """The channels of a layer that get a page, by number."""
    if choice.channels == "all":
        return list(range(layer.channels))
    if isinstance(choice.channels, int):
        return sorted(choose_different(means.double().numpy(), choice.channels))
    check_channels(choice.channels, layer.address, layer.channels)
    return sorted(set(choice.channels))


def _cluster(features: Tensor, seed: int) -> Numbers:
    """The facet of each photo in the last features, [photos]."""
    _, clustering = find_facets(embed(features, seed).points, FACETS, 1, seed)
    return clustering.assignment


def _describe_layer(layer: Layer, means: Tensor, session: NetworkSession, labels: list[str] | None) -> AtlasLayer:
    """A layer with the facets of the whole collection, whose members are those that its recipe paints from."""
    recipe, seed = session.recipe, session.seed
    points = embed(means, seed).points
    facets, clustering = find_facets(points, "auto", recipe.members, seed, recipe.gamma, recipe.weighting)
    groups = [
        PhotoGroup(
            facet.size,
            _majority(labels, np.flatnonzero(clustering.assignment == facet.index).tolist()),
            facet.members,
            facet.weights,
        )
        for facet in facets
    ]
    return AtlasLayer(
        layer.address, file_name(layer.address), layer.kind, layer.channels, list(layer.grid), layer.cost, groups=groups
    )


def _majority(labels: list[str] | None, photos: list[int]) -> str | None:
    """The label that half of some photos have at least; None where none has."""
    label = common(labels, photos)
    return label if labels and sum(labels[photo] == label for photo in photos) * 2 >= len(photos) else None


def _describe_channels(
    values: Floats, means: Tensor, measured: ChannelNumbers, labels: list[str] | None, seed: int
) -> list[AtlasChannel]:
    channels = measured.channels.tolist()
    used = strongest_shares(values, max(1, values.shape[1] // TENTH))
    places = _map_of(values[:, channels], seed)
    entries = []
    for place, channel in enumerate(channels):
        own = means[:, channel]
        names = None if labels is None else [labels[photo] for photo in top_photos(own)]
        label = most_common(names) if names else None
        entries.append(
            AtlasChannel(
                channel=channel,
                mean=float(own.mean()),
                deviation=float(own.std(correction=0)),
                used=float(used[channel]),
                entanglement=float(measured.measures["entanglement"][place]),
                null=float(measured.null["entanglement"][place]),
                p_value=float(measured.p_value[place]),
                selectivity=float(measured.measures["selectivity"][place]),
                class_selectivity=float(measured.measures["class_selectivity"][place]) if labels else None,
                label=label,
                label_share=names.count(label) / len(names) if names and label else None,
                place=places[place],
            )
        )
    return entries


def _map_of(values: Floats, seed: int) -> list[tuple[float, float]]:
    """Channels in a unit square, those with alike answers close together. values: [photos, channels]."""
    centred = values - values.mean(axis=0)
    norms = np.linalg.norm(centred, axis=0)
    points = np.asarray(embed((centred / np.where(norms > 0, norms, 1)).T, seed).points, dtype=np.float64)
    extent = np.ptp(points, axis=0)
    inside = (points - points.min(axis=0)) / np.where(extent > 0, extent, 1)
    return [(round(float(x), 4), round(float(y), 4)) for x, y in inside]


def _keep_extremes(
    session: NetworkSession,
    photos: PhotoSet,
    layers: list[Layer],
    channels: dict[str, list[int]],
    answers: Answers,
    progress: Progress,
) -> None:
    model = session.model
    with progress.stage("examples", len(photos), "photos") as advance, session.reader(layers) as read:
        batches = photos.batches(model.preprocessing, session.view, model.in_channels, BATCH)
        strongest = StrongestPositions()
        extremes = layer_extremes(read, model.preprocessing, batches, channels, session.device, advance, strongest)
    for address, own in extremes.items():
        answers.keep_extremes(address, own)
        answers.keep_strongest(address, strongest.places(address))


def describe_choice(record: AtlasRecord) -> str:
    """How many channels of which layers an atlas shows, in a line."""
    shown = sum(len(layer.entries) for layer in record.layers)
    return f"{counted(shown, 'channels')} of {counted(len(record.layers), 'layers')}"
