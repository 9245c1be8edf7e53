"""The names of all networks that can be had by one."""

from mindseye.models.bundled import SIDES
from mindseye.models.timm import timm_names
from mindseye.models.torchvision import torchvision_names


def model_names() -> list[str]:
    """The bundled networks, torchvision's, and timm's as ``timm/NAME``, as far as these are installed."""
    names = list(SIDES)
    for known, prefix in ((torchvision_names, ""), (timm_names, "timm/")):
        try:
            names += [prefix + name for name in known()]
        except ImportError:  # the others can be had all the same
            continue
    return names
