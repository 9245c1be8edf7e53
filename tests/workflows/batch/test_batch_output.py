"""What stands beside the classes of a batch: the table, the page, and its status."""

import csv
import sys
import time

import pyarrow.parquet as pq
import pytest
from batch_runs import CLASSES, interrupt, run, statuses
from packed_runs import forked

from mindseye.cli import main
from mindseye.runs.folder import RunFolder
from mindseye.workflows.batch import output
from mindseye.workflows.batch.ledger import Ledger, read_plan
from mindseye.workflows.batch.results import write_results


def test_the_table_has_every_number_of_every_facet(undisturbed, root, monkeypatch):
    """Against the manifests, as Parquet and, without pyarrow, as CSV."""
    rows = pq.read_table(undisturbed / "results.parquet").to_pylist()
    assert len(rows) == 10
    assert [row["class"] for row in rows][::2] == CLASSES
    for row in rows:
        (layer,) = RunFolder(undisturbed / row["run"]).read().layers
        facet = layer.facets[row["facet"]]
        assert row["layer"] == layer.layer
        assert (row["size"], row["status"], row["picture"]) == (facet.size, "done", facet.picture)
        for role, numbers in facet.measures["fidelity"].items():
            for name, value in numbers.items():
                assert row[f"fidelity.{role}.{name}"] == value
        for term, (start, end) in facet.loss.items():
            assert (row[f"loss.{term}.start"], row[f"loss.{term}.end"]) == (start, end)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = write_results(Ledger(undisturbed, read_plan(undisturbed)))
    with path.open(newline="") as file:
        plain = list(csv.DictReader(file))
    path.unlink()
    assert [(row["class"], row["facet"]) for row in plain] == [(row["class"], str(row["facet"])) for row in rows]
    assert [float(row["fidelity.picture.cosine"]) for row in plain] == [row["fidelity.picture.cosine"] for row in rows]


def test_the_index_has_every_class(undisturbed):
    """By the name that it has in the collection."""
    page = (undisturbed / "index.html").read_text()
    assert all(name in page for name in CLASSES)


def test_table_and_page_come_on_the_way(root, tmp_path, monkeypatch):
    """Where it is time for them, with the classes that have ended; a disk that is full for a while costs nothing."""
    out, times = tmp_path / "out", []
    table, page = out / "results.parquet", out / "index.html"
    table.mkdir(parents=True)  # in the way of the first table

    def look(stage, done, total, left):
        if done == 2:
            assert not page.exists()
            table.rmdir()
        elif done > 2:
            written = {row["class"] for row in pq.read_table(table).to_pylist() if row["status"] == "done"}
            assert set(CLASSES[: done - 1]) <= written
            times.append((table.stat().st_mtime_ns, page.stat().st_mtime_ns))

    monkeypatch.setattr(output, "EVERY_SECONDS", 0.0)
    monkeypatch.setattr(output, "SHARE", 1e9)
    assert run(root, out, progress=look).status.done == 5
    assert len(set(times)) == 3


def test_table_and_page_wait_until_it_is_time(root, tmp_path, monkeypatch):
    """Before that they come at the end only."""
    monkeypatch.setattr(output, "EVERY_SECONDS", 1e6)
    seen = []
    batch = run(root, tmp_path / "out", progress=lambda *words: seen.append((tmp_path / "out" / "index.html").exists()))
    assert seen == [False] * 5
    assert batch.results.is_file()
    assert (batch.path / "index.html").is_file()


def test_an_interrupted_batch_leaves_table_and_page(root, tmp_path):
    """Ctrl-C after the first class: a page of all five, one of them done."""
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run(root, out, progress=interrupt)
    page = (out / "index.html").read_text()
    assert all(name in page for name in CLASSES)
    assert sum(status == "done" for status in statuses(out).values()) >= 1
    assert (out / "results.parquet").is_file()


def test_status_from_elsewhere(root, undisturbed, tmp_path, capsys):
    """Of a finished batch, one at work, a dead one, and where there is none."""
    assert main(["status", str(undisturbed)]) == 0
    said = capsys.readouterr().out
    assert "5 of 5 classes done" in said
    assert "nobody is at work" in said
    assert "all done, and nobody" in said
    out = tmp_path / "out"
    process = forked(run, root, out, steps=100_000)
    deadline = time.monotonic() + 60
    while not (out / "ledger.json").is_file() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert main(["status", str(out)]) == 0
    said = capsys.readouterr().out
    assert "0 of 5 classes done, 5 to do" in said
    assert f"at work: process {process.pid}" in said
    process.kill()
    process.join()
    main(["status", str(out)])
    assert "the same command continues it" in capsys.readouterr().out
    assert main(["status", str(tmp_path)]) == 2
    assert "no batch folder: it has no ledger.json" in capsys.readouterr().err
    assert main(["status", str(tmp_path / "nothing")]) == 2
    assert "there is no folder" in capsys.readouterr().err
    (tmp_path / "run.json").write_text("{}")
    assert main(["status", str(tmp_path)]) == 2
    assert "a single run: see 'mindseye open'" in capsys.readouterr().err
