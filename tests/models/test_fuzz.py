"""Networks made at random from the oddities that people's networks have: each is read rightly, or refused in one line.

A few hundred plans, always the same, in CI. By hand: ``MINDSEYE_FUZZ=10000 pytest tests/models/test_fuzz.py``, each time others.
"""

import os

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odd_networks import DETOURS, DTYPES, FORMS, PATCH, PREFIX, STEMS, WRAPPERS, Plan, build, truth, unwrap

from mindseye.errors import UserError
from mindseye.layers.layer import find_layer
from mindseye.layers.output import find_output
from mindseye.layers.reader import SEED, Reader
from mindseye.layers.survey import survey
from mindseye.models.freeze import freeze
from mindseye.models.load import load_model

COUNT = int(os.environ.get("MINDSEYE_FUZZ", "300"))
IMAGES = 3


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    form = draw(st.sampled_from(FORMS))
    side = draw(st.sampled_from([16, 20, 32]))
    count = (side // PATCH) ** 2
    extra = draw(st.integers(0, 3)) if form in ("tokens", "tokens_second") else 0
    return Plan(
        planes=draw(st.sampled_from([1, 3, 4, 5])),
        side=side if form != "windows" else 16,
        form=form,
        extra=extra,
        place=draw(st.integers(0, count)) if extra else 0,
        stem=tuple(draw(st.lists(st.sampled_from(sorted(STEMS)), max_size=3))),
        detour=draw(st.sampled_from(DETOURS)),
        output=draw(st.sampled_from(["tensor", "tuple", "dict", "features first"])),
        dtype=draw(st.sampled_from(["float32", "float32", "float16", "bfloat16", "float64"])),
        first=draw(st.sampled_from(["none", "bytes", "complex", "sparse"])),
        container=draw(st.sampled_from(["sequence", "reversed"])),
        misleads=draw(st.booleans()),
        fixed=draw(st.booleans()),
        wrapper=(wrapper := draw(st.sampled_from(WRAPPERS))),
        lazy=wrapper != "averaged" and draw(st.integers(0, 3)) == 0,  # torch cannot copy lazy weights
    )


def images(plan: Plan) -> torch.Tensor:
    draw = torch.Generator().manual_seed(7)
    return (
        torch.randn(IMAGES, plan.planes, plan.side, plan.side, generator=draw)
        * torch.tensor([1.0, 2.0, 0.5])[:, None, None, None]
    )


def expected(plan: Plan, network: torch.nn.Module) -> torch.Tensor:
    """What the mark saw of each image alone, [images, channels, positions]."""
    mark, read = unwrap(network).mark, []
    for image in images(plan):
        mark.seen.clear()
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(SEED)
            np.random.seed(SEED)
            network(image[None].clone())
        read.append(truth(plan, mark.seen[0]))
    return torch.stack(read)


@pytest.mark.slow
@settings(max_examples=COUNT, suppress_health_check=list(HealthCheck))
@given(plan=plans())
def test_an_odd_network_is_read_rightly(plan: Plan) -> None:
    """The marked layer gives, image by image, what passed there; its gradient reaches the image or is said not to."""
    model = load_model(build(plan), size=plan.side)
    mark = f"{PREFIX[plan.wrapper]}mark"
    assert model.in_channels == plan.planes
    assert model.preprocessing.size == plan.side
    computed = DTYPES[plan.dtype] if plan.detour == "casts" else torch.float32
    assert unwrap(model.network).cut.weight.dtype == computed
    is_exact = computed in (torch.float32, torch.float64) and plan.detour != "autocast"
    tolerance = 1e-4 if is_exact else 0.05
    with freeze(model.network):
        layers = survey(model.network, plan.side, model.in_channels)
        for number, part in enumerate(plan.stem):
            for name, reason in (("unread", "gives complex64 values"), ("empty", "gives .*, which is empty")):
                if part == "complex":
                    with pytest.raises(UserError, match=f"{name}' cannot be read: it {reason}"):
                        find_layer(layers, f"{PREFIX[plan.wrapper]}stem.{number}.{name}")
        if plan.detour in ("single", "loop") and plan.form in ("windows", "copies"):
            with pytest.raises(UserError, match=rf"layer '{mark}' cannot be read: it gives \[.*\] for one image"):
                find_layer(layers, mark)
            return
        layer = find_layer(layers, mark)
        output = find_output(
            model.network, plan.side, model.in_channels, ["1"] if plan.output == "features first" else []
        )[0]
        lets_gradients = plan.detour not in ("no_grad", "inference", "numpy")
        assert layer.has_gradient is output.has_gradient is lets_gradients
        with Reader(model.network, [layer]) as read:
            got = read(images(plan))[mark]
            torch.testing.assert_close(got, expected(plan, model.network), rtol=tolerance, atol=tolerance)
            assert layer.positions == got.shape[2]
            if lets_gradients:
                pixels = images(plan).requires_grad_()
                (gradient,) = torch.autograd.grad(read(pixels)[mark][0].square().sum(), pixels)
                # The mean of what has no mean is zero whatever the image is.
                assert gradient[0].any() or (plan.form, plan.detour) == ("vector", "neighbours")
                assert not gradient[1:].any()
            elif plan.detour != "numpy":
                with pytest.raises(UserError, match=f"no gradient reaches the image from layer '{mark}'"):
                    read(images(plan).requires_grad_())
        with Reader(model.network, [output]) as read:
            assert read(images(plan))[output.address].shape == (IMAGES, 2, 1)
