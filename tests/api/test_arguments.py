"""Arguments of the wrong kind: one line that names the parameter, whatever the function, before anything is made."""

import numpy as np
import pytest
from nets import TinyConv, seeded

import mindseye as me
from mindseye.errors import UserError

SIDE = 16
ARRAYS = list(np.random.default_rng(0).integers(0, 256, (4, SIDE, SIDE, 3), dtype=np.uint8))
QUICK = {"size": SIDE, "steps": 1, "quiet": True}


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def session():
    return me.Session(seeded(TinyConv), size=SIDE, cache=False)


def refused(function, told, *values, **named):
    with pytest.raises(UserError, match=told) as raised:
        function(*values, **named)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"model": 3}, "^model is"),
        ({"weights": 3}, "^weights"),
        ({"checkpoint": 3}, "^checkpoint is a path"),
        ({"device": 3}, "^device"),
        ({"size": "big"}, "^size is a whole number"),
        ({"size": 0}, "^size is a whole number above zero"),
        ({"precision": "int4"}, "^precision is auto, float32 or bfloat16"),
        ({"seed": 1.5}, "^seed is a whole number"),
    ],
)
def test_sessions(changes, told):
    refused(me.Session, told, **({"model": seeded(TinyConv)} | changes))


@pytest.mark.parametrize("name", ["activations", "facets", "target"])
def test_photos_layers_and_progress(session, name):
    ask = getattr(session, name)
    refused(ask, "^photos must be", 3, "body.2")
    refused(ask, "^layer is the address", ARRAYS, 3)
    refused(ask, "^progress is", ARRAYS, "body.2", progress=3)


def test_numbers_of_facets_and_what_is_painted(session):
    for facets in ("many", 0, 2.5, True):
        refused(session.facets, "^facets is a whole number above zero or auto", ARRAYS, "body.2", facets)
    for what in (3, [], [3], [None], None):
        refused(session.paint, "nothing to paint|what is painted|an objective is", what)
    for changes, told in (
        ({"recipe": 3}, "^recipe is"),
        ({"steps": "x"}, "steps wants a whole number"),
        ({"nix": 3}, "no 'nix'"),
        ({"on_step": 3}, "^on_step is a function"),
        ({"progress": 3}, "^progress is"),
        ({"batch_size": -1}, "^batch_size is a whole number"),
    ):
        refused(session.paint, told, "body.2:3", **changes)


