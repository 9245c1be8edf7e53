"""What a batch has found, in one table: a row per facet, with every number of its run's manifest."""

import csv
import importlib.util
import io
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from mindseye.errors import UserError
from mindseye.runs.files import write_bytes
from mindseye.runs.schema import Manifest
from mindseye.workflows.batch.ledger import TABLE, Ledger

Row = dict[str, Any]

PLAIN = ("index", "status", "size", "silhouette", "label", "effective_members", "picture", "reason")


def write_results(ledger: Ledger) -> Path:
    """Write the table of all classes that are there: ``results.parquet``, or ``results.csv`` where pyarrow is absent."""
    rows = [row for entry in ledger.plan.classes for row in _class_rows(ledger, entry.name, entry.title)]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    if importlib.util.find_spec("pyarrow") is not None:
        path, data = ledger.path / f"{TABLE}.parquet", _parquet(rows, columns)
    else:
        path, data = ledger.path / f"{TABLE}.csv", _csv(rows, columns)
    write_bytes(path, data)
    return path


def facet_rows(manifest: Manifest) -> Iterator[Row]:
    """A row per layer and facet of a run, its measures flattened: ``fidelity.picture.cosine``; ``loss.dot.end``."""
    for layer in manifest.layers:
        for facet in layer.facets:
            row: Row = {"layer": layer.layer} | {key: getattr(facet, key) for key in PLAIN}
            row["facet"] = row.pop("index")
            for term, (start, end) in facet.loss.items():
                row |= {f"loss.{term}.start": start, f"loss.{term}.end": end}
            yield row | flattened(facet.measures or {})


def flattened(numbers: Mapping[str, Any], prefix: str = "") -> Row:
    """Nested numbers by their path, with dots between; what is no number, text or nothing is left out."""
    found: Row = {}
    for key, value in numbers.items():
        if isinstance(value, Mapping):
            found |= flattened(value, f"{prefix}{key}.")
        elif value is None or isinstance(value, int | float | str):
            found[f"{prefix}{key}"] = value
    return found


def _class_rows(ledger: Ledger, name: str, title: str) -> list[Row]:
    folder = ledger.folder(name)
    rows: list[Row] = []
    with suppress(UserError, ValueError):  # nothing there yet, or damaged
        for row in facet_rows(folder.read()):
            rows.append({"class": name, "title": title, "run": folder.path.name} | row)
    return rows


def _parquet(rows: list[Row], columns: list[str]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({name: _column([row.get(name) for row in rows]) for name in columns})
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def _column(values: list[Any]) -> list[Any]:
    """Values of one kind: whole numbers beside fractions are fractions, and numbers beside texts are texts."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float}:
        return [None if value is None else float(value) for value in values]
    if str in kinds:
        return [None if value is None else _text(str(value)) for value in values]
    return values


def _text(value: str) -> str:
    """Text as Unicode: file names may hold bytes that are none."""
    return value.encode("utf-8", "backslashreplace").decode()


def _csv(rows: list[Row], columns: list[str]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, columns)
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode("utf-8", "backslashreplace")
