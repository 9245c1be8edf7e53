"""torchvision's classification networks by name, with what their weights say about themselves.

torchvision is imported where it is used: that takes a second, which other networks need not wait for.
"""

from typing import Any

from torch import nn

from mindseye.errors import UserError
from mindseye.labels import wnids_for
from mindseye.models.library import LibraryModel, explain_download_errors
from mindseye.preprocessing import Preprocessing

DEFAULT = "DEFAULT"


def torchvision_names() -> list[str]:
    """The classification networks that the installed torchvision has."""
    import torchvision.models

    names: list[str] = torchvision.models.list_models(module=torchvision.models)
    return names


def find_torchvision(name: str, weights: str | None = None) -> LibraryModel:
    """The model of a name, for weights as torchvision names them (``IMAGENET1K_V2``); None for its default.

    Raises:
        UserError: if the network has no such weights.
    """
    entry = _weights(name, weights or DEFAULT)
    transforms = entry.transforms()
    labels = tuple(entry.meta["categories"]) if entry.meta.get("categories") else None
    return LibraryModel(
        name=name,
        weights=entry.name,
        preprocessing=Preprocessing(
            mean=tuple(transforms.mean),
            std=tuple(transforms.std),
            size=transforms.crop_size[0],
            resize=transforms.resize_size[0],
            interpolation=transforms.interpolation.value,
            source=f"torchvision, {entry}",
        ),
        labels=labels,
        wnids=wnids_for(labels),
        build=lambda classes: _build(name, entry, classes),
        fetch=lambda: _fetch(name, entry),
    )


def _weights(name: str, weights: str) -> Any:
    import torchvision.models

    known = torchvision.models.get_model_weights(name)
    try:
        return known[weights.removeprefix(f"{known.__name__}.")]
    except KeyError:
        names = ", ".join(entry.name for entry in known)
        raise UserError(f"{name} has no weights {weights!r}; it has {names} and none") from None


def _build(name: str, entry: Any, classes: int | None) -> nn.Module:
    import torchvision.models

    arguments: dict[str, Any] = {"weights": None}
    if classes is not None:
        arguments["num_classes"] = classes
    if name.startswith("vit_"):
        arguments["image_size"] = entry.meta["min_size"][0]
    if name in ("inception_v3", "googlenet"):
        # What torchvision sets along with the weights; and without its own initialisation, which takes minutes.
        arguments |= {"transform_input": True, "init_weights": False}
    network: nn.Module = torchvision.models.get_model(name, **arguments)
    return network


def _fetch(name: str, entry: Any) -> nn.Module:
    import torchvision.models

    with explain_download_errors(entry.url):
        # torchvision unpickles whatever the file holds: having been read as plain tensors, it holds nothing else.
        entry.get_state_dict(progress=True, check_hash=True, weights_only=True, map_location="cpu")
        network: nn.Module = torchvision.models.get_model(name, weights=entry, progress=False)
    return network
