"""A run of ``explain``: checked, opened, and done as far as it is left."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypedDict, get_type_hints

from mindseye.arguments import check_count, check_number, check_words
from mindseye.attribution.methods import Settings, method_names, takes_all, unused_settings
from mindseye.attribution.perturbation import Game
from mindseye.attribution.rules import RuleName
from mindseye.errors import UserError
from mindseye.photos.listing import Listing
from mindseye.photos.photo_set import Source
from mindseye.runs.entries import device_name, versions
from mindseye.runs.files import plain, refuse_photos
from mindseye.runs.folder import file_name, joined
from mindseye.runs.schema import Manifest
from mindseye.workflows.explanation.files import KIND, clear_maps, list_sources, photos_digest
from mindseye.workflows.explanation.flow import ExplanationFlow
from mindseye.workflows.explanation.networks import ExplainedNetwork, Question, models_of, open_networks
from mindseye.workflows.explanation.result import Explanations, explanations_of
from mindseye.workflows.explanation.run_facet import find_facet
from mindseye.workflows.explanation.target import FACET, TOP
from mindseye.workflows.request import ModelSource, OutputOptions, Request
from mindseye.workflows.resumable import open_run, run_folder

Pair = int | tuple[int, int]
BATCH = 8


class MethodOptions(TypedDict, total=False):
    """The settings of methods, see ``mindseye.attribution.methods.Settings``."""

    box: Pair | None
    stride: Pair | None
    fill: str | None
    baseline: str | None
    steps: int | None
    game: Game | None
    rule: RuleName | None
    epsilon: float | None
    gamma: float | None
    cam_layer: str | None


class ExplainOptions(OutputOptions, MethodOptions, total=False):
    """What ``explain`` takes besides photos, networks and methods. recursive: take sub-folders. batch_size: photos at once."""

    recursive: bool
    batch_size: int


@dataclass(frozen=True)
class ExplainRequest:
    """Photos, what is asked of each network about them, and whether the maps are checked. batch_size: photos at once."""

    run: Request
    listing: Listing
    models: list[ModelSource]
    question: Question
    checks: bool
    batch_size: int

    def identity(self, networks: Sequence[ExplainedNetwork]) -> dict[str, Any]:
        """What must be the same for an interrupted run to be continued."""
        question = self.question
        return {
            "photos": photos_digest(self.listing),
            "models": [[network.session.model.name, network.session.weights_digest] for network in networks],
            "target": question.words,
            "facet": question.facet.fingerprint() if question.facet else None,
            "methods": list(question.methods),
            "settings": plain(question.settings),
            "check": self.checks,
            "size": self.run.opening.get("size"),
            "seed": networks[0].session.seed,
            "batch_size": self.batch_size,
        }

    def default_folder(self, networks: Sequence[ExplainedNetwork]) -> Path:
        """The run folder where the user names none."""
        paths = [entry.path for entry in self.listing.entries]
        of_photos = Path(paths[0]).stem if len(paths) == 1 else Path(self.listing.root).name or f"{len(paths)}-photos"
        of_networks = joined([network.name for network in networks], "models")
        return Path("runs") / "-".join([KIND, file_name(of_photos), of_networks])


def explain_request(
    photos: Source,
    model: ModelSource | Sequence[ModelSource] | None,
    method: str | Sequence[str],
    target: str,
    checks: bool,
    options: ExplainOptions,
) -> ExplainRequest:
    """A checked request.

    Raises:
        UserError: for an impossible value, an unknown method, a facet that is not there, or no photos.
    """
    # Its ``steps`` and ``batch_size`` are those of the methods, not of a painting.
    run = Request.of(KIND, {name: options[name] for name in get_type_hints(OutputOptions) if name in options})  # type: ignore[arg-type,literal-required]
    batch_size = options.get("batch_size", BATCH)
    check_count("batch_size", batch_size, least=1)
    check_count("steps", options.get("steps"), optional=True)
    check_number("epsilon", options.get("epsilon"), optional=True)
    check_number("gamma", options.get("gamma"), optional=True)
    check_words("target", target)
    settings: dict[str, Any] = {name: options.get(name) for name in get_type_hints(MethodOptions)}
    settings |= {name: as_pair(name, settings[name]) for name in ("box", "stride")}
    settings["layer"] = settings.pop("cam_layer")
    facet = find_facet(target.removeprefix(FACET)) if target.startswith(FACET) else None
    models, opening = models_of(model, run.opening, facet)
    question = Question(target, facet, method_names(method), Settings(**settings), takes_all(method))
    listing = list_sources(photos, bool(options.get("recursive", False)))
    return ExplainRequest(replace(run, opening=opening), listing, models, question, checks, batch_size)


def run_explanation(request: ExplainRequest) -> Explanations:
    """Open the run and make the maps that are left."""
    run = request.run
    with open_networks(run, request.models, request.question) as networks:
        fresh = _manifest(request, networks)
        folder = run_folder(run, request.default_folder(networks), fresh)
        refuse_photos(folder.path, request.listing.root)
        with open_run(folder, fresh, run, again="explains", clear=lambda: clear_maps(folder)) as record:
            if record is not None:
                record.note(*_notes(request.question, networks))
                ExplanationFlow(request.listing, networks, record, request.batch_size, request.checks).run()
    run.progress.say(f"done: {folder.path}")
    return explanations_of(folder.path, folder.read())


def as_pair(name: str, value: Pair | None) -> tuple[int, int] | None:
    """A size in px as (height, width).

    Raises:
        UserError: if it is neither one number nor two, naming it.
    """
    if value is None or isinstance(value, int):
        return None if value is None else (value, value)
    if len(value) != 2 or not all(isinstance(part, int) for part in value):
        raise UserError(f"{name} is one number of px or (height, width), not {value!r}")
    return value[0], value[1]


def _manifest(request: ExplainRequest, networks: Sequence[ExplainedNetwork]) -> Manifest:
    """run.json of a run that has just begun; an explanation has no recipe."""
    session = networks[0].session
    return Manifest(
        kind=KIND,
        command=request.run.command,
        options=request.identity(networks),
        versions=versions(),
        device=device_name(session.device),
        seed=session.seed,
        target=request.question.words,
        methods=list(request.question.methods),
        models=[network.entry() for network in networks],
    )


def _notes(question: Question, networks: Sequence[ExplainedNetwork]) -> list[str]:
    idle = [
        f"{name} changes nothing: none of the methods looks at it"
        for name in unused_settings(question.settings, question.methods)
    ]
    left_out = [
        f"{method} of {network.name} is left out: {reason}"
        for network in networks
        for method, reason in network.refused.items()
    ]
    return idle + left_out + _parts_read(question, networks)


def _parts_read(question: Question, networks: Sequence[ExplainedNetwork]) -> list[str]:
    """Of which part of a structured output the classes are, where no labels tell."""
    outputs = [(network.name, network.target.trial.layer, network.session.model.labels) for network in networks]
    return [
        f"the classes of {name} are read from {layer.address}; --target output:PART:CHANNEL explains another part"
        for name, layer, labels in outputs
        if question.words == TOP and layer.path and labels is None
    ]
