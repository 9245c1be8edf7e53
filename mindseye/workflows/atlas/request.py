"""What every worker of an atlas is told, and how it begins."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import nn

from mindseye.errors import UserError
from mindseye.optimize.session import NetworkSession
from mindseye.photos.photo_set import PhotoSet, Source, find_photos
from mindseye.runs.atlas import AtlasFolder
from mindseye.runs.schema import AtlasRecord
from mindseye.user_code import whole_path
from mindseye.workflows.atlas.choice import AtlasChoice
from mindseye.workflows.atlas.context import AtlasContext
from mindseye.workflows.atlas.packs import AtlasItem, AtlasPacks
from mindseye.workflows.batch.ledger import Ledger, Plan, read_plan
from mindseye.workflows.batch.network import NetworkRequest
from mindseye.workflows.batch.worker import PackWorker
from mindseye.workflows.request import Request


@dataclass(frozen=True)
class AtlasRequest(NetworkRequest):
    """An atlas as it was asked for. It goes to other processes, so it holds names rather than what they name.

    photos: a folder or an archive, with its sub-folders; anything else only where this process does the work. out: of the
    atlas. model: its name; a module only where this process does the work. run: how pictures are painted. cache: whether
    activations are kept between runs.
    """

    photos: Source
    out: Path
    model: str | nn.Module
    choice: AtlasChoice
    run: Request
    title: str = ""
    cache: bool = True

    @contextmanager
    def open(self, number: int) -> Iterator[PackWorker[AtlasItem]]:
        """The worker of a number: its network is loaded here, once. See ``executor.Opener``."""
        plan = read_plan(self.out)
        folder = AtlasFolder(self.out)
        if plan is None or not folder.exists():
            raise UserError(f"the ledger in {self.out} has gone")
        record = folder.read()
        with ExitStack() as stack:
            painter, preparing, finishing = stack.enter_context(self.sessions(number, plan.threads))
            photos = self.photo_set()
            model = preparing.model
            photos.restore(record.images.paths, model.preprocessing, preparing.view, model.in_channels)
            context = self.context(plan, record, photos, painter, preparing, finishing)
            yield PackWorker(AtlasPacks(context, plan.packs))

    def context(
        self,
        plan: Plan,
        record: AtlasRecord,
        photos: PhotoSet,
        painter: NetworkSession,
        preparing: NetworkSession,
        finishing: NetworkSession,
    ) -> AtlasContext:
        """What is the same for all channels of the atlas in its folder. See ``AtlasContext``."""
        folder = AtlasFolder(self.out)
        return AtlasContext(
            folder=folder,
            record=record,
            answers=folder.answers(),
            photos=photos,
            painter=painter,
            preparing=preparing,
            finishing=finishing,
            painting=Ledger(self.out, plan).painting,
            batch_size=plan.batch_size,
            save_seconds=self.run.save_seconds,
        )

    def photo_set(self) -> PhotoSet:
        """The photos, of which none is decoded yet."""
        return find_photos(self.photos, recursive=True)

    def for_others(self) -> "AtlasRequest":
        """The same for processes with another working folder."""
        photos = str(Path(self.photos).absolute()) if isinstance(self.photos, str | Path) else self.photos
        model = whole_path(self.model) if isinstance(self.model, str) else self.model
        return replace(self, out=self.out.absolute(), model=model, photos=photos)

    def identity(self, session: NetworkSession, photos: PhotoSet) -> dict[str, Any]:
        """What must be the same for the atlas to be continued. photos: as they are listed."""
        choice = self.choice
        return {
            "photos": photos.root,
            "photos_digest": photos.digest(),
            "model": session.model_spec or session.model.name,
            "weights": session.weights,
            "weights_digest": session.weights_digest,
            "checkpoint": session.checkpoint,
            "layers": list(choice.layers),
            "channels": list(choice.channels) if isinstance(choice.channels, tuple) else choice.channels,
            "facets": choice.facets,
            "recipe": session.recipe.as_dict(),
            "seed": session.seed,
        }
