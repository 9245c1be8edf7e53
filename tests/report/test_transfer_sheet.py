"""The sheet and the tables of a transfer: what they hold, hostile names, and much of everything."""

from dataclasses import replace
from itertools import pairwise

import torch

from mindseye.measure.intervals import wilson_interval
from mindseye.report.drawing import LARGEST
from mindseye.report.markdown import transfer_page, transfer_table
from mindseye.report.transfer import ACROSS, CLASS, MOST, ROW, draw_failures, split_failures
from mindseye.runs.schema import (
    Accuracy,
    ClassAccuracy,
    Confusion,
    FailedImage,
    Manifest,
    ModelEntry,
    Share,
    TransferRecord,
    TransferResult,
)

MANIFEST = Manifest("paint", model=ModelEntry("resnet50", "V2"), recipe={"name": "class", "steps": 1000}, seed=0)


def accuracy(right, count, kind=Accuracy, **about):
    share = Share(**wilson_interval(right, count)._asdict())
    return kind(count, share, share, **about)


def of_class(name, right, count):
    return accuracy(right, count, ClassAccuracy, class_name=name)


def failures(name, first, count):
    return [
        FailedImage(first + place, name, "p.png", place % 10, "ant, emmet", 0.5, wanted=0.01) for place in range(count)
    ]


def result(**changes):
    entry = accuracy(
        36,
        60,
        TransferResult,
        painter="resnet50",
        condition="all",
        judge="vit_b_16",
        over_paintings=accuracy(4, 6),
        as_painted=accuracy(3, 6),
        classes=[of_class("zebra", 16, 30), of_class("bee", 20, 30), of_class("owl", 30, 30)],
        confusions=[Confusion("zebra", "ant, emmet", 14)],
        failures=failures("zebra", 0, 14) + failures("bee", 30, 10),
        sheet="figures/f.png",
    )
    return replace(entry, **changes)


def record(*results):
    recipe = {"name": "class", "steps": 9, "views": 8}
    options = {"classes": [1, 2], "paintings": 3, "copies": 10, "recipe": recipe, "seed": 4}
    return TransferRecord(command="mindseye transfer", options=options, results=list(results))


def test_every_failure_has_a_tile_of_its_own_image():
    """A row per class, fourteen images across, each image asked for once."""
    asked = []

    def image(index):
        asked.append(index)
        return torch.full((3, 20, 20), 0.9)

    sheet = draw_failures(MANIFEST, result(), image)
    assert asked == [*range(14), *range(30, 40)]
    wide = draw_failures(MANIFEST, result(failures=failures("zebra", 0, 15)), image)
    two_rows = draw_failures(MANIFEST, result(failures=failures("zebra", 0, 14)), image)
    assert wide.height - two_rows.height == ROW
    assert sheet.height - two_rows.height == CLASS + ROW
    light = (
        torch.frombuffer(bytearray(sheet.image.tobytes()), dtype=torch.uint8).view(sheet.height, sheet.width, 3) == 230
    ).all(-1)
    assert int(light.sum()) >= 24 * 140 * 140


def test_very_many_failures_are_counted_not_shown():
    """Seventy of a class are enough to see."""
    asked = []
    many = result(failures=failures("zebra", 0, 200), classes=[of_class("zebra", 100, 300)])
    sheet = draw_failures(MANIFEST, many, lambda index: asked.append(index) or torch.zeros(1, 8, 8))
    assert len(asked) == MOST == 5 * ACROSS
    assert sheet.height < 2000


def test_many_classes_stand_on_several_sheets():
    """Each class whole on one, in order; none larger than 4000 px, none but the last less than half full, all of one width."""
    whole = [failures(f"class {number}", 100 * number, 5 + 13 * (number % 7)) for number in range(20)]
    many = result(failures=[failure for group in whole for failure in group], classes=[])
    parts = split_failures(many)
    assert [failure for part in parts for failure in part] == many.failures
    names = [[failure.class_name for failure in part] for part in parts]
    assert not any(set(before) & set(after) for before, after in pairwise(names))
    sheets = [draw_failures(MANIFEST, many, lambda index: torch.zeros(3, 4, 4), part=part) for part in parts]
    assert len({sheet.width for sheet in sheets}) == 1
    assert max(sheet.height for sheet in sheets) <= LARGEST
    assert min(sheet.height for sheet in sheets[:-1]) > LARGEST / 2
    assert split_failures(result()) == [result().failures]
    assert split_failures(result(failures=[])) == []


def test_names_that_are_no_names():
    """Control characters and names of any length, images of seven channels."""
    bad = "ze\x1b[31mbra\n|" + "x" * 500
    odd = result(painter=bad, judge=bad, failures=failures(bad, 0, 1), classes=[of_class(bad, 0, 1)])
    assert (
        draw_failures(MANIFEST, odd, lambda index: torch.zeros(7, 8, 8)).width
        == draw_failures(MANIFEST, result(failures=failures("zebra", 0, 1)), lambda index: torch.zeros(7, 8, 8)).width
    )
    table = transfer_table(record(odd))
    assert "\x1b" not in table
    assert len(table.splitlines()) == 3
    assert "ze\N{REPLACEMENT CHARACTER}[31mbra \\|" in table


def test_table_and_page():
    """Shares in percent with their bounds; the padded columns line up; what is too much is counted."""
    many = [Confusion("zebra", f"label {number}", 1) for number in range(25)]
    whole = record(result(confusions=many), result(condition="none", top1=accuracy(0, 0).top1, failures=[], sheet=None))
    lines = transfer_table(whole).splitlines()
    assert len({len(line) for line in lines}) == 1
    low, high = (100 * bound for bound in wilson_interval(36, 60)[1:])
    assert f"60.0 [{low:.1f}, {high:.1f}]" in lines[2]
    assert "– [–, –]" in lines[3]
    page = transfer_page(whole)
    assert "recipe class, 9 steps of 8 views, seed 4" in page
    assert page.count("| label ") == 20
    assert "5 more confusions" in page
    assert "## resnet50, painted without augmentation, judged by vit_b_16" in page
    assert page.count("![failures](figures/f.png)") == 1
