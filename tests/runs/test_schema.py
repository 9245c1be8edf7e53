"""run.json through its types: what older files said, what is refused, and that nothing is lost on the way."""

import json
from dataclasses import fields, is_dataclass

import pytest

from mindseye.errors import UserError
from mindseye.runs import schema
from mindseye.runs.folder import RunFolder
from mindseye.runs.schema import (
    SCHEMA,
    ChannelStats,
    Entanglement,
    FacetEntry,
    JudgeEntry,
    LayerEntry,
    Manifest,
    MemberEntry,
    ModelEntry,
    PictureEntry,
    StepEntry,
)
from mindseye.workflows.resumable import open_manifest

COMMON = {
    "schema": 1,
    "command": "mindseye ...",
    "options": {"seed": 0, "size": 224, "checkpoint": None},
    "status": "done",
    "versions": {"python": "3.11.7", "torch": "2.14.1"},
    "device": "cpu",
    "seed": 0,
    "seconds": {"extract": 0.5, "paint layer4.1": 3.5},
    "notes": ["t-SNE's perplexity lowered from 30 to 2."],
}
MODEL = {
    "name": "resnet18",
    "weights": "none",
    "channels": 3,
    "preprocessing": {"mean": [0.5, 0.5, 0.5], "size": 224, "source": "torchvision"},
}
PAINTED = {
    "status": "done",
    "picture": "pictures/layer4.1/facet-00.png",
    "start": "starts/layer4.1/facet-00.png",
    "steps": [{"step": 2, "picture": "steps/layer4.1/facet-00/step-00002.png"}],
    "loss": {"dot": [-1.5, None]},
}
FACET = PAINTED | {
    "index": 0,
    "size": 5,
    "silhouette": None,
    "label": None,
    "effective_members": 4.5,
    "members": [{"path": "a/7.png", "index": 7, "distance": 29.5, "weight": 0.25}],
    "channels": [{"channel": 21, "share": 0.125}],
    "measures": {"fidelity": {"picture": {"cosine": 0.5, "recovered": 1}, "start": {"cosine": None}}},
    "where": "where/layer4.1/facet-00.npy",
}
LAYER = {"layer": "layer4.1", "kind": "BasicBlock", "channels": 512, "grid": [2, 2], "cost": 0.5, "facets": [FACET]}
VISUALIZE = COMMON | {
    "kind": "visualize",
    "recipe": {"name": "distribution", "lr": [0.03, 0.006], "steps": 20},
    "model": MODEL | {"spec": "resnet18"},
    "images": {"root": "/photos/a", "count": 8, "paths": ["/photos/a/0.png"]},
    "skipped": [{"path": "/photos/a/broken.png", "reason": "no image"}],
    "layers": [LAYER],
    "clusters": {"layer": "layer4.1", "method": "tsne", "perplexity": 2.5, "silhouette": 0.5},
    "judges": {
        "vit": {
            "weights": "x",
            "preprocessing": {},
            "features": "norm",
            "folders": {"a": 8},
            "labels": None,
            "asked": "f",
        }
    },
    "summary": {"layers": {"layer4.1": {"fidelity": {}}}, "set": {"silhouette": 0.5, "stability": None}},
}
ENTANGLED = {"mean": 0.5, "low": 0.25, "high": 0.75, "null": 0.25, "null_low": 0.125, "null_high": 0.5}
INSPECT = VISUALIZE | {
    "kind": "inspect",
    "labels": None,
    "layers": [
        LAYER
        | {
            "entanglement": ENTANGLED | {"channels": 73, "shuffles": 100},
            "channel_means": {"spread": {"mean": 0.5, "null": 0.25}},
            "channel_stats": [{"channel": 3, "facets": 2, "entanglement": None, "spread": 0.5, "p_value": 0.5}],
            "channel_pictures": [
                PAINTED
                | {
                    "channel": 3,
                    "which": "least",
                    "over_photos": {"mean": 0.5, "deviation": 2},
                    "photos": 11,
                    "examples": [{"path": "a/1.png", "activation": 3.5}],
                    "silhouette": 0.5,
                    "silhouette_chance": 0.25,
                    "facets": [FACET | {"activation": 0.5}],
                }
            ],
        }
    ],
}
PAINT = COMMON | {
    "kind": "paint",
    "recipe": {"name": "class"},
    "model": MODEL,
    "pictures": [
        PAINTED | {"index": 0, "objective": "class:zebra", "variant": 1, "class": 4, "members": [{"path": "a/1.png"}]}
    ],
    "summary": {"transfer": {"vit": {"pictures": 1}}},
}
INVERT = COMMON | {
    "kind": "invert",
    "recipe": {},
    "model": MODEL | {"spec": None},
    "patches": {"folder": "/photos", "count": 6},
    "skipped": [],
    "pictures": [
        PAINTED
        | {"index": 0, "objective": "1.png at layer4", "photo": "a/1.png", "patches": {"cosine": 0.5, "window": [4, 4]}}
    ],
}
CURVES = {"deletion": {"area": 0.5, "values": [1.0, 0.0]}, "insertion": {"area": 0.5, "values": [0.0, 1.0]}}
EXPLAIN = COMMON | {
    "kind": "explain",
    "recipe": None,
    "target": "top",
    "methods": ["lrp", "cam"],
    "models": [
        MODEL
        | {
            "asked": "resnet18",
            "side": 224,
            "target": {"layer": "output", "kind": "ResNet", "channels": 10, "grid": [], "cost": 1, "is_class": True},
            "refused": {"cam": "two layers"},
        }
    ],
    "photos": [
        {
            "name": "1",
            "path": "a/1.png",
            "maps": [
                {
                    "model": "resnet18",
                    "method": "lrp",
                    "target": "ant (3)",
                    "status": "done",
                    "signed": True,
                    "range": [-0.5, 0.25],
                    "limit": 0.5,
                    "settings": {"rule": "epsilon", "box": [32, 32]},
                    "numbers": {"score": 10.5, "error": None},
                    "map": "1.lrp.npy",
                    "picture": "1.lrp.png",
                    "overlay": "1.lrp.overlay.png",
                    "check": CURVES | {"forgetting": {"modules": ["fc"], "signed": [None], "absolute": [0.5]}},
                },
                {"model": "resnet18", "method": "cam", "target": "ant (3)", "status": "failed", "reason": "NaN"},
            ],
            "chance": {"resnet18": CURVES},
            "figure": "1.figure.png",
        }
    ],
    "skipped": [],
}
OLD = (VISUALIZE, INSPECT, PAINT, INVERT, EXPLAIN)


