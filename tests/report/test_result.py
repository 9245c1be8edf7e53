"""A finished run in one line, and the commands that lead on from it."""

from pathlib import Path

import pytest

from mindseye.report.result import next_commands, result_line
from mindseye.runs.schema import FacetEntry, JudgeEntry, LayerEntry, Manifest, Summary


def run_of(kind: str = "visualize", judged: bool = False) -> Manifest:
    """A run of one facet, painted at one layer."""
    manifest = Manifest(kind)
    manifest.images.count = 1
    manifest.layers = [LayerEntry("body.2")]
    manifest.layers[0].facets = [FacetEntry(index=0, picture="pictures/0.png", status="done")]
    if judged:
        manifest.judges = {"vit_b_16": JudgeEntry(), "vgg16": JudgeEntry()}
        seen = {"vit_b_16": {"picture": {"probability": {"mean": 0.57}}}}
        manifest.summary = Summary(layers={"body.2": {"transfer": seen}})
    return manifest


@pytest.mark.parametrize(
    ("manifest", "line"),
    [
        (run_of(), "1 facet of 1 photo, 1 picture; not judged yet"),
        (run_of(judged=True), "1 facet of 1 photo, 1 picture; judged by vit_b_16 (p 0.57), vgg16"),
        (Manifest("invert"), "0 pictures"),
        (Manifest("paint"), "0 pictures; not judged yet"),
    ],
)
def test_a_run_in_a_line(manifest: Manifest, line: str) -> None:
    """What was found, what was painted, and what judges made of it, where they gave a number."""
    assert result_line(manifest) == line


def test_what_to_do_next() -> None:
    """The page, and judges where there were none; a folder with a space is one word."""
    assert next_commands(Path("runs/a b"), run_of()) == [
        "mindseye open 'runs/a b'",
        "mindseye evaluate 'runs/a b' --judge vit_b_16",
    ]
    assert next_commands(Path("run"), run_of(judged=True)) == ["mindseye open run", "mindseye film run"]
    painted = run_of()
    painted.model.name = "vit_b_16"
    assert next_commands(Path("run"), painted)[1] == "mindseye evaluate run --judge resnet50"
