"""What is asked of a run, whatever the command: how the network is opened, how it is painted, and where it goes.

``RunOptions`` are the keyword arguments that all painting functions share; ``Request`` is what becomes of them, made and
checked once, and handed down whole.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from typing import Any, Self, TypedDict, TypeVar, cast, get_type_hints

from torch import nn

from mindseye.arguments import as_path, check_count, check_number, check_seed
from mindseye.errors import UserError
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.session import NetworkSession
from mindseye.report.progress import Progress, Report
from mindseye.report.theme import FigureStyle, FigureWords
from mindseye.workflows.paint import SAVE_SECONDS
from mindseye.workflows.recipe import chosen_recipe

DEFAULT_RECIPE = "distribution"
ModelSource = str | nn.Module | NetworkSession
Function = TypeVar("Function", bound=Callable[..., Any])


class SessionOptions(TypedDict, total=False):
    """How the network is opened; left out where a ``Session`` is given as the model, which knows all of it."""

    weights: str | None
    checkpoint: str | Path | None
    device: str
    size: int | None
    seed: int


class OutputOptions(SessionOptions, total=False):
    """Where what comes out goes, how its figures look (see ``FigureWords``), and how it is told."""

    out: str | Path | None
    force: bool
    figures: "FigureWords"
    progress: "Report"
    quiet: bool
    command: str


class RunOptions(OutputOptions, total=False):
    """How pictures are painted.

    recipe: its name, a TOML file or a ``Recipe``; ``steps``, ``snapshots`` and ``changes`` replace single numbers of it.
    batch_size: pictures painted at once, 0 for all. save_every: seconds after which the state of a painting is written,
    from which an interrupted run goes on.
    """

    recipe: str | Recipe
    steps: int | None
    changes: Mapping[str, Any] | None
    batch_size: int
    snapshots: int | None
    save_every: float


@dataclass(frozen=True)
class Request:
    """A run that is asked for.

    kind: the command. recipe: as it was asked for, the size of its canvas still open. out: the folder, None for the
    default. batch_size: pictures painted at once, 0 for all. force: whether what the folder holds is replaced. opening: how
    the network is opened. figures: how its figures look, and what they are written as.
    """

    kind: str
    recipe: Recipe
    out: Path | None = None
    batch_size: int = 0
    force: bool = False
    command: str = ""
    progress: Progress = field(default_factory=Progress)
    save_seconds: float = SAVE_SECONDS
    opening: SessionOptions = field(default_factory=SessionOptions)
    figures: FigureStyle = field(default_factory=FigureStyle)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"progress": None}  # a terminal does not go to other processes

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in (state | {"progress": Progress(quiet=True)}).items():
            object.__setattr__(self, name, value)

    @classmethod
    def of(
        cls,
        kind: str,
        options: RunOptions | SessionOptions,
        default: str | Recipe = DEFAULT_RECIPE,
        top_k: int | None = None,
    ) -> Self:
        """The request that options make; those that not every run has are left to the caller.

        default: the recipe where they name none. top_k: replaces the recipe's.

        Raises:
            UserError: for an option of an impossible kind or value, naming it.
        """
        given: dict[str, Any] = dict(options)
        for name in ("batch_size", "steps"):
            check_count(name, given.get(name), optional=True)
        for name in ("size", "snapshots"):
            check_count(name, given.get(name), least=1, optional=True)
        check_count("top_k", top_k, optional=True)
        check_seed(given.get("seed", 0))
        check_number("save_every", given.get("save_every"), optional=True)
        numbers = {name: given.get(name) for name in ("steps", "snapshots")} | {"top_k": top_k}
        return cls(
            kind=kind,
            recipe=chosen_recipe(given.get("recipe", default), given.get("changes"), numbers),
            out=as_path("out", given.get("out")),
            batch_size=given.get("batch_size", 0),
            force=bool(given.get("force", False)),
            command=given.get("command", f"mindseye.{kind}(...)"),
            progress=Progress.of(given.get("progress"), quiet=bool(given.get("quiet", False))),
            save_seconds=given.get("save_every", SAVE_SECONDS),
            figures=FigureStyle.of(given.get("figures")),
            opening=SessionOptions(**{name: given[name] for name in get_type_hints(SessionOptions) if name in given}),  # type: ignore[typeddict-item]
        )

    def with_model(self, model: ModelSource) -> tuple[str | nn.Module, Self]:
        """A network as it was given, and the request with how it is opened: of a session, as that was.

        Raises:
            UserError: if a session is given, and how it is opened as well.
        """
        if not isinstance(model, NetworkSession):
            return model, self
        self._check_opening()
        size = self.opening.get("size") or model.size
        opening = SessionOptions(
            weights=model.weights, checkpoint=model.checkpoint, device=str(model.device), size=size, seed=model.seed
        )
        precision: Any = model.precision or self.recipe.precision
        recipe = replace(self.recipe, precision=precision)
        return model.spec, replace(self, opening=opening, recipe=recipe)

    @contextmanager
    def session(self, model: ModelSource, recipe: Recipe | None = None) -> Iterator[NetworkSession]:
        """The network, opened, or the session that was given, used with the request's recipe (or another) until the end.

        Raises:
            UserError: if the network cannot be opened, or how it is opened is said twice.
        """
        if isinstance(model, NetworkSession):
            self._check_opening()
            opened = model.sized(self.opening.get("size"))
        else:
            opened = NetworkSession(model, **self.opening)
        for line in opened.notes:
            self.progress.say(f"note: {line}")
        with opened.using(self.recipe if recipe is None else recipe) as session:
            yield session

    def _check_opening(self) -> None:
        said = [name for name in self.opening if name != "size"]
        if said:
            raise UserError(f"a Session knows its {', '.join(said)}: say it where the Session is made")


def takes(options: type) -> Callable[[Function], Function]:
    """What a function takes as ``**options``: listed in its signature one by one, None for left out, and no others.

    Raises:
        UserError: where the function is called with an option that there is none of, naming those that there are.
    """

    def wrap(function: Function) -> Function:
        signature = inspect.signature(function)
        own = {name: value for name, value in signature.parameters.items() if value.kind is not value.VAR_KEYWORD}
        shared = {
            name: inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
            for name, kind in options.__annotations__.items()
            if name not in own
        }

        @wraps(function)
        def call(*values: Any, **named: Any) -> Any:
            unknown = next((name for name in named if name not in own and name not in shared), None)
            if unknown is not None:
                raise UserError(f"{function.__name__} takes no {unknown!r}; it takes {', '.join([*own, *shared])}")
            left_out = {name for name in shared if named.get(name) is None}
            return function(*values, **{name: value for name, value in named.items() if name not in left_out})

        call.__signature__ = signature.replace(parameters=[*own.values(), *shared.values()])  # type: ignore[attr-defined]
        return cast("Function", call)

    return wrap
