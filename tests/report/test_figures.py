"""All figures of a run: which ones, whole, and never an error over what is missing."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from page_files import manifest_in
from PIL import Image

from mindseye.errors import UserError
from mindseye.report.depth import draw_depth
from mindseye.report.embedding import draw_embedding
from mindseye.report.facets import draw_facets
from mindseye.report.figures import write_figures
from mindseye.report.steps import column_steps, draw_steps
from mindseye.report.theme import LIGHT
from mindseye.runs.schema import FacetEntry, Manifest, StepEntry

SHEETS = (draw_facets, draw_embedding, draw_steps, draw_depth)


def has_colour(image: Image.Image, colour: tuple[int, int, int]) -> bool:
    return bool((np.asarray(image) == np.array(colour)).all(-1).any())


def test_run_over_one_layer_has_three_figures(make_run) -> None:
    """Facets, steps and map; a sheet by depth of one layer would say nothing more."""
    folder = make_run(layers=1)
    written = write_figures(folder)
    assert {path.relative_to(folder).as_posix() for path in written} == {
        f"figures/{name}.png" for name in ("facets", "steps", "embedding")
    }
    for path in written:
        with Image.open(path) as image:
            image.load()
            assert min(image.size) > 300


def test_run_over_layers_has_sheets_of_each_and_one_by_depth(make_run) -> None:
    """The deepest layer's sheets stand on top, the others' in folders of their own; nothing unfinished is left behind."""
    folder = make_run(layers=3, facets=2)
    write_figures(folder)
    names = {
        path.relative_to(folder / "figures").as_posix() for path in (folder / "figures").rglob("*") if path.is_file()
    }
    others = {f"blocks.{layer}.1/{name}.png" for layer in (0, 1) for name in ("facets", "steps")}
    assert names == others | {"facets.png", "steps.png", "embedding.png", "depth.png"}


def test_without_snapshots_or_embedding_these_figures_are_left_out(make_run) -> None:
    """A figure appears only where the run kept what it shows."""
    folder = make_run(layers=1, snapshots=0)
    (folder / "facets.safetensors").unlink()
    assert [path.name for path in write_figures(folder)] == ["facets.png"]


def test_folder_without_a_run_is_the_users_mistake(tmp_path: Path) -> None:
    """One clear line, not a traceback."""
    with pytest.raises(UserError, match="no run folder"):
        write_figures(tmp_path)


@pytest.mark.parametrize("draw", SHEETS)
def test_random_weights_are_said_on_every_figure(make_run, draw: Any) -> None:
    """The colour of warnings stands on every sheet of an untrained network, and on none of a trained one."""
    folder = make_run()
    manifest = manifest_in(folder)
    assert not has_colour(draw(folder, manifest), LIGHT.paint("warning"))
    manifest.model.weights = "none"
    assert has_colour(draw(folder, manifest), LIGHT.paint("warning"))


@pytest.mark.parametrize("draw", [draw_facets, draw_steps, draw_depth])
def test_failed_facet_is_a_tile_with_the_reason(make_run, draw: Any) -> None:
    """A facet that failed shows so on every sheet of pictures, and the others are drawn as ever."""

    def fail(manifest: dict[str, Any]) -> None:
        facet = manifest["layers"][-1]["facets"][1]
        facet.update(status="failed", reason="turned NaN at step 20", picture=None)
        facet["steps"] = facet["steps"][:1]

    folder = make_run(change=fail)
    assert has_colour(draw(folder, manifest_in(folder)), LIGHT.paint("warning"))


@pytest.mark.parametrize("draw", SHEETS)
def test_fields_that_are_absent_are_no_error(make_run, draw: Any) -> None:
    """Whatever the run, a layer or a facet does not say, the sheet is drawn with what it does say."""
    folder = make_run(layers=1, facets=16, images=16, snapshots=1)
    content = json.loads((folder / "run.json").read_text("utf-8"))
    layer = content["layers"][0]
    fields = list(layer["facets"][0])
    assert len(fields) < 16
    for facet, field in zip(layer["facets"], fields, strict=False):
        del facet[field]
    for field in ("kind", "channels", "grid"):
        del layer[field]
    for field in ("recipe", "model", "images", "seed", "clusters", "status"):
        del content[field]
    assert draw(folder, Manifest.parse(content)).width > 300


@pytest.mark.parametrize("draw", [draw_facets, draw_steps, draw_depth])
def test_a_run_of_nothing_is_no_error(tmp_path: Path, draw: Any) -> None:
    """A run without layers has empty sheets."""
    assert draw(tmp_path, Manifest("visualize")).width > 300


def test_vanished_members_and_arrays_are_grey_tiles(make_run) -> None:
    """Photos deleted since the run, and images that never had a file, cost nothing but themselves."""

    def lose(manifest: dict[str, Any]) -> None:
        for facet in manifest["layers"][0]["facets"]:
            for index, member in enumerate(facet["members"]):
                member["path"] = f"array-{index:05d}"
        manifest["images"] |= {"root": "", "paths": [f"array-{index:05d}" for index in range(24)]}

    folder = make_run(layers=1, change=lose)
    for draw in SHEETS:
        image = np.asarray(draw(folder, manifest_in(folder)))
        if draw is not draw_steps:
            assert (image == LIGHT.paint("raised")).all(-1).sum() > 3 * 40 * 40


def test_facets_sheet_has_a_row_per_facet(make_run) -> None:
    """Its height grows by the same amount with every facet, from one to forty."""
    heights = [
        draw_facets(folder, manifest_in(folder)).height
        for folder in (make_run(layers=1, facets=count, images=6, snapshots=0) for count in (1, 2, 40))
    ]
    assert heights[2] - heights[0] == 39 * (heights[1] - heights[0])


@pytest.mark.parametrize("count", [0, 1, 5, 8, 9, 30])
def test_snapshots_are_thinned_evenly(count: int) -> None:
    """The start and the last snapshot are always there, nine at most, the gaps between them alike."""
    every = [10 * (index + 1) for index in range(count)]
    chosen = column_steps([FacetEntry(steps=[StepEntry(step, "x") for step in every])])
    assert chosen[0] == 0
    assert chosen[-1] == max([0, *every])
    assert len(chosen) == min(9, count + 1)
    assert np.ptp(np.diff(chosen)) <= 10 if count else True
