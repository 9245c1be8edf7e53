"""The names of ImageNet's classes, from the libraries that bring them along."""

from functools import cache
from importlib import import_module
from typing import Any


@cache
def imagenet_labels() -> tuple[str, ...]:
    """The 1000 class names of ImageNet-1k, by index; torchvision's, for every model, so that judges can be compared."""
    from torchvision.models import ResNet50_Weights

    return tuple(ResNet50_Weights.DEFAULT.meta["categories"])


@cache
def imagenet_wnids() -> tuple[str, ...] | None:
    """The WordNet identifiers of ImageNet-1k's classes (``n01440764``), by index; None where timm is not installed."""
    try:
        timm_data: Any = import_module("timm.data")
    except ImportError:
        return None
    return tuple(timm_data.ImageNetInfo().label_names())


def wnids_for(labels: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The WordNet identifiers that go with labels, if the labels are ImageNet-1k's."""
    return imagenet_wnids() if labels == imagenet_labels() else None
