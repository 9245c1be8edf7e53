"""An atlas from photos to pages: its numbers against slow ones, its bytes after whatever befell it."""

import random
import time

import numpy as np
import pytest
import torch
from atlas_runs import QUICK, files, run
from nets import TinyConv, seeded
from packed_runs import forked
from PIL import Image

import mindseye
from mindseye.cli import main
from mindseye.errors import UserError
from mindseye.facets.clustering import find_facets
from mindseye.facets.embedding import embed
from mindseye.runs.atlas import AtlasFolder
from mindseye.workflows.atlas.cost import LayerCost, total_cost


def test_everything_of_a_channel_as_values(photos, undisturbed):
    """Layers by address, channels by number, with all that their pages show."""
    assert list(undisturbed) == ["body.0", "body.2"]
    assert [len(undisturbed[layer]) for layer in undisturbed] == [3, 3]
    number = next(iter(undisturbed["body.2"]))
    page = undisturbed["body.2"][number]
    record = page.record
    assert page.page.is_file()
    assert page.page.name == f"{number:04d}.html"
    assert page.picture.size == (32, 32)
    assert len(page.pictures) == len(record.facets) >= 1
    assert sum(record.histogram) == len(undisturbed.photos) == 36
    assert [len(group.photos) for group in record.groups.values()] == [9, 9, 9, 9]
    assert {answer.label for answer in record.classes} == {"ant", "bee", "crab 7"}
    best = sorted(range(36), key=lambda place: -page.answers[place])[:9]
    assert [photo.activation for photo in record.strongest] == pytest.approx(page.answers[best].tolist())
    assert Image.open(undisturbed.path / record.sheets["strongest"]).size == (248, 248)
    for facet in record.facets:
        assert 1 / 3 <= facet.label_share <= 1
    assert len(undisturbed.to_frame()) == 6
    assert undisturbed.status.done == 8  # six channels, and the collection at two layers
    assert undisturbed.failures == ()
    assert "8 of 8 pages done" in str(undisturbed.status)


def test_answers_are_the_means_over_positions(photos, undisturbed):
    """Against a plain forward pass with a hook of its own."""
    session = mindseye.Session(seeded(TinyConv), size=32, device="cpu")
    means = session.activations(photos, "body.2", recursive=True)
    assert tuple(means.paths) == undisturbed.photos
    np.testing.assert_allclose(undisturbed["body.2"].answers, means.values, atol=1e-6)
    number = next(iter(undisturbed["body.2"]))
    answers = undisturbed["body.2"][number].answers
    record = undisturbed["body.2"][number].record
    assert record.mean == pytest.approx(answers.mean())
    labels = np.array([path.split("/")[-2] for path in undisturbed.photos])
    for answer in record.classes:
        assert answer.mean == pytest.approx(answers[labels == answer.label].mean())
    entry = undisturbed["body.2"][number].numbers
    strongest = [number in np.argsort(-row)[:1] for row in undisturbed["body.2"].answers]
    assert entry.used == pytest.approx(np.mean(strongest))


def test_the_collections_facets_are_painted_at_each_layer(photos, undisturbed):
    """As many as the layer sorts the photos into, each of its own members; the members are those nearest to the facet's centre."""
    for layer in undisturbed.values():
        groups, pictures = layer.entry.groups, layer.pictures
        assert len(pictures) == len(groups) >= 2
        assert len({picture.tobytes() for picture in pictures}) == len(groups)
        assert all(picture.size == (32, 32) for picture in pictures)
        facets, _ = find_facets(embed(layer.answers.astype(np.float32), 0).points, "auto", 10, 0, 1e-5, "uniform")
        assert [group.photos for group in groups] == [facet.members for facet in facets]
        assert [group.weights for group in groups] == [facet.weights for facet in facets]
        page = (undisturbed.path / layer.entry.folder / "index.html").read_text()
        assert all(f'src="collection-{number:02d}.webp"' in page for number in range(len(groups)))


@pytest.mark.slow
def test_who_has_no_page_is_shown_by_its_strongest_photo(photos, undisturbed):
    """No link, but a crop of the photo in which its activation is greatest, against all maps."""
    layer = undisturbed["body.2"]
    session = mindseye.Session(seeded(TinyConv), size=32, device="cpu")
    seen = 0
    for page in layer.values():
        near = {(own.layer, own.channel) for own in page.record.relatives}
        near |= {(page.record.feeding.layer, own.channel) for own in page.record.feeding.feeders}
        alone = {(address, channel) for address, channel in near if channel not in undisturbed[address]}
        files = {f"{address}/{channel:04d}-photo.webp" for address, channel in alone}
        assert set(page.record.crops) == files
        assert all((undisturbed.path / file).is_file() for file in files)
        html = page.page.read_text()
        for address, channel in alone:
            stem = f"{channel:04d}" if address == "body.2" else f"../{address}/{channel:04d}"
            assert f'src="{stem}-photo.webp"' in html
            assert f'href="{stem}.html"' not in html
            assert not (undisturbed.path / address / f"{channel:04d}.html").exists()
            photo, position = undisturbed.answers.strongest(address, channel)
            maps = session.activations(photos, address, maps=True, recursive=True).maps[:, channel]
            assert maps[photo].flatten()[position] == pytest.approx(maps.max(), abs=1e-5)
            seen += 1
    assert seen


