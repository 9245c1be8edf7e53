"""Tiny networks in a file, and a transfer between them that nothing has disturbed."""

import pytest
from transfer_runs import NETWORKS, QUICK

import mindseye


@pytest.fixture(scope="session")
def networks(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "networks.py"
    path.write_text(NETWORKS)
    return lambda name: f"{path}:{name}"


@pytest.fixture
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def finished(networks, tmp_path_factory):
    """Both directions, two judges, with and without augmentation."""
    out = tmp_path_factory.mktemp("transfer") / "out"
    judges = [networks("judge"), networks("other")]
    return mindseye.transfer(networks("painter"), judges, both=True, compare=True, out=out, **QUICK)
