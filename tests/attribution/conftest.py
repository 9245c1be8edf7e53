"""Shared by the tests of attribution."""

import pytest

from mindseye.models.load import load_model


@pytest.fixture(scope="session")
def lite0():
    """EfficientNet-Lite0 with the weights of its package: ReLU6, batch norm, skip connections, one pooled head."""
    return load_model("efficientnet_lite0")
