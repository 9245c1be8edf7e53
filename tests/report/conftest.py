"""A run folder made up for the figures: gradients for photos, noise for pictures, numbers that rise with depth."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import WATCH
from PIL import Image
from safetensors.numpy import save_file

from mindseye.runs.schema import SCHEMA

MakeRun = Callable[..., Path]

PHOTO = (10, 200, 30)
"""The colour of the one photo that pictures of named objectives are painted from."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def gradient(path: Path, generator: np.random.Generator, size: tuple[int, int] = (60, 44)) -> None:
    """A photo: a gradient between two colours with a disc on it."""
    x, y = np.meshgrid(np.linspace(0, 1, size[0]), np.linspace(0, 1, size[1]))
    ends = generator.uniform(0, 255, (2, 3))
    pixels = ends[0] + (ends[1] - ends[0]) * (0.6 * x + 0.4 * y)[..., None]
    pixels[(x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.06] = generator.uniform(0, 255, 3)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.astype(np.uint8)).save(path)


def noise(path: Path, generator: np.random.Generator, roughness: int, side: int = 48) -> None:
    """A picture: noise of `roughness` cells a side, enlarged to `side` px."""
    cells = generator.integers(0, 255, (roughness, roughness, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(cells).resize((side, side), Image.Resampling.BICUBIC).save(path)


def measures(depth: float, facet: int) -> dict[str, Any]:
    """All measures of one picture, higher at greater depth in [0, 1]."""
    lift = min(1.0, depth * (0.8 + 0.05 * (facet % 5)))
    return {
        "transfer": {
            "efficientnet_lite1": {
                "picture": {"probability": 0.7 * lift**2, "top1": lift > 0.6, "top5": lift > 0.3},
                "members": {"probability": 0.39, "top1": 0.62, "top5": 0.9},
                "start": {"probability": 0.02, "top1": 0.0, "top5": 0.1},
            }
        },
        "neighbourhood": {
            "picture": {"home_folder": lift, "percentile": 0.5 * lift, "copy": 0.6},
            "members": {"home_folder": 0.97, "percentile": 0.5, "copy": 0.8},
            "start": {"home_folder": 0.1, "percentile": 0.0, "copy": 0.2},
        },
        "fidelity": {"picture": {"cosine": 0.9 + 0.1 * lift}, "start": {"cosine": 0.4}},
    }


def manifest_of(
    folder: Path, names: list[str], facets: int, images: int, snapshots: int, measured: bool
) -> dict[str, Any]:
    """run.json of a finished run, its pictures written on the way."""
    generator = np.random.default_rng(0)
    photos = [folder.parent / "photos" / f"photo {index:04d}.png" for index in range(images)]
    for path in photos:
        gradient(path, generator)
    layers = []
    for depth, name in enumerate(names):
        entries = []
        for index in range(facets):
            own = f"{name}/facet-{index:02d}"
            noise(folder / "pictures" / f"{own}.png", generator, 24 - 20 * depth // len(names))
            noise(folder / "starts" / f"{own}.png", generator, 3)
            steps = [(50 * (n + 1), f"steps/{own}/step-{50 * (n + 1):05d}.png") for n in range(snapshots)]
            for step, picture in steps:
                noise(folder / picture, generator, 3 + step // 12)
            chosen = generator.choice(images, min(10, images), replace=False)
            weights = np.sort(generator.dirichlet(np.ones(len(chosen))))[::-1]
            entries.append(
                {
                    "index": index,
                    "status": "done",
                    "size": images // facets,
                    "silhouette": 0.41,
                    "effective_members": float(1 / (weights**2).sum()),
                    "label": "grand_piano" if index % 3 else None,
                    "members": [
                        {"path": str(photos[photo]), "distance": 0.1 * n, "weight": float(weights[n])}
                        for n, photo in enumerate(chosen)
                    ],
                    "channels": [{"channel": 37 * n + index, "share": 0.12 / (n + 1)} for n in range(10)],
                    "picture": f"pictures/{own}.png",
                    "start": f"starts/{own}.png",
                    "steps": [{"step": step, "picture": picture} for step, picture in steps],
                    "loss": {"dot": [-0.5, -4.2], "match rgb": [2.0, 0.2], "match bn2": [3.0, 0.6]},
                    "measures": measures((depth + 1) / len(names), index) if measured else {},
                }
            )
        layers.append(
            {
                "layer": name,
                "kind": "InvertedResidual",
                "channels": 24 * (depth + 1),
                "grid": [14, 14],
                "facets": entries,
            }
        )
    mid = [0.498, 0.498, 0.498]
    return {
        "schema": SCHEMA,
        "kind": "visualize",
        "status": "done",
        "seed": 0,
        "recipe": {"name": "distribution", "steps": 150},
        "model": {
            "name": "efficientnet_lite0",
            "weights": "bundled",
            "preprocessing": {"mean": mid, "std": mid, "size": 224, "fixed_size": False},
        },
        "images": {"root": str(folder.parent / "photos"), "count": images, "paths": [str(path) for path in photos]},
        "layers": layers,
        "clusters": {"layer": names[-1], "silhouette": 0.4},
    }


def named_means(layer: dict[str, Any], images: int) -> dict[str, Any]:
    """What facets.safetensors keeps of the channels that a layer's facets name: each rises over the photos by its own number."""
    named = sorted({channel["channel"] for facet in layer["facets"] for channel in facet["channels"]})
    values = np.arange(images)[:, None] * 0.01 + np.array(named)[None, :]
    return {
        f"{layer['layer']}/named_channels": np.array(named),
        f"{layer['layer']}/named_means": values.astype(np.float32),
    }


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """`make_run(layers=…, facets=…, …)` writes a run folder and returns it; `change(manifest)` may edit its run.json."""

    def make(
        layers: int = 2,
        facets: int = 3,
        images: int = 24,
        snapshots: int = 3,
        measured: bool = True,
        means: bool = True,
        change: Callable[[dict[str, Any]], None] = lambda manifest: None,
    ) -> Path:
        folder = tmp_path / "run"
        names = [f"blocks.{index}.1" for index in range(layers)]
        manifest = manifest_of(folder, names, facets, images, snapshots, measured)
        change(manifest)
        generator = np.random.default_rng(1)
        facet = generator.integers(0, facets, images)
        embedding = generator.normal(size=(images, 2)) + 6 * np.stack([np.cos(2.4 * facet), np.sin(2.4 * facet)], 1)
        tensors = {f"{names[-1]}/embedding": embedding.astype(np.float32), f"{names[-1]}/facet": facet}
        if means:
            for layer in manifest["layers"]:
                tensors |= named_means(layer, images)
        save_file(tensors, folder / "facets.safetensors")
        (folder / "run.json").write_text(json.dumps(manifest), "utf-8")
        return folder

    return make


def picture_of(folder: Path, index: int, words: str, judged: bool) -> dict[str, Any]:
    """A `pictures` entry of run.json, its files written on the way."""
    generator, own = np.random.default_rng(index), f"{index:02d}"
    noise(folder / f"pictures/{own}.png", generator, 20)
    noise(folder / f"starts/{own}.png", generator, 3)
    steps = [{"step": step, "picture": f"steps/{own}/step-{step:05d}.png"} for step in (100, 200)]
    for kept in steps:
        noise(folder / str(kept["picture"]), generator, 8)
    judge = {
        "picture": {"probability": 0.93, "top1": 1.0, "top5": 1.0},
        "start": {"probability": 0.001, "top1": 0.0, "top5": 0.0},
        "label": "zebra",
        "labels": [340],
        "sees": [{"label": "zebra", "probability": 0.93}, {"label": "impala, Aepyceros melampus", "probability": 0.02}],
    }
    measures = {
        "objective": {
            "picture": {"value": 4.64, "robustness_gap": 0.17},
            "start": {"value": -0.57, "robustness_gap": -0.08},
        },
        "statistics": {role: {"total_variation": 0.01, "spectrum_slope": -2.9} for role in ("picture", "start")},
    }
    return {
        "index": index,
        "objective": words,
        "status": "done",
        "picture": f"pictures/{own}.png",
        "start": f"starts/{own}.png",
        "steps": steps,
        "loss": {"objective": [0.55, -4.6], "total variation": [0.009, 0.03]},
        "measures": measures | ({"transfer": {"efficientnet_lite1": judge}} if judged else {}),
    }


@pytest.fixture
def make_commission(tmp_path: Path) -> MakeRun:
    """`make_commission(names, …)` writes the folder of a run of named objectives and returns it.

    `about` goes into the entry of every picture; `change(manifest)` may edit run.json.
    """

    def make(
        names: list[str],
        kind: str = "paint",
        judged: bool = True,
        about: Callable[[int, Path], dict[str, Any]] = lambda index, photo: {},
        change: Callable[[dict[str, Any]], None] = lambda manifest: None,
    ) -> Path:
        folder, photo = tmp_path / "run", tmp_path / "photo.png"
        photo.parent.mkdir(exist_ok=True)
        Image.new("RGB", (40, 40), PHOTO).save(photo)
        folder.mkdir(exist_ok=True)
        mid = [0.498, 0.498, 0.498]
        manifest = {
            "schema": SCHEMA,
            "kind": kind,
            "status": "done",
            "seed": 0,
            "options": {"objectives": names, "interpolate": 0, "variants": 1},
            "recipe": {"name": "class", "steps": 200},
            "model": {"name": "efficientnet_lite0", "weights": "ImageNet", "preprocessing": {"mean": mid, "std": mid}},
            "pictures": [
                picture_of(folder, index, words, judged) | about(index, photo) for index, words in enumerate(names)
            ],
        }
        change(manifest)
        (folder / "run.json").write_text(json.dumps(manifest), "utf-8")
        return folder

    return make


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("there is no chromium here")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def visit(browser):
    """`visit(path, width=…, scheme=…)` opens a page from disk; at the end it must have asked for nothing and erred nowhere.

    `visit.also(path)` names another page that one may go to from there. slow: how many times slower than it is the browser
    takes the machine for.
    """
    contexts, asked, said, opened = [], [], [], set()

    def go(
        path: Path, width: int = 1400, scheme: str = "light", touch: bool = False, motion: str = "reduce", slow: int = 1
    ) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, has_touch=touch, reduced_motion=motion
        )
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(WATCH)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        opened.add(path.as_uri())
        if slow > 1:
            context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slow})
        page.goto(path.as_uri())
        return page

    go.also = lambda path: opened.add(path.as_uri())
    yield go
    for context in contexts:
        context.close()
    assert {re.split("[?#]", url)[0] for url in asked if not url.startswith("data:")} <= opened
    assert said == []
