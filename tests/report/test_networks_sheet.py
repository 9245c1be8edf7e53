"""The sheet of networks: facets in the column of their partners, places that stay empty, and what is compared at all."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from plain_runs import PHOTOS, colour_of, photo, write_run
from safetensors.numpy import save_file

from mindseye.report.networks import MOST, NetworkRow, arrange, draw_networks
from mindseye.report.theme import LIGHT
from mindseye.runs.folder import RunFolder


def place_of(sheet: Image.Image, colour: tuple[int, int, int]) -> tuple[int, int]:
    """(x, y) of the upper left corner of the tile of ``colour``."""
    rows, columns = np.nonzero((np.asarray(sheet) == np.array(colour)).all(-1))
    assert len(rows) > 5000, f"{colour} is not on the sheet"
    return int(columns.min()), int(rows.min())


A, B, C = (0, 1, 2, 3), (4, 5, 6, 7), (8, 9, 10, 11)


def test_facets_stand_below_their_partners(tmp_path: Path) -> None:
    """Three networks that found the same groups in other orders: one column a group, one row a network, photos on top."""
    orders = ((A, B, C), (C, A, B), (B, C, A))
    folders = [write_run(tmp_path / f"{n}", n, order) for n, order in enumerate(orders)]
    sheet = draw_networks(folders)
    assert sheet is not None
    for column, group in enumerate((A, B, C)):
        places = [place_of(sheet, colour_of(n, order.index(group))) for n, order in enumerate(orders)]
        top = place_of(sheet, photo(group[0]))
        assert {x for x, _ in places} == {top[0]}, column
        assert [y for _, y in places] == sorted({y for _, y in places})
        assert top[1] < places[0][1]
    lefts = [place_of(sheet, photo(group[0]))[0] for group in (A, B, C)]
    assert lefts == sorted(lefts)


def test_one_network_has_a_sheet_too(tmp_path: Path) -> None:
    """A row, its facets in their own order."""
    sheet = draw_networks([write_run(tmp_path / "one", 0, (A, B))])
    assert sheet is not None
    (left, y), (right, same) = (place_of(sheet, colour_of(0, facet)) for facet in (0, 1))
    assert left < right
    assert y == same


def test_a_facet_without_a_partner_leaves_the_others_places_empty(tmp_path: Path) -> None:
    """What only a later network has found gets a column of its own, and what it lacks is grey in its row."""
    folders = [write_run(tmp_path / "0", 0, (A, B)), write_run(tmp_path / "1", 1, (C, B))]
    rows = [NetworkRow.of(folder, RunFolder(folder).read()) for folder in folders]
    columns = arrange(rows)
    assert [sorted(cells) for cells in columns.cells] == [[0, 1], [1, 2]]
    assert [facet.members[0].index for facet in columns.heads] == [A[0], B[0], C[0]]
    sheet = draw_networks(folders)
    assert sheet is not None
    (x, _), (_, y) = place_of(sheet, colour_of(0, 0)), place_of(sheet, colour_of(1, 1))
    assert sheet.image.getpixel((x + 4, y + 4)) == LIGHT.paint("raised")
    assert place_of(sheet, colour_of(1, 0))[0] > place_of(sheet, colour_of(0, 1))[0]


def test_all_photos_of_a_facet_count_not_only_its_members(tmp_path: Path) -> None:
    """Two networks may take other photos of the same facet as nearest to its centre."""
    folders = [write_run(tmp_path / "0", 0, (A[:2], B[:2])), write_run(tmp_path / "1", 1, (B[2:], A[2:]))]
    read = [NetworkRow.of(folder, RunFolder(folder).read()) for folder in folders]
    assert [sorted(cells) for cells in arrange(read).cells] == [[0, 1], [2, 3]]
    for folder, facet in zip(folders, ([0] * 4 + [1] * 4, [1] * 4 + [0] * 4)):
        tensors = {"body.2/embedding": np.zeros((PHOTOS, 2), np.float32), "body.2/facet": np.array(facet + [-1] * 4)}
        save_file(tensors, folder / "facets.safetensors")
    read = [NetworkRow.of(folder, RunFolder(folder).read()) for folder in folders]
    assert [{column: facet.index for column, facet in cells.items()} for cells in arrange(read).cells] == [
        {0: 0, 1: 1},
        {1: 0, 0: 1},
    ]
    (folders[0] / "facets.safetensors").write_bytes(b"no tensors")
    damaged = NetworkRow.of(folders[0], RunFolder(folders[0]).read())
    assert [len(group) for group in damaged.groups] == [2, 2]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "interrupted"},
        {"kind": "paint", "layers": []},
        {"layers": []},
        {"images": {"root": "/elsewhere", "count": 1, "paths": ["/elsewhere/0.png"]}},
    ],
)
def test_what_cannot_be_compared_has_no_sheet(tmp_path: Path, changes: dict[str, Any]) -> None:
    """A run that goes on, one without facets, or one of other photos."""
    folders = [write_run(tmp_path / "0", 0, (A, B)), write_run(tmp_path / "1", 1, (A, B), **changes)]
    assert draw_networks(folders) is None


def test_arrays_are_the_same_only_by_their_values(tmp_path: Path) -> None:
    """They have no paths, only numbers, which other arrays have as well."""
    arrays = {"root": None, "count": 2, "paths": ["array-00000", "array-00001"]}
    folders = [
        write_run(tmp_path / name, 0, (A, B), images=arrays, options={"images_digest": digest})
        for name, digest in (("0", "a"), ("1", "a"), ("2", "b"))
    ]
    assert draw_networks(folders[:2]) is not None
    assert draw_networks(folders) is None


def test_failed_pictures_missing_members_and_many_runs(tmp_path: Path) -> None:
    """A picture that failed and a facet without members have their tiles; more runs than a sheet holds give none."""
    failed = [{"index": 0, "status": "failed", "reason": "out of memory"}]
    layers = [{"layer": "body.2", "channels": 8, "facets": failed}]
    untrained = {"name": "a network of a very long name " * 3, "weights": "none"}
    folder = write_run(tmp_path / "0", 0, (A,), layers=layers, model=untrained, recipe={"name": "paper"})
    assert draw_networks([folder, write_run(tmp_path / "1", 1, (A, B))]) is not None
    assert draw_networks([folder] * (MOST + 1)) is None
    assert draw_networks([]) is None
