"""The library: a session and what can be asked of it, each against a slow computation or what the commands leave."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from nets import TinyConv, seeded
from PIL import Image
from torch.nn.functional import interpolate

import mindseye as me
from mindseye.errors import UserError
from mindseye.facets.joint import is_joint
from mindseye.facets.sort import sort_values
from mindseye.report.progress import Progress
from mindseye.report.tables import layer_table

SIDE, COUNT, LAYER = 32, 18, "body.2"
RECIPE = me.recipe("distribution", steps=12, snapshots=1, target_views=0, top_k=4, members=5)
NETWORK = "from nets import TinyConv, seeded\ndef build():\n    return seeded(TinyConv)\n"


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Photos of three kinds of stripes, in PNG files of the size that the network sees."""
    folder = tmp_path_factory.mktemp("photos")
    draw = np.random.default_rng(0)
    for number in range(COUNT):
        stripes = np.arange(SIDE) // (2 + 3 * (number % 3)) % 2 * 120
        pixels = draw.integers(0, 40, (SIDE, SIDE, 3)) + draw.integers(0, 90, 3) + stripes[:, None, None]
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number:02d}.png")
    return folder


@pytest.fixture
def session():
    return me.Session(seeded(TinyConv), size=SIDE)


@torch.no_grad()
def features(images, blocks=3):
    """The map behind some blocks of the body, without a hook: [images, channels, rows, columns]."""
    network = seeded(TinyConv)
    return network.body[:blocks](network.relu(network.stem(images)))


def pixels_of(paths):
    """Photos as the network sees them, [photos, 3, side, side] in [0, 1]."""
    arrays = np.stack([np.asarray(Image.open(path)) for path in paths])
    return torch.from_numpy(arrays).movedim(-1, 1).float() / 255


def written(run):
    """The pixels of every picture that a run keeps, in order, [pictures, side, side, 3]."""
    entries = [facet for layer in run.manifest.layers for facet in layer.facets] or run.manifest.pictures
    return np.stack([np.asarray(Image.open(run.path / entry.picture)) for entry in entries])


def as_bytes(images):
    return (images.clamp(0, 1) * 255).round().byte().movedim(1, -1).numpy()


class Counting(TinyConv):
    """Counts the images that pass through it."""

    def __init__(self):
        super().__init__()
        self.passed = 0

    def forward(self, images):
        self.passed += len(images)
        return super().forward(images)


def state_of(network):
    """All that a call could leave behind in a module."""
    tensors = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    flags = [
        (module.training, len(module._forward_hooks), len(module._forward_pre_hooks)) for module in network.modules()
    ]
    strides = [tensor.stride() for tensor in network.parameters()]
    return tensors, flags, strides, [tensor.requires_grad for tensor in network.parameters()]


def test_a_module_comes_back_as_it_was(photos, tmp_path):
    """After every call: mode, gradients, hooks, weights and their layout in memory."""
    network = seeded(TinyConv).train().requires_grad_(True)
    network.body[0].eval()
    tensors, *others = state_of(network)
    session = me.Session(network, size=SIDE)

    def check():
        now, *flags = state_of(network)
        assert flags == others
        assert all(torch.equal(tensor, now[name]) for name, tensor in tensors.items())
        assert all(parameter.grad is None for parameter in network.parameters())

    check()
    session.layers()
    session.activations(photos, LAYER, maps=True)
    check()
    facets = session.facets(photos, LAYER, 2, recipe=RECIPE)
    target = facets.target(LAYER)
    check()
    pictures = session.paint(target, RECIPE, steps=2)
    check()
    pictures.measures()
    pictures.save(tmp_path / "run")
    session.paint("class:1", RECIPE, steps=2)
    check()


def test_a_name_is_as_good_as_a_module(photos, session, tmp_path):
    """And another seed is another start."""
    (tmp_path / "net.py").write_text(NETWORK)
    named = me.Session(f"{tmp_path / 'net.py'}:build", size=SIDE)
    by_name, by_module = (each.activations(photos, LAYER).values for each in (named, session))
    np.testing.assert_allclose(by_name, by_module, rtol=1e-4, atol=1e-6)
    starts = [
        me.Session(seeded(TinyConv), size=SIDE, seed=seed).paint("body.2:3", RECIPE, steps=1).starts
        for seed in (0, 0, 1)
    ]
    assert torch.equal(starts[0], starts[1])
    assert not torch.equal(starts[0], starts[2])


