"""From what is asked to an atlas."""

from pathlib import Path
from typing import Any

from mindseye.arguments import check_count, check_words
from mindseye.photos.photo_set import Source, find_photos
from mindseye.runs.files import refuse_photos
from mindseye.runs.folder import default_path
from mindseye.workflows.atlas.atlas import Atlas
from mindseye.workflows.atlas.choice import AtlasChoice
from mindseye.workflows.atlas.request import AtlasRequest
from mindseye.workflows.atlas.work import ChannelList, check_atlas_photos
from mindseye.workflows.batch.executor import Executor
from mindseye.workflows.batch.network import check_packs
from mindseye.workflows.batch.placement import Placement
from mindseye.workflows.batch.plan import Shard, parse_shard
from mindseye.workflows.batch.work_list import work_on
from mindseye.workflows.request import ModelSource, Request


def build_atlas(
    photos: Source,
    model: ModelSource,
    choice: AtlasChoice,
    options: Any,
    shard: str | None = None,
    retries: int = 2,
    executor: Executor | None = None,
    title: str = "",
) -> Atlas:
    """Work on an atlas until it is done, or this shard of it is; see ``mindseye.atlas``."""
    placement = Placement.of(options)
    check_count("retries", retries)
    check_words("shard", shard)
    check_words("title", title or None)
    spec, run = Request.of("atlas", options).with_model(model)
    is_here = placement.is_here and executor is None
    check_packs(spec, run, is_here, "an atlas")
    part = parse_shard(shard) if shard else Shard()
    name = spec if isinstance(spec, str) else type(spec).__name__
    root = find_photos(photos, recursive=True).root
    out = run.out or _default_out(root, name)
    refuse_photos(out, root)
    request = AtlasRequest(photos, out, spec, choice, run, title, bool(options.get("cache", True)))
    check_atlas_photos(request, is_here)
    finished = work_on(ChannelList(request), placement, part, retries, executor)
    return Atlas(out, finished.status.failures)


def _default_out(root: str, model: str) -> Path:
    """``runs/atlas-FOLDER-MODEL``."""
    path = default_path(root, model, "atlas")
    return path.with_name(f"atlas-{path.name.removesuffix('-atlas')}")
