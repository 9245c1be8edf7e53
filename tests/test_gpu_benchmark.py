"""What benchmarks/gpu.py keeps of a part that fails or has no time: the rest of it. Nothing is measured here."""

import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    from gpuparts import bench

    yield bench
    for name in [name for name in sys.modules if name.partition(".")[0] == "gpuparts"]:
        del sys.modules[name]


def test_a_row_that_fails_or_does_not_fit_costs_no_other_and_all_is_kept_at_once(bench, tmp_path, capsys):
    kept = []
    table = bench.Table("Title", 50.0, lambda table: kept.append(table.values()))
    table.head("what", "number")
    table.attempt("good", lambda: [1.23456])
    table.attempt("bad", lambda: [1 / 0])
    table.attempt("long", lambda: pytest.fail("it does not fit"), least=60)
    table.attempt_remarks("worse", lambda: [][0], least=1)
    table.row("not there", float("nan"))
    assert kept[0]["rows"] == [["good", "1.23"]]
    table.end("RuntimeError: end")
    assert kept[-1]["rows"] == [
        ["good", "1.23"],
        ["bad", "failed: ZeroDivisionError: division by zero"],
        ["not there", "-"],
    ]
    assert [remark.partition(":")[0] for remark in kept[-1]["remarks"]] == ["left out, 50 of 50 s are left", "worse"]
    report = {"device": "a GPU", "torch": "2", "dry": False, "parts": {"1": kept[-1]}}
    bench.write_whole(tmp_path / "gpu.json", report)
    shown = bench.markdown(report)
    assert "### 1. Title" in shown
    assert "| good | 1.23 |" in shown
    assert "**ended with RuntimeError: end**" in shown
    assert "| good | 1.23 |" in capsys.readouterr().out


def test_photos_are_made_once_and_can_be_read(bench, tmp_path):
    import torch
    from PIL import Image

    made = bench.Bench(torch.device("cpu"), True, tmp_path)
    root = made.photos("photos", 2, 3)
    files = sorted(root.rglob("*.jpg"))
    times = [file.stat().st_mtime_ns for file in files]
    assert len(files) == 6
    assert Image.open(files[0]).size == (500, 375)
    made.photos("photos", 2, 3)
    assert [file.stat().st_mtime_ns for file in files] == times