def test_relatives_have_the_largest_correlations(undisturbed):
    """Within the layer and in the others, against NumPy's correlation of every pair."""
    layer = undisturbed["body.2"]
    number = next(iter(layer))
    record = layer[number].record
    own = layer.answers[:, number]
    for name in ("body.2", "body.0"):
        answers = undisturbed[name].answers
        r = [np.corrcoef(own, column)[0, 1] if column.std() else 0.0 for column in answers.T]
        if name == "body.2":
            r[number] = -2.0
        told = [relative for relative in record.relatives if relative.layer == name]
        assert [relative.r for relative in told] == pytest.approx(sorted(r, reverse=True)[: len(told)], abs=1e-6)


def test_what_feeds_a_channel_is_what_it_loses(photos, undisturbed):
    """The drop is what the network itself gives with the channel held at its mean; the first layer has nothing before it."""
    layer = undisturbed["body.2"]
    number = next(iter(layer))
    feeding = layer[number].record.feeding
    assert undisturbed["body.0"][next(iter(undisturbed["body.0"]))].record.feeding is None
    network = seeded(TinyConv)
    before, answers = undisturbed["body.0"].answers, layer.answers[:, number]
    top = np.argsort(-answers, kind="stable")[: feeding.photos]
    session = mindseye.Session(seeded(TinyConv), size=32, device="cpu")
    maps = session.activations(photos, "body.0", maps=True, recursive=True).maps[top]
    held = np.array(maps)
    feeder = feeding.feeders[0]
    held[:, feeder.channel] = before[:, feeder.channel].mean()
    with torch.no_grad():
        rest = torch.nn.Sequential(network.body[1], network.body[2])
        whole, left = (rest(torch.from_numpy(x).float()).mean((2, 3))[:, number].mean().item() for x in (maps, held))
    assert feeder.drop == pytest.approx((whole - left) / abs(whole), abs=2e-4)
    assert [own.share for own in feeding.feeders] == sorted((own.share for own in feeding.feeders), reverse=True)


def test_killed_again_and_again_it_ends_the_same(photos, undisturbed, tmp_path):
    """kill -9 at moments drawn at random, five times, then to the end: byte for byte what an undisturbed atlas leaves."""
    out, dice = tmp_path / "out", random.Random(time.time_ns())
    for _ in range(5):
        process = forked(run, photos, out, save_every=0.0)
        time.sleep(dice.uniform(0.2, 3.0))
        process.kill()
        process.join()
    assert run(photos, out, save_every=0.0).status.done == 8
    assert files(out) == files(undisturbed.path)
    assert not list(out.rglob(".*.mindseye-part"))


@pytest.mark.slow
def test_a_channel_that_is_lost_is_painted_again_as_it_was(photos, undisturbed, tmp_path):
    """In its own place of its pack, whose other pictures are left alone."""
    whole = run(photos, tmp_path / "out")
    number = next(iter(whole["body.2"]))
    stem = whole.path / "body.2" / f"{number:04d}"
    stem.with_suffix(".json").unlink()
    stem.with_suffix(".webp").unlink()
    run(photos, tmp_path / "out")
    assert files(whole.path) == files(undisturbed.path)


@pytest.mark.slow
def test_shards_together_are_the_whole(photos, undisturbed, tmp_path):
    """Each works on its own packs; the pages of the network and its layers come last."""
    first = run(photos, tmp_path / "out", shard="1/2")
    assert 0 < first.status.done < 8
    pages = first.page.read_text()
    painted = sum(page.record is not None for layer in first.values() for page in layer.values())
    assert f"{painted} of 6 are painted so far" in pages
    waiting = [page for layer in first.values() for page in layer.values() if page.record is None]
    assert waiting
    assert all("Not painted yet" in page.page.read_text() for page in waiting)
    run(photos, tmp_path / "out", shard="2/2")
    assert files(tmp_path / "out") == files(undisturbed.path)