@pytest.mark.parametrize(
    ("function", "given", "told"),
    [
        ("visualize", {"photos": 3}, "photos must be"),
        ("visualize", {"model": 3}, "model is a name or a module"),
        ("visualize", {"layer": 3}, "layer is one value or a list"),
        ("visualize", {"channels": "x"}, "channels is one value or a list"),
        ("visualize", {"changes": 3}, "changes are values by key"),
        ("visualize", {"cluster_layer": 3}, "layer is the address"),
        ("visualize", {"judge": 3}, "judge is one value or a list"),
        ("visualize", {"judge": seeded(TinyConv), "among": 3}, "among is one value or a list"),
        ("visualize", {"judge": seeded(TinyConv), "labels": 3.5}, "labels is one value or a list"),
        ("visualize", {"out": 3}, "out is a path"),
        ("visualize", {"save_every": "x"}, "save_every is a number"),
        ("visualize", {"progress": 3}, "progress is"),
        ("visualize", {"nix": 3}, "takes no 'nix'"),
        ("inspect", {"layer": None, "layers": "body.2", "channels_shown": "x"}, "channels_shown is a whole number"),
        ("paint", {"objectives": 3}, "objectives is one value or a list"),
        ("paint", {"objectives": "body.2:3", "power": "x"}, "power is a number"),
        ("paint", {"objectives": "body.2:3", "variants": "x"}, "variants is a whole number"),
        ("accentuate", {"photo": ARRAYS[0], "objectives": 3}, "objectives is one value or a list"),
        ("accentuate", {"photo": ARRAYS[0], "objectives": "body.2:3", "near_layer": 3}, "layer is the address"),
        ("invert", {"photos": 3}, "photos is one value or a list"),
        ("explain", {"steps": None, "model": 3}, "model is one value or a list"),
        ("explain", {"steps": None, "method": 3}, "method is one value or a list"),
        ("explain", {"steps": None, "target": 3}, "target is given in words"),
        ("explain", {"steps": None, "epsilon": "x"}, "epsilon is a number"),
        ("explain", {"steps": None, "method": "occlusion", "fill": object()}, "fill .* is none of"),
        ("examples", {"steps": None, "layer": "body.2", "channels": "x"}, "channels is one value or a list"),
        ("examples", {"steps": None, "layer": 3, "channels": [1]}, "layer is the address"),
        ("transfer", {"painter": 3, "judge": seeded(TinyConv), "classes": ["0"]}, "model is a name or a module"),
        ("transfer", {"painter": seeded(TinyConv), "judge": 3, "classes": ["0"]}, "judge is one value or a list"),
        ("batch", {"root": 3}, "root is a path"),
        ("batch", {"root": ".", "shard": 3}, "shard is given in words"),
    ],
)  # fmt: skip
def test_functions(tmp_path, function, given, told):
    """And no folder is made."""
    usual = {
        "visualize": {"photos": ARRAYS, "layer": "body.2", "facets": 2},
        "inspect": {"photos": ARRAYS, "facets": 2},
        "explain": {"photos": ARRAYS},
        "examples": {"photos": ARRAYS},
        "invert": {"photos": ARRAYS[0]},
    }.get(function, {})
    model = {} if function == "transfer" else {"model": seeded(TinyConv)}
    arguments = {**QUICK, **model, **usual, **given}
    refused(getattr(me, function), told, **{name: value for name, value in arguments.items() if value is not None})
    assert not (tmp_path / "runs").exists()


def test_folders_of_runs():
    for function in (me.evaluate, me.film, me.write_report, me.open_run):
        refused(function, "^run is a path", 3, **({"judge": seeded(TinyConv)} if function is me.evaluate else {}))
    refused(me.status, "^out is a path", 3)
    refused(me.film, "^seconds is a number", "run", seconds="x")


@pytest.mark.parametrize(
    ("function", "given", "told"),
    [
        ("film", {"seconds": None}, "^seconds is a number, not None"),
        ("batch", {"facets": None}, "^facets is a whole number"),
        ("examples", {"steps": 5}, "^examples takes no 'steps'; it takes photos, model, layer"),
    ],
)
def test_none_is_no_number_and_no_option_is_ignored(function, given, told):
    usual = {"film": {"run": "runs"}, "batch": {"root": "."}, "examples": {"photos": ARRAYS, "layer": "body.2"}}
    models = {} if function == "film" else {"model": seeded(TinyConv)}
    refused(getattr(me, function), told, **(usual[function] | models | given))


def test_none_is_an_option_left_out():
    """The same run as without it: help shows None as what each option is when it is not given."""
    named = dict.fromkeys(("snapshots", "recipe", "batch_size", "top_k", "cache", "save_every"))
    run = me.visualize(ARRAYS, seeded(TinyConv), "body.2", facets=1, out="none", **QUICK, **named)
    left_out = me.visualize(ARRAYS, seeded(TinyConv), "body.2", facets=1, out="out", **QUICK)
    pictures = [(one.path / one.manifest.layers[0].facets[0].picture).read_bytes() for one in (run, left_out)]
    assert pictures[0] == pictures[1]
    assert me.cache().holdings


def test_a_session_without_a_cache_leaves_none(tmp_path):
    """Nor do its pictures' measures, what is saved of them, and a run that is given the session."""
    session = me.Session(seeded(TinyConv), size=SIDE, cache=False)
    pictures = session.paint(session.facets(ARRAYS, "body.2", 2).target("body.2"), steps=1)
    pictures.measures()
    pictures.save(tmp_path / "saved")
    me.visualize(ARRAYS, session, "body.2", facets=2, out=tmp_path / "run", steps=1, quiet=True)
    assert not me.cache().holdings
