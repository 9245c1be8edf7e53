"""What judges say of a run: every number against plain loops over photos, cosines and scores."""

from pathlib import Path

import numpy as np
import pytest
import torch
from nets import TinyConv, seeded
from PIL import Image
from safetensors.torch import load_file

import mindseye
from mindseye.facets.stability import stability
from mindseye.models.load import load_model
from mindseye.photos.decode import View, decode
from mindseye.runs.files import read_picture
from mindseye.runs.folder import RunFolder
from mindseye.workflows.evaluation import evaluate

JUDGE = "nets_of_mine.judge"


def look(model, images):
    """Pooled features of the last block, and logits, of images in [0, 1] one by one."""
    network = model.network
    with torch.no_grad():
        seen = [model.preprocessing.normalise(image[None]) for image in images]
        features = [network.body(network.relu(network.stem(image))).mean((2, 3))[0] for image in seen]
        return torch.stack(features), torch.stack([network(image)[0] for image in seen])


def photos_for(model, paths):
    side = model.preprocessing.size
    return [decode(str(path), View(model.preprocessing, side, 3)).float() / 255 for path in paths]


def picture_for(path, side=40):
    """A picture as Pillow resizes it, band by band in floating point."""
    pixels = np.asarray(Image.open(path).convert("RGB"), dtype=np.float32)
    bands = [Image.fromarray(pixels[..., band]).resize((side, side), Image.Resampling.BICUBIC) for band in range(3)]
    return torch.from_numpy(np.stack([np.asarray(band) for band in bands])).clamp(0, 255) / 255


def cosines(feature, features):
    return [float(torch.nn.functional.cosine_similarity(feature, other, dim=0)) for other in features]


def neighbours(feature, features, itself=None):
    """(cosine, number) of the photos, nearest first."""
    ranked = [(cosine, number) for number, cosine in enumerate(cosines(feature, features)) if number != itself]
    return sorted(ranked, key=lambda pair: -pair[0])


def test_neighbourhoods_against_plain_loops(world):
    """Pictures, starts and members among the photos of two folders, at both layers."""
    manifest = mindseye.evaluate(world.run, world.spec("judge"), among=world.others, quiet=True).manifest
    model, own = load_model(world.spec("judge")), manifest.images.paths
    photos, _ = look(model, photos_for(model, own + sorted((world.others / "more").iterdir())))
    facet_of = load_file(world.run / "facets.safetensors")["body.2/facet"].tolist()
    closeness = [neighbours(photo, photos, number)[4][0] for number, photo in enumerate(photos)]

    def expected(feature, facet, itself=None):
        ranked = neighbours(feature, photos, itself)
        clustered = [number for _, number in ranked if number < len(own)][: min(10, facet.size - 1)]
        members = {member.index for member in facet.members}
        return {
            "home_folder": np.mean([number < len(own) for _, number in ranked[:10]]),
            "home_facet": np.mean([facet_of[number] == facet.index for number in clustered]),
            "percentile": np.mean([(close < ranked[4][0] - 1e-6) + (close < ranked[4][0] + 1e-6) for close in closeness]) / 2,
            "copy": max(cosine for cosine, number in ranked if number in members),
        }  # fmt: skip

    for layer in manifest.layers:
        for facet in layer.facets:
            near = facet.measures["neighbourhood"][JUDGE]
            for role in ("picture", "start"):
                (feature,), _ = look(model, [picture_for(world.run / getattr(facet, role))])
                assert near[role] == pytest.approx(expected(feature, facet), abs=2e-5)
            rows = [expected(photos[member.index], facet, member.index) for member in facet.members]
            means = {name: np.mean([row[name] for row in rows]) for name in rows[0]}
            means |= {"copy": max(row["copy"] for row in rows)}
            # Two photos that are each other's 5th nearest are equally close, up to rounding: half a rank for each.
            assert near["members"].pop("percentile") == pytest.approx(means.pop("percentile"), abs=0.5 / len(photos))
            assert near["members"] == pytest.approx(means, abs=2e-5)
    found = [facet.measures["neighbourhood"][JUDGE]["picture"] for layer in manifest.layers for facet in layer.facets]
    assert len({tuple(numbers.values()) for numbers in found}) == len(found)


def test_transfer_against_plain_loops(world):
    """The judge's scores of the label that it sees in most members, and how alike the pictures are to it."""
    manifest = mindseye.evaluate(world.run, world.spec("judge"), quiet=True).manifest
    model = load_model(world.spec("judge"))
    photos, logits = look(model, photos_for(model, manifest.images.paths))
    for layer in manifest.layers:
        seen = {"picture": [], "start": [], "members": []}
        for facet in layer.facets:
            members = [member.index for member in facet.members]
            votes = [int(logits[member].argmax()) for member in members]
            named = facet.measures["transfer"][JUDGE]
            (label,) = named["labels"]
            assert votes.count(label) == max(votes.count(other) for other in range(5))
            assert named["label"] == ["ant", "bee", "crab, cancer", "duck", "eel"][label]
            for role in ("picture", "start"):
                (feature,), (scores,) = look(model, [picture_for(world.run / getattr(facet, role))])
                seen[role].append(feature)
                assert named[role]["probability"] == pytest.approx(float(scores.softmax(0)[label]), abs=1e-4)
                assert named[role]["top1"] == float(scores.argmax() == label)
            shares = [float(logits[member].softmax(0)[label]) for member in members]
            assert named["members"]["probability"] == pytest.approx(np.mean(shares), abs=1e-5)
            assert named["members"]["top1"] == pytest.approx(np.mean([vote == label for vote in votes]))
            seen["members"].append(photos[members[0]])
        alike = manifest.summary.layers[layer.layer]["mean_pairwise_cosine"][JUDGE]
        for role, (first, second) in seen.items():
            assert alike[role] == pytest.approx(cosines(first, [second])[0], abs=1e-5)