def test_another_atlas_is_refused_and_replaced_by_force(photos, tmp_path):
    """One line that names what differs; what is not an atlas's stays."""
    small = {"channels": 1, "layers": "body.0", "steps": 2}
    run(photos, tmp_path / "out", **small)
    (tmp_path / "out" / "body.0" / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="differs in facets; choose another --out, or --force"):
        run(photos, tmp_path / "out", **small | {"facets": 2})
    again = run(photos, tmp_path / "out", **small | {"facets": 2, "force": True})
    number = next(iter(again["body.0"]))
    assert len(again["body.0"][number].record.facets) == 2
    assert (tmp_path / "out" / "body.0" / "mine.txt").is_file()


@pytest.mark.slow
def test_workers_in_processes_of_their_own(photos, network, tmp_path):
    """Two workers leave what one does, to the last bit."""
    small = QUICK | {"channels": 2, "steps": 2}
    one = mindseye.atlas(photos, network, out=tmp_path / "one", **small)
    two = mindseye.atlas(photos, network, out=tmp_path / "two", workers=2, **small)
    assert files(one.path) == files(two.path)


@pytest.mark.ray
def test_workers_of_ray(photos, network, tmp_path, monkeypatch):
    """On a cluster of this machine alone: what one process leaves, to the last bit."""
    pytest.importorskip("ray")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_worker_niceness", "0")
    small = QUICK | {"channels": 2, "steps": 2}
    one = mindseye.atlas(photos, network, out=tmp_path / "one", **small)
    two = mindseye.atlas(photos, network, out=tmp_path / "two", ray="auto", workers=2, **small)
    assert two.failures == ()
    assert files(one.path) == files(two.path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"channels": 0}, "channels is at least 1"),
        ({"channels": "some"}, "channels is how many"),
        ({"channels": [99]}, "channel 99 is not in layer 'body.0'"),
        ({"facets": 5}, "facets is a number from 1 to 4, or auto"),
        ({"layers": "nowhere"}, "no layer 'nowhere'"),
        ({"workers": 2}, "give it by its name"),
    ],
)
def test_bad_input_is_one_line(photos, tmp_path, changes, said):
    """It names the thing, and nothing is begun."""
    with pytest.raises(UserError, match=said):
        run(photos, tmp_path / "out", **changes)
    assert not AtlasFolder(tmp_path / "out").exists()


@pytest.mark.slow
def test_a_session_makes_one_too(photos, undisturbed, tmp_path):
    """With the session's network, size and device."""
    session = mindseye.Session(seeded(TinyConv), size=32, device="cpu")
    settings = {key: QUICK[key] for key in ("layers", "channels", "steps", "batch_size", "command")}
    made = session.atlas(photos, out=tmp_path / "out", progress=None, **settings)
    assert files(made.path) == files(undisturbed.path)
    with pytest.raises(UserError, match="is not in this atlas"):
        made["body.0"][99]
    with pytest.raises(UserError, match=r"it has body\.0, body\.2"):
        made["body.1"]


def test_the_command_tells_the_cost_before_it_paints(photos, network, tmp_path, capsys):
    """As it is typed: what it will be, what fewer channels would be, and what leads on; then how far it is, and its page."""
    words = ["atlas", network, str(photos), "--layers", "body.2", "--channels", "0,3", "--facets", "1", "--steps", "2"]
    assert main([*words, "--size", "32", "--out", str(tmp_path / "out"), "--batch-size", "2"]) == 0
    lines = capsys.readouterr().err.splitlines()
    facets = len(mindseye.Atlas(tmp_path / "out")["body.2"].entry.groups)
    told = next(place for place, line in enumerate(lines) if f"{4 + facets} pictures, about" in line)
    assert told < next(place for place, line in enumerate(lines) if "2/3 body.2:0: 2 pictures" in line)
    assert f"  mindseye open {tmp_path / 'out'}" in lines
    assert main(["status", str(tmp_path / "out")]) == 0
    assert "3 of 3 pages done" in capsys.readouterr().out
    assert main(["open", str(tmp_path / "out")]) == 0
    assert str(tmp_path / "out" / "index.html") in capsys.readouterr().err


def test_the_cost_grows_with_channels_and_steps():
    """Whole batches of plain pictures, facets by their number, and what each channel takes beside, added by hand."""
    costs = {"a": LayerCost(8.0, 16.0, 0.5, 2.0), "b": LayerCost(4.0, 8.0, 0.25, 1.0)}
    cost = total_cost(costs, {"a": 9, "b": 8}, 8, {"b": 12})
    assert cost.pictures == 9 + 18 + 8 + 8 + 12
    assert cost.seconds == 2 * 8.0 + 18 / 8 * 16.0 + 9 * 0.5 + 4.0 + 8.0 + 8 * 0.25 + 2 * 8.0
    assert str(cost).startswith("55 pictures, about ")
