"""The networks that look at a run's pictures, and the photos that they look among."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from torch import nn

from mindseye.arguments import as_list
from mindseye.errors import UserError
from mindseye.measure.judge import Judge, make_judge
from mindseye.models.library import FetchError
from mindseye.models.load import Model, load_model
from mindseye.models.placement import put_channels_last
from mindseye.photos.listing import list_photos

Network = str | nn.Module
Folder = str | os.PathLike[str]


@dataclass(frozen=True)
class Panel:
    """Who looks, and among which photos besides the run's own. among: their paths."""

    judges: tuple[Judge, ...]
    among: tuple[str, ...]

    def asked(self, judge: Judge) -> str:
        """What a judge is asked, as a digest: the same for the same weights, photos and labels."""
        question = (judge.model.weights, sorted(self.among), judge.labels)
        return blake2b(repr(question).encode(), digest_size=8).hexdigest()


def load_panel(
    judge: Network | Sequence[Network],
    among: Folder | Sequence[Folder] = (),
    labels: str | int | Sequence[str | int] = (),
    painter: str | None = None,
) -> Panel:
    """Load the judges and list the photos, so that mistakes show before ``painter``, a model's name, is painted.

    Raises:
        UserError: for an unknown model, label or folder, a judge that is the painter or comes twice, or no judge.
    """
    specs = judge_specs(judge, painter)
    asked: list[str | int] = as_list("labels", labels, str | int)
    folders: list[Folder] = as_list("among", among, str | os.PathLike)
    paths = [entry.path for folder in folders for entry in list_photos(folder, recursive=True).entries]
    return Panel(judges_of(specs, asked), tuple(paths))


def judge_specs(judge: Network | Sequence[Network], painter: Network | None) -> list[Network]:
    """The judges as they were given, as a list.

    Raises:
        UserError: for none, or if the painter is named among them.
    """
    specs: list[Network] = as_list("judge", judge, Network)
    if not specs:
        raise UserError("no judge: name at least one network with --judge")
    if isinstance(painter, str) and painter in specs:
        raise own_judge(painter)
    return specs


def judges_of(specs: Sequence[Network], labels: Sequence[str | int] = ()) -> tuple[Judge, ...]:
    """Networks as judges, loaded.

    Raises:
        UserError: for an unknown model or label, or a judge that comes twice.
    """
    judges = tuple(make_judge(_loaded(spec), labels) for spec in specs)
    twice = [name for name, count in Counter(one.name for one in judges).items() if count > 1]
    if twice:
        raise UserError(f"judge {twice[0]!r} comes twice; name each once")
    return judges


def own_judge(name: str) -> UserError:
    """The refusal of a judge that is the painted network itself."""
    return UserError(f"judge {name!r} is the network that is painted from, and knows its own pictures; take another")


def _loaded(spec: Network) -> Model:
    try:
        model = load_model(spec)
    except FetchError as error:  # --checkpoint and --weights are about the network that is painted
        raise UserError(f"{error.told}, give a FILE.py:FACTORY that loads them, or take another network") from error
    if isinstance(spec, str):  # a module that was given stays as it is
        put_channels_last(model.network)
    return model