def lost(old, new, place=""):
    """What an old file says and the new one does not, by its path."""
    if isinstance(old, dict) and isinstance(new, dict):
        return [line for key in old for line in lost(old[key], new.get(key, "nothing"), f"{place}.{key}")]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [line for one, other in zip(old, new, strict=True) for line in lost(one, other, f"{place}[]")]
    return [] if (old, type(old)) == (new, type(new)) else [place]


@pytest.mark.parametrize("old", OLD, ids=lambda old: old["kind"])
def test_an_older_file_says_the_same_under_the_new_keys(tmp_path, old):
    """Whole numbers stay whole, null stays null; written and read again it is the same."""
    (tmp_path / "run.json").write_text(json.dumps(old))
    folder = RunFolder(tmp_path)
    manifest = folder.read()
    folder.write(manifest)
    written = json.loads((tmp_path / "run.json").read_text())
    renamed = {".schema", ".model.channels", ".models[].channels", ".pictures[].class"}
    assert set(lost(old, written)) <= renamed | ({".recipe"} if old["kind"] == "explain" else set())
    assert written["schema"] == SCHEMA
    assert [model["in_channels"] for model in [*written.get("models", []), written.get("model")] if model] == [3]
    assert folder.read() == manifest


def test_values_have_their_types():
    """What the file holds in dictionaries is attributes here, and what it leaves out is the default."""
    manifest = Manifest.parse(INSPECT)
    (layer,) = manifest.layers
    assert layer.entanglement == Entanglement(**ENTANGLED, channels=73, shuffles=100)
    assert layer.channel_stats == [ChannelStats(3, 2, spread=0.5, p_value=0.5)]
    assert layer.channel_pictures[0].facets[0].members == [MemberEntry("a/7.png", 7, 29.5, 0.25)]
    assert manifest.of_layer("layer4.1") is layer
    assert manifest.judges["vit"] == JudgeEntry("x", {}, "norm", {"a": 8}, None, "f")
    assert Manifest.parse(PAINT).pictures[0].class_index == 4
    assert Manifest.parse(PAINT).model == ModelEntry("resnet18", "none", 3, MODEL["preprocessing"])
    assert Manifest.parse({"schema": 1, "kind": "paint"}).pictures == []
    found = Manifest.parse(EXPLAIN)
    assert (found.recipe, found.models[0].target.is_class, found.photos[0].maps[1].reason) == ({}, True, "NaN")
    assert found.photos[0].maps[0].check.forgetting.signed == [None]


