"""A finished run in one line, and the commands that lead on from it."""

from pathlib import Path

import pytest

from mindseye.report.result import (
    batch_outcome,
    examples_outcome,
    explanation_outcome,
    next_commands,
    result_line,
    transfer_outcome,
)
from mindseye.runs.schema import (
    ChannelExamplesEntry,
    Example,
    ExampleGroup,
    ExamplesRecord,
    ExplainedModelEntry,
    ExplainedPhotoEntry,
    FacetEntry,
    ImagesEntry,
    JudgeEntry,
    LayerEntry,
    Manifest,
    MapEntry,
    ModelEntry,
    Share,
    StepEntry,
    Summary,
    TransferRecord,
    TransferResult,
    TransferRun,
)


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
    judged = run_of(judged=True)
    assert next_commands(Path("run"), judged) == ["mindseye open run"]
    judged.layers[0].facets[0].steps = [StepEntry(8, "steps/8.png")]
    assert next_commands(Path("run"), judged) == ["mindseye open run", "mindseye film run"]
    painted = run_of()
    painted.model.name = "vit_b_16"
    assert next_commands(Path("run"), painted)[1] == "mindseye evaluate run --judge resnet50"


def explained(checked: bool, target: str = "top") -> Manifest:
    """A run of ``explain`` over one photo, one of whose two maps failed."""
    maps = [MapEntry("net", "lrp", "zebra (340)"), MapEntry("net", "cam", status="failed", reason="none")]
    manifest = Manifest("explain", command="mindseye explain a.png", options={"check": checked}, target=target)
    manifest.models = [ExplainedModelEntry(name="net", asked="timm/net")]
    manifest.photos = [ExplainedPhotoEntry("a", "a.png", maps)]
    return manifest


def test_an_explanation_leads_to_its_checks_and_then_to_a_picture() -> None:
    """The class that was explained is painted next, or the unit; the folder of a facet leads nowhere further."""
    outcome = explanation_outcome(Path("out"), explained(False))
    assert outcome.line == "1 map of 1 photo by net, 1 failed; not checked"
    assert outcome.commands == ("mindseye open out", "mindseye explain a.png --check")
    placed = explained(False)
    placed.command += " --out out"
    assert explanation_outcome(Path("out"), placed).commands[1] == "mindseye explain a.png --out out --check --force"
    assert explanation_outcome(Path("out"), explained(True)).commands[1] == "mindseye paint --model timm/net class:340"
    unit = explanation_outcome(Path("out"), explained(True, "layer3:5@1,2")).commands[1]
    assert unit == "mindseye paint --model timm/net layer3:5@1,2"
    assert explanation_outcome(Path("o"), explained(True, "facet:runs/a/2")).commands[1] == "mindseye layers timm/net"


def test_examples_lead_to_a_picture_of_the_channel() -> None:
    """Photos that are in several groups count once."""
    examples = [Example(f"{n}.png", n, 0.0, (0, 0), (0, 0, 1, 1), 0.5) for n in (0, 1)]
    channel = ChannelExamplesEntry(
        7, "x.png", groups={"a": ExampleGroup("", examples), "b": ExampleGroup("", examples)}
    )
    record = ExamplesRecord(LayerEntry("body.2"), ModelEntry("net"), ImagesEntry(count=9), channels=[channel])
    outcome = examples_outcome(Path("out"), record)
    assert outcome.line == "1 channel: 2 of 9 photos shown"
    assert outcome.commands == ("mindseye open out", "mindseye paint --model net body.2:7")


def test_a_transfer_and_a_batch_in_a_line() -> None:
    """Each judge's share of the images; how many classes are done."""
    result = TransferResult(n=30, top1=Share(0.625, 0.5, 0.7), judge="vit", painter="net", condition="none")
    record = TransferRecord(results=[result], runs=[TransferRun("net", "none", "net-none")])
    outcome = transfer_outcome(Path("out"), record)
    assert outcome.line == "vit names 62.5 % of 30 images painted by net (none)"
    assert outcome.commands == ("mindseye open out", "mindseye film out/net-none")
    assert transfer_outcome(Path("out"), TransferRecord()).line == "nothing was judged"
    assert batch_outcome(Path("out"), "out: 2 of 2 classes done", 1).line == "out: 2 of 2 classes done; 1 picture"
