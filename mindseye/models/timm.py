"""timm's networks as ``timm/NAME`` or ``timm/NAME.TAG``, with what their weights say about themselves."""

import difflib
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from typing import Any

from torch import nn

from mindseye.errors import UserError, one_line
from mindseye.labels import imagenet_labels, wnids_for
from mindseye.models.library import FetchError, LibraryModel, explain_download_errors
from mindseye.preprocessing import Preprocessing
from mindseye.wording import did_you_mean

PREFIX = "timm/"
HUB_FILES = ("model.safetensors", "pytorch_model.bin")
HUB_SECONDS = 10

Labels = tuple[str, ...] | None


def find_timm(spec: str, weights: str | None = None) -> LibraryModel:
    """The model of ``timm/NAME``, for weights as timm tags them (``a1_in1k``); None for its default.

    Raises:
        UserError: if timm is not installed or has no such network or weights.
    """
    timm = _timm(spec)
    name = spec.removeprefix(PREFIX)
    if not timm.is_model(name):
        near = difflib.get_close_matches(name, timm.list_models(), n=4, cutoff=0.4)
        raise UserError(f"timm has no network {name!r}{'; ' + did_you_mean(near) if near else ''}")
    architecture = name.partition(".")[0]
    tagged = name if weights in (None, "DEFAULT") else f"{architecture}.{weights}"
    try:
        config = timm.get_pretrained_cfg(tagged).to_dict()
    except (RuntimeError, AttributeError):
        tags = [known.partition(".")[2] for known in timm.list_models(f"{architecture}.*", pretrained=True)]
        has = ", ".join([*tags, "none"])
        raise UserError(f"{PREFIX}{architecture} has no weights {tagged.partition('.')[2]!r}; it has {has}") from None
    labels, wnids = _classes(config)
    return LibraryModel(
        name=PREFIX + name,
        weights=config.get("tag") or "timm's",
        preprocessing=timm_preprocessing(config, f"timm, {tagged}"),
        labels=labels,
        wnids=wnids,
        build=partial(_build, tagged),
        fetch=partial(_fetch, tagged, config),
    )


def timm_names() -> list[str]:
    """The networks that the installed timm has; none where it is not installed."""
    try:
        names: list[str] = import_module("timm").list_models()
    except ImportError:
        return []
    return names


def timm_preprocessing(config: Mapping[str, Any], source: str) -> Preprocessing:
    """The preprocessing that a timm configuration (a network's ``pretrained_cfg``) states.

    Raises:
        UserError: if the network does not take squares, or wants an interpolation that there is not.
    """
    data = _timm(source).data.resolve_data_config(pretrained_cfg=dict(config))
    channels, height, width = data["input_size"]
    if height != width:
        raise UserError(f"{source} takes pictures of {width} x {height} px; only squares can be painted")
    mean, std = (tuple(map(float, data[key])) for key in ("mean", "std"))
    return Preprocessing(
        mean=mean if len(mean) == channels else mean[:1] * channels,
        std=std if len(std) == channels else std[:1] * channels,
        size=height,
        resize=math.floor(height / data["crop_pct"]),
        interpolation=data["interpolation"],
        crop=data["crop_mode"],
        source=source,
    )


def _classes(config: Mapping[str, Any]) -> tuple[Labels, Labels]:
    """Class names and WordNet identifiers, where the configuration or timm's ImageNet tables have them."""
    timm_data = _timm(PREFIX).data
    if config.get("label_names"):
        return tuple(config["label_names"]), None
    subset = timm_data.infer_imagenet_subset(dict(config))
    if subset is None:
        return None, None
    if subset == "imagenet-1k":
        return imagenet_labels(), wnids_for(imagenet_labels())
    info = timm_data.ImageNetInfo(subset)
    return tuple(text.partition(",")[0] for text in info.label_descriptions()), tuple(info.label_names())


def _timm(wanted_for: str) -> Any:
    try:
        return import_module("timm")
    except ImportError as error:
        raise UserError(f"{wanted_for} needs timm: pip install timm") from error


def _build(name: str, classes: int | None) -> nn.Module:
    arguments = {} if classes is None else {"num_classes": classes}
    network: nn.Module = _timm(name).create_model(name, pretrained=False, **arguments)
    return network


def _fetch(name: str, config: Mapping[str, Any]) -> nn.Module:
    repository, url = config.get("hf_hub_id"), config.get("url")
    if not repository and not url:
        raise UserError(f"{PREFIX}{name} has no trained weights; take --checkpoint FILE or --weights none")
    with _fetching_from_hub(repository, config) if repository else explain_download_errors(str(url)) as file:
        overlay = {"file": file, "custom_load": False} if file else None
        network: nn.Module = _timm(name).create_model(name, pretrained=True, pretrained_cfg_overlay=overlay)
    return network


@contextmanager
def _fetching_from_hub(repository: str, config: Mapping[str, Any]) -> Iterator[str | None]:
    """Around what fetches weights from the Hugging Face hub; gives their file where the hub's client keeps it already.

    A kept file needs no network; else the hub is asked once, since timm's own attempt takes most of a minute to fail.

    Raises:
        UserError: if the weights cannot be fetched or read, with their address and what to do.
    """
    hub = import_module("huggingface_hub")
    repository, _, revision = repository.partition("@")
    named = config.get("hf_hub_filename")
    kept = [hub.try_to_load_from_cache(repository, file, revision=revision or None) for file in HUB_FILES if not named]
    file = next((path for path in kept if isinstance(path, str)), None)
    url = hub.hf_hub_url(repository, named or HUB_FILES[0], revision=revision or None)
    try:
        if file is None:
            with suppress(hub.utils.EntryNotFoundError):  # there, but under the other name
                hub.get_hf_file_metadata(url, timeout=HUB_SECONDS)
        yield file
    except Exception as error:  # whatever the hub's HTTP client of the day raises
        raise FetchError(
            f"cannot fetch the weights {named or HUB_FILES[0]} of {repository} ({one_line(error)}): download {url}",
            " and give it with --checkpoint FILE, or take none with --weights none",
        ) from error