def test_an_older_run_goes_on_as_the_one_that_is_asked_for(tmp_path):
    """Options and recipe are held against those of the call, whatever the schema of the file."""
    (tmp_path / "run.json").write_text(json.dumps(EXPLAIN | {"status": "interrupted"}))
    fresh = Manifest("explain", options=dict(COMMON["options"]))
    assert open_manifest(RunFolder(tmp_path), fresh, force=False).status == "interrupted"
    fresh.options["seed"] = 1
    with pytest.raises(UserError, match="differs in seed;"):
        open_manifest(RunFolder(tmp_path), fresh, force=False)


def test_numbers_that_are_not_finite_become_null(tmp_path):
    """Wherever they stand: JSON has none."""
    facet = FacetEntry(silhouette=float("nan"), loss={"dot": [float("inf"), 1.0]}, measures={"a": {"b": float("nan")}})
    facet.steps = [StepEntry(1, "steps/1.png")]
    RunFolder(tmp_path).write(Manifest("visualize", layers=[LayerEntry("a", facets=[facet])]))
    (read,) = RunFolder(tmp_path).read().layers[0].facets
    assert (read.silhouette, read.loss, read.measures) == (None, {"dot": [None, 1.0]}, {"a": {"b": None}})


def test_sections_of_another_kind_are_left_out(tmp_path):
    """A painting has no maps, an explanation no pictures."""
    assert "photos" not in Manifest("paint", pictures=[PictureEntry()]).as_dict()
    assert not {"model", "pictures", "layers"} & set(Manifest("explain").as_dict())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "damaged"),
        ("[" * 100_000, "damaged"),
        ("[]", "not written by mindseye"),
        ("{}", "not written by mindseye"),
        ('{"schema": "1"}', "not written by mindseye"),
        ('{"schema": 99}', r"written by a newer mindseye \(schema 99\); update it"),
        ('{"schema": 1}', "damaged: kind"),
        ('{"schema": 1, "kind": "paint", "pictures": 3}', "damaged: pictures: "),
        ('{"schema": 1, "kind": "paint", "pictures": [3]}', "damaged: pictures.0: "),
        ('{"schema": 1, "kind": "paint", "pictures": [{"index": "x"}]}', "damaged: pictures.0.index: "),
        ('{"schema": 1, "kind": "paint", "pictures": [{"status": "lost"}]}', "damaged: pictures.0.status: "),
        ('{"schema": 2, "kind": "paint", "model": {"preprocessing": []}}', "damaged: model.preprocessing: "),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(tmp_path, content, told):
    """With the field that is wrong, or what to do."""
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(UserError, match=told) as refused:
        RunFolder(tmp_path).read()
    assert "\n" not in str(refused.value)
    assert "run.json" in str(refused.value)


def test_every_type_is_exported():
    """One place knows the keys: whatever a manifest holds can be imported from it."""
    seen, waiting = set(), [Manifest]
    while waiting:
        holder = waiting.pop()
        seen.add(holder.__name__)
        named = {name for field in fields(holder) for name in vars(schema) if name in str(field.type)}
        waiting += [kind for name in named - seen if is_dataclass(kind := getattr(schema, name))]
    assert {"FacetEntry", "MapEntry", "ForgettingEntry"} <= seen <= set(schema.__all__)
