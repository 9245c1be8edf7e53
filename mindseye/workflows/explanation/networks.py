"""The networks that photos are explained with: opened, and asked which methods each of them allows."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from mindseye.arguments import as_list
from mindseye.attribution.methods import Explainer, MethodContext, Settings, check_settings, prepare
from mindseye.errors import UserError
from mindseye.optimize.session import PLAIN, NetworkSession
from mindseye.runs.schema import ExplainedModelEntry, TargetEntry
from mindseye.workflows.explanation.files import unique_names
from mindseye.workflows.explanation.run_facet import RunFacet
from mindseye.workflows.explanation.target import ExplainedTarget, find_target
from mindseye.workflows.request import ModelSource, Request, SessionOptions

DEFAULT_MODEL = "resnet50"


@dataclass(frozen=True)
class ExplainedNetwork:
    """A network that photos are explained with.

    name: unique in the run. folder: below the run's, "" where it is the only one. target: what is explained. methods: those
    that it allows. refused: those that it does not, with the reason.
    """

    name: str
    folder: str
    session: NetworkSession
    target: ExplainedTarget
    methods: dict[str, Explainer]
    refused: dict[str, str]

    def entry(self) -> ExplainedModelEntry:
        """What run.json says of it."""
        model, layer = self.session.model, self.target.trial.layer
        return ExplainedModelEntry(
            name=self.name,
            weights=model.weights,
            in_channels=model.in_channels,
            preprocessing=model.preprocessing.describe(),
            findings=model.findings.as_dict(),
            asked=model.name,
            side=self.session.view,
            target=TargetEntry(
                layer.address, layer.kind, layer.channels, list(layer.grid), layer.cost, self.target.is_class
            ),
            refused=self.refused,
        )


@dataclass(frozen=True)
class Question:
    """What is asked of every network. words: of the target. facet: the target, where it is a run's. methods: by name.

    leaves_out: whether a method that a network does not allow is left out, rather than refused.
    """

    words: str
    facet: RunFacet | None
    methods: Sequence[str]
    settings: Settings
    leaves_out: bool


def models_of(
    model: ModelSource | Sequence[ModelSource] | None, opening: SessionOptions, facet: RunFacet | None
) -> tuple[list[ModelSource], SessionOptions]:
    """Which networks are meant, and how they are opened; without a model, the run's that a facet belongs to.

    Raises:
        UserError: if weights are given that cannot belong to all of them, or the run's network was not kept.
    """
    models: list[ModelSource] = as_list("model", model, ModelSource)
    has_weights = opening.get("weights") is not None or opening.get("checkpoint") is not None
    if facet is not None and len(models) > 1:
        raise UserError("a facet belongs to the network of its run: leave --model out")
    if len(models) > 1 and has_weights:
        raise UserError(f"weights and checkpoints go with a single model, not with {len(models)}")
    if facet is not None and "size" not in opening:
        opening = SessionOptions(**opening | {"size": facet.size})
    if facet is None or models:
        return models or [DEFAULT_MODEL], opening
    if facet.spec is None:
        raise UserError(f"{facet.folder} was painted from a module, which is not kept; give it as model")
    if has_weights:
        raise UserError(
            "a facet belongs to the network of its run, with its weights: leave --weights and --checkpoint out"
        )
    own: SessionOptions = {"weights": facet.weights, "checkpoint": facet.checkpoint}
    return [facet.spec], SessionOptions(**opening | own)


@contextmanager
def open_networks(
    request: Request, models: Sequence[ModelSource], question: Question
) -> Iterator[list[ExplainedNetwork]]:
    """The networks, with what is explained and the methods that each allows, until the end.

    Raises:
        UserError: if a network has no such target, does not allow a method, or a setting makes no sense.
    """
    with ExitStack() as opened:
        sessions = [opened.enter_context(request.session(model, PLAIN)) for model in models]
        names = unique_names([session.model.name.rpartition("/")[2] for session in sessions])
        yield [
            _network(session, name, name if len(sessions) > 1 else "", question)
            for session, name in zip(sessions, names, strict=True)
        ]


def _network(session: NetworkSession, name: str, folder: str, question: Question) -> ExplainedNetwork:
    facet, settings = question.facet, question.settings
    if facet is not None and session.weights_digest != facet.digest:
        raise UserError(f"{session.model.name} has other weights than the network that {facet.folder} was painted from")
    target = find_target(question.words, facet, session)
    scene = MethodContext(target.trial, session.network, session.view, settings)
    check_settings(settings, session.view, scene.noise())
    allowed, refused = prepare(question.methods, scene)
    if refused and not question.leaves_out:
        method, reason = next(iter(refused.items()))
        raise UserError(f"{method} of {session.model.name}: {reason}")
    return ExplainedNetwork(name, folder, session, target, allowed, refused)