def test_layers_show_themselves_as_a_table(session):
    """Every module's output in the order of the forward pass, with its shape; as the command prints it."""
    layers = session.layers()
    by_address = {layer.address: layer for layer in layers}
    modules = [name for name, _ in seeded(TinyConv).named_modules() if name]
    assert set(modules) <= set(layers.addresses)
    assert layers.addresses.index("stem") < layers.addresses.index("body.0") < layers.addresses.index("fc")
    assert (by_address[LAYER].channels, by_address[LAYER].rows_and_columns) == (16, (8, 8))
    with session.using() as used:
        assert str(layers) == layer_table(used.model, used.network, "")
    assert layers.to_frame().shape[0] == len(layers)
    assert layers._repr_html_().count("<tr>") == len(layers) + 1
    assert session._repr_html_() == layers._repr_html_()


def test_activations(photos, session):
    """Means and maps equal what the network gives without hooks, photo by photo in the order of their names."""
    activations = session.activations(photos, LAYER, maps=True)
    assert [Path(path).name for path in activations.paths] == [f"{number:02d}.png" for number in range(COUNT)]
    slowly = features(pixels_of(activations.paths))
    np.testing.assert_allclose(activations.maps, slowly.numpy(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(activations.values, slowly.mean((2, 3)).numpy(), rtol=1e-4, atol=1e-5)
    assert np.array_equal(np.asarray(activations), activations.values)
    table = activations.to_frame()
    assert table.loc[activations.paths[7], 3] == pytest.approx(float(activations.values[7, 3]))
    assert session.activations(photos, "fc").values.shape == (COUNT, 5)


def test_activations_come_from_the_cache_the_second_time(photos):
    """No photo passes through the network again (but for a probe of it), unless the session keeps no cache."""
    networks = [seeded(Counting) for _ in range(3)]
    sessions = [
        me.Session(network, size=SIDE, cache=cache)
        for network, cache in zip(networks, (True, True, False), strict=True)
    ]
    passed = []
    for network, session in zip(networks, sessions, strict=True):
        session.layers()
        before = network.passed
        values = session.activations(photos, LAYER).values
        passed.append((network.passed - before, values))
    assert [count >= COUNT for count, _ in passed] == [True, False, True]
    assert all(np.array_equal(values, passed[0][1]) for _, values in passed)


def test_facets_are_those_of_a_run(photos, session, tmp_path):
    """Members, weights, sizes, map and silhouette are what ``visualize`` notes; nothing is painted for them."""
    facets = session.facets(photos, LAYER, 3, recipe=RECIPE)
    run = me.visualize(photos, session, LAYER, facets=3, recipe=RECIPE, out=tmp_path / "run", quiet=True)
    entries = run.manifest.layers[0].facets
    assert len(facets) == len(entries) == 3
    for facet, entry in zip(facets, entries, strict=True):
        assert facet.photos == tuple(member.path for member in entry.members)
        assert facet.weights == [member.weight for member in entry.members]
        assert (facet.size, facet.silhouette) == (entry.size, entry.silhouette)
    assert facets.silhouette == run.manifest.clusters.silhouette
    assert [int((facets.assignment == facet.index).sum()) for facet in facets] == [facet.size for facet in facets]


def test_facets_show_themselves(photos, session):
    """A figure with a point per photo; a table with a row per member."""
    facets = session.facets(photos, LAYER, 3, recipe=RECIPE)
    figure = facets.plot()
    assert isinstance(figure, Figure)
    drawn = np.concatenate([np.asarray(dots.get_offsets()) for dots in figure.axes[0].collections])
    assert {tuple(point) for point in drawn.round(4)} == {
        tuple(point) for point in facets.points.astype(float).round(4)
    }
    table = facets.to_frame()
    assert list(table[table.facet == 1].photo) == list(facets[1].photos)
    assert table.groupby("facet").weight.sum().to_numpy() == pytest.approx([1.0] * 3)


def test_targets_are_equation_one(photos, session):
    """``sum_n w_n sort(a(x_n))`` channel by channel, at the layer of the facets and at another; top-k by its mean."""
    facets = session.facets(photos, LAYER, 3, recipe=RECIPE)
    for layer, blocks in ((LAYER, 3), ("body.0", 1)):
        target = facets.target(layer)
        for facet in facets:
            maps = features(pixels_of(facet.photos), blocks).flatten(2)
            slowly = sum(weight * own.sort(-1).values for weight, own in zip(facet.weights, maps, strict=True))
            torch.testing.assert_close(target.ranks[facet.index], slowly, rtol=1e-4, atol=1e-5)
            strongest = slowly.mean(-1).topk(4).indices
            assert set(target.channels[facet.index].tolist()) == set(strongest.tolist())
        assert target.photos == [facet.photos for facet in facets]
    assert torch.equal(facets.target().ranks, facets.target(LAYER).ranks)


def test_targets_of_each_octave(photos, session):
    """A recipe that sees its pictures small at first has targets of the photos seen as small, by the same equation."""
    recipe = replace(RECIPE, octaves=3, octave_scale=2.0)
    facets = session.facets(photos, LAYER, 2, recipe=recipe)
    target = facets.target(LAYER)
    for side, ranks in zip((SIDE // 4, SIDE // 2), target.smaller, strict=True):
        for facet in facets:
            small = interpolate(pixels_of(facet.photos), size=(side, side), mode="bilinear", antialias=True)
            maps = features(small, 3).flatten(2)
            slowly = sum(weight * own.sort(-1).values for weight, own in zip(facet.weights, maps, strict=True))
            torch.testing.assert_close(ranks[facet.index], slowly, rtol=1e-3, atol=1e-4)
    whole = replace(RECIPE, octaves=1)
    assert session.facets(photos, LAYER, 2, recipe=whole).target(LAYER).smaller == ()


def test_what_is_only_measured_has_no_targets_of_what_is_only_painted_with(photos, session):
    recipe = replace(RECIPE, match=1.0, match_joint=0.5, octaves=2)
    target = session.facets(photos, LAYER, 2, recipe=recipe).target(LAYER)
    with session.using(recipe) as network:
        painted, measured = (target.gather(network, Progress(quiet=True), paints)[1] for paints in (True, False))
    assert any(map(is_joint, painted.ranks))
    assert len(painted.smaller) == 1
    assert list(measured.ranks) == [address for address in painted.ranks if not is_joint(address)]
    assert measured.smaller == []
    for address, ranks in measured.ranks.items():
        assert torch.equal(ranks, painted.ranks[address])


def test_octaves_that_a_network_refuses_are_not_tried(photos):
    """Half the side is too small for it: it sees views of one side in every octave, and paints."""

    class Picky(TinyConv):
        def forward(self, images):
            assert images.shape[-1] >= SIDE
            return super().forward(images)

    network = Picky()
    pictures = me.Session(network, size=SIDE).paint(
        me.Channel(LAYER, 3), recipe=me.Recipe("x", steps=4, octaves=2, octave_scale=2.0)
    )
    assert pictures.images.isfinite().all()


def test_the_target_of_any_photos(photos, session):
    """All of them as one facet, each of the same weight; the same from the class as from the session."""
    paths = [str(photos / f"{number:02d}.png") for number in (3, 1, 4)]
    target = me.Target.of(session, paths, LAYER, recipe=RECIPE)
    slowly = sort_values(features(pixels_of(paths)).flatten(2)).mean(0)
    torch.testing.assert_close(target.ranks[0], slowly, rtol=1e-4, atol=1e-5)
    assert target.photos == [tuple(paths)]
    assert torch.equal(session.target(paths, LAYER, recipe=RECIPE).ranks, target.ranks)
    with pytest.raises(UserError, match="session is"):
        me.Target.of(3, paths, LAYER)


@pytest.fixture(scope="module")
def pair(photos, tmp_path_factory):
    """Facets painted in memory, and the same by ``visualize``: session, pictures, run, and how the run was asked for."""
    session = me.Session(seeded(TinyConv), size=SIDE)
    pictures = session.paint(session.facets(photos, LAYER, 3, recipe=RECIPE).target(LAYER), RECIPE)
    asked = {"photos": photos, "model": session, "layer": LAYER, "facets": 3, "recipe": RECIPE, "quiet": True}
    run = me.visualize(**asked, out=tmp_path_factory.mktemp("visualize") / "run")
    return pictures, run, asked


def test_pictures_in_memory_are_those_of_visualize(pair):
    """Byte for byte, with the same losses and measures."""
    pictures, run, _ = pair
    assert pictures.images.shape == (3, 3, SIDE, SIDE)
    assert np.array_equal(as_bytes(pictures.images), written(run))
    entries = run.manifest.layers[0].facets
    assert [{term: list(ends) for term, ends in loss.items()} for loss in pictures.losses] == [
        {term: list(ends) for term, ends in entry.loss.items()} for entry in entries
    ]
    assert pictures.measures() == [entry.measures for entry in entries]


def test_saved_pictures_are_a_run(pair, tmp_path):
    """It opens, can be judged, and the command that would have made it finds it finished."""
    pictures, run, asked = pair
    saved = pictures.save(tmp_path / "run")
    assert np.array_equal(written(saved), written(run))
    here, there = saved.manifest, run.manifest
    assert (here.kind, here.status, here.recipe, here.options) == ("visualize", "done", there.recipe, there.options)
    assert (here.layers[0].facets[0].measures, here.layers[0].facets[0].members) == (
        there.layers[0].facets[0].measures,
        there.layers[0].facets[0].members,
    )
    assert (saved.path / "report.html").is_file()
    before = (saved.path / "run.json").read_bytes()
    again = me.visualize(**asked, out=saved.path)
    assert (again.path / "run.json").read_bytes() == before
    pictures.save(saved.path)
    assert (saved.path / "run.json").read_bytes() == before
    judged = me.evaluate(saved, seeded(Counting), quiet=True)
    assert list(judged.manifest.judges) == ["Counting"]
    frame = judged.to_frame()
    assert list(frame["facet"]) == [0, 1, 2]
    with pytest.raises(UserError, match="another"):
        pair[0].order.session.paint("body.2:3", RECIPE).save(saved.path)


def test_only_painting_looks_at_members_in_every_octave(photos, session):
    """Measures are of whole pictures: members are read at one size for them, and give the same numbers as in a run."""
    recipe = replace(RECIPE, octaves=3, octave_scale=2.0)
    facets = session.facets(photos, LAYER, 2, recipe=recipe)
    target, looks = facets.target(), {"paint": [], "measures": []}

    def listen(name):
        return lambda stage, done, total, left: looks[name].append(total) if stage == "targets" else None

    pictures = session.paint(target, recipe, steps=2, progress=listen("paint"))
    pictures.measures(progress=listen("measures"))
    assert set(looks["paint"]) == {2 * 3}
    assert set(looks["measures"]) == {2}


def test_pictures_of_objectives_are_those_of_paint(tmp_path):
    """Words, values and sums of them: byte for byte, with the same numbers, and saved as a run of paint."""
    session = me.Session(seeded(TinyConv), size=SIDE)
    asked = ["body.2:3", "class:1", me.Channel("body.0", 2)]
    pictures = session.paint(asked, RECIPE, start="noise")
    run = me.paint(asked, session, recipe=RECIPE, changes={"start": "noise"}, out=tmp_path / "run", quiet=True)
    assert np.array_equal(as_bytes(pictures.images), written(run))
    assert pictures.measures() == [entry.measures for entry in run.manifest.pictures]
    assert [loss.keys() for loss in pictures.losses] == [entry.loss.keys() for entry in run.manifest.pictures]
    assert pictures.names == [entry.objective for entry in run.manifest.pictures]
    saved = pictures.save(tmp_path / "saved")
    assert np.array_equal(written(saved), written(run))
    again = me.paint(asked, session, recipe=RECIPE, changes={"start": "noise"}, out=saved.path, quiet=True)
    assert again.manifest.command == "Pictures.save(...)"
    assert list(saved.to_frame()["objective"]) == pictures.names


def test_a_bare_target_is_painted_at_its_own_layer(session, tmp_path):
    """Ranks of one's own making: the picture comes near them; it is kept, but has no photos to be measured against."""
    ranks = torch.linspace(0, 1, 64).expand(1, 16, 64).clone()
    target = me.Target(LAYER, ranks, torch.arange(4)[None])
    pictures = session.paint(target, RECIPE, steps=20, start="noise", dot=0, match_rgb=0)
    begun, ended = pictures.losses[0][f"match {LAYER}"]
    assert ended < begun
    with pytest.raises(UserError, match="no photos to be measured against"):
        pictures.measures()
    run = pictures.save(tmp_path / "run")
    assert (run.manifest.status, [entry.status for entry in run.manifest.pictures]) == ("done", ["done"])
    assert np.array_equal(written(run), as_bytes(pictures.images))


class Difference(me.Objective):
    """Written by hand what arithmetic makes of two channels, under the same name."""

    name = "(body.2:3 - (body.2:4 * 0.5))"
    layers = ("body.2",)

    def __call__(self, activations):
        means = activations["body.2"].float().mean(-1)
        return means[:, 3] - 0.5 * means[:, 4]


def test_objectives_of_ones_own_and_arithmetic(session):
    """Both are painted alike, bit for bit, and the loss is the value by hand of what is there."""
    own = session.paint(Difference(), "lucid", steps=20, lr=0.05)
    made = session.paint(me.Channel("body.2", 3) - 0.5 * me.Channel("body.2", 4), "lucid", steps=20, lr=0.05)
    assert own.names == made.names
    assert torch.equal(own.images, made.images)
    for images, end in ((own.starts, 0), (own.images, 1)):
        means = features(images).mean((2, 3))[0]
        assert own.losses[0]["objective"][end] == pytest.approx(-float(means[3] - 0.5 * means[4]), abs=1e-5)
    assert own.losses[0]["objective"][1] < own.losses[0]["objective"][0]


def test_on_step_sees_the_pictures_and_stops(session):
    """What is shown last is what is given back, and it is where a painting of so many steps ends."""
    shown = []

    def stop(step, images):
        shown.append((step, images.clone()))
        return step < 20

    pictures = session.paint(["body.2:3", "body.2:4"], "lucid", steps=60, on_step=stop)
    assert [step for step, _ in shown] == [10, 20]
    assert torch.equal(shown[-1][1], pictures.images)
    assert not torch.equal(shown[0][1], shown[1][1])
    ended = []
    session.paint("body.2:3", "lucid", steps=20, on_step=lambda step, images: ended.append(step))
    assert ended == [10, 20]  # None does not stop


def test_progress_is_told_and_stops(photos, session):
    """Stages with units done and in total; False, or an exception, ends the call."""
    told = []
    session.facets(photos, LAYER, 2, progress=lambda *news: told.append(news))
    assert {stage for stage, *_ in told} == {"extract", "cluster"}
    for stage in ("extract", "cluster"):
        counts = [(done, total) for name, done, total, _ in told if name == stage]
        assert counts[0] == (0, COUNT)
        assert counts[-1] == (COUNT, COUNT)
        assert counts == sorted(counts)
    steps = []

    def stop(stage, done, total, left):
        steps.append((done, total, left))
        return done < 20

    with pytest.raises(KeyboardInterrupt):
        session.paint("body.2:3", "lucid", steps=60, progress=stop)
    assert [(done, total) for done, total, _ in steps] == [(0, 60), (10, 60), (20, 60)]
    assert steps[0][2] is None
    assert steps[-1][2] >= 0

    def fail(stage, done, total, left):
        raise LookupError("enough")

    with pytest.raises(LookupError):
        session.activations(photos, LAYER, progress=fail)


def test_measures_are_functions_on_tensors():
    """Of what is alike and what is not, without a run; see tests/measure for the numbers in full."""
    means = torch.tensor([[1.0, 2.0, 0.0], [0.0, 0.0, 3.0]])
    perfect = me.measures.fidelity(means, means, torch.tensor([[0, 1], [2, 0]]))
    assert torch.as_tensor(perfect["cosine"]).tolist() == pytest.approx([1.0, 1.0])
    noise = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert float(me.measures.sorted_distance(noise, noise).abs().max()) == pytest.approx(0, abs=1e-6)
    assert float(me.measures.spectrum_slope(noise).mean()) > -0.5  # white noise is flat
    alike = me.measures.naturalness(noise, noise)
    assert float(alike["total_variation"].mean()) == pytest.approx(1.0, abs=1e-5)
    assert float(alike["spectrum_slope"].mean()) == pytest.approx(0.0, abs=1e-5)
    photos = torch.eye(12)
    near = me.measures.neighbourhood(photos[:1] * 3, photos, members=[0, 1])
    assert float(near["copy"]) == pytest.approx(1.0)
    assert float(me.measures.neighbourhood(-photos[:1], photos, members=[0])["copy"]) == pytest.approx(-1.0)