def test_labels_given_count_together(world):
    """Labels by name and index instead of the members' own: their probabilities are added."""
    manifest = mindseye.evaluate(world.run, world.spec("judge"), labels=["Cancer", 1], quiet=True).manifest
    facet, model = manifest.layers[1].facets[0], load_model(world.spec("judge"))
    _, (scores,) = look(model, [picture_for(world.run / facet.picture)])
    named = facet.measures["transfer"][JUDGE]
    assert named["label"] == "crab, cancer, bee"
    assert named["picture"]["probability"] == pytest.approx(float(scores.softmax(0)[[1, 2]].sum()), abs=1e-4)


def test_the_set_is_measured_with_the_painted_network(world, monkeypatch):
    """Stability is that of the painter's own activations where the facets were found; a second judge leaves it alone."""
    asked = []

    def recorded(features, count, seed):
        asked.append((features, count, seed))
        return stability(features, count, seed)

    monkeypatch.setattr(evaluate, "stability", recorded)
    measures = mindseye.evaluate(world.run, world.spec("judge"), quiet=True).manifest.summary.set
    painter, manifest = load_model(world.spec("painter")), RunFolder(world.run).read()
    features, _ = look(painter, photos_for(painter, manifest.images.paths))
    # Facets of few photos may turn on the last bit of a feature: the number is that of what was measured, which is close.
    (means, count, seed), shuffled = asked
    torch.testing.assert_close(torch.from_numpy(means), features, rtol=1e-4, atol=1e-5)
    assert (count, seed) == (2, 0)
    assert measures["stability"] == stability(means, 2, seed=0)
    assert measures["stability_shuffled"] == stability(*shuffled)
    assert measures["silhouette"] == manifest.clusters.silhouette
    assert measures["stability_shuffled"] < measures["stability"]
    manifest.summary.set["stability"] = 0.25
    RunFolder(world.run).write(manifest)
    again = mindseye.evaluate(world.run, world.spec("other"), quiet=True).manifest.summary.set
    assert again == measures | {"stability": 0.25}


def test_the_summary_is_the_mean_over_facets(world):
    """Means with intervals per layer and judge; what was measured while painting is summed up too."""
    judges = [world.spec("judge"), world.spec("other")]
    manifest = mindseye.evaluate(world.run, judges, quiet=True).manifest
    for layer in manifest.layers:
        summary = manifest.summary.layers[layer.layer]
        for judge in (JUDGE, "nets_of_mine.other"):
            rows = [facet.measures["transfer"][judge]["picture"] for facet in layer.facets]
            values, found = [row["probability"] for row in rows], summary["transfer"][judge]["picture"]["probability"]
            assert found["mean"] == pytest.approx(np.mean(values))
            assert [found["low"], found["high"]] == pytest.approx([min(values), max(values)])
            share = summary["transfer"][judge]["picture"]["top1"]
            assert share["mean"] == pytest.approx(np.mean([row["top1"] for row in rows]))
            assert 0 <= share["low"] < share["high"] <= 1  # Wilson's has a width even where all agree
        cosine = [facet.measures["fidelity"]["start"]["cosine"] for facet in layer.facets]
        assert summary["fidelity"]["start"]["cosine"]["mean"] == pytest.approx(np.mean(cosine))


def test_one_folder_has_no_home(world):
    """Without other folders all neighbours are at home: home_folder is null rather than 1, the rest stays."""
    manifest = mindseye.evaluate(world.run, world.spec("judge"), among=world.photos, quiet=True).manifest
    near = manifest.layers[0].facets[0].measures["neighbourhood"][JUDGE]
    assert [near[role]["home_folder"] for role in ("picture", "members", "start")] == [None] * 3
    assert 0 <= near["picture"]["home_facet"] <= 1
    assert manifest.judges[JUDGE].folders == {str(world.photos): 14}


def test_sub_folders_that_are_labels_are_folders(world, tmp_path):
    """In a recursive run a facet's home is the sub-folder of most of its members."""
    for tint, name in enumerate(("cold", "warm")):
        world.draw_folder(tmp_path / "both" / name, 8, tint)
    run = world.paint(tmp_path / "both", tmp_path / "run", recursive=True)
    manifest = mindseye.evaluate(run, world.spec("judge"), quiet=True).manifest
    model = load_model(world.spec("judge"))
    paths = [Path(path) for path in manifest.images.paths]
    photos, _ = look(model, photos_for(model, paths))
    for facet in manifest.layers[0].facets:
        (feature,), _ = look(model, [picture_for(run / facet.picture)])
        homes = [paths[number].parent.name == facet.label for _, number in neighbours(feature, photos)[:7]]
        assert facet.measures["neighbourhood"][JUDGE]["picture"]["home_folder"] == pytest.approx(np.mean(homes))


def test_a_judge_of_one_channel_looks_in_grey(world):
    """It sees the luma of a colour picture."""
    grey = seeded(TinyConv, 1)
    grey.image_size = 32
    facet = mindseye.evaluate(world.run, grey, quiet=True).manifest.layers[0].facets[0]
    picture = read_picture(Path(world.run / facet.picture))
    luma = torch.einsum("chw,c->hw", picture, torch.tensor([0.299, 0.587, 0.114]))
    with torch.no_grad():
        scores = grey(luma[None, None])[0]
    named = facet.measures["transfer"]["TinyConv"]
    assert named["picture"]["probability"] == pytest.approx(float(scores.softmax(0)[named["labels"][0]]), abs=1e-5)
