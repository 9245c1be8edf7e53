"""The page of a transfer: how often judges name what was painted, class by class, and the pages of the painters' runs."""

from pathlib import Path
from urllib.parse import quote

from mindseye.report.markdown import (
    ACCURACIES,
    BY_CLASS,
    CONDITIONS,
    CONFUSED,
    accuracy_rows,
    class_rows,
    confusion_rows,
)
from mindseye.report.page.pictures import data_uri, shrink
from mindseye.report.page.plain import PageTable, PlainPage, Section, Tile, plain_page
from mindseye.report.tiles import own_picture
from mindseye.report.typeface import printable
from mindseye.runs.folder import PAGE
from mindseye.runs.schema import TransferRecord, TransferResult
from mindseye.runs.transfers import RECORD, TABLE
from mindseye.wording import counted

SHEET = 1600
INTRO = (
    "One network paints classes, another, which has only looked, says what it sees. A picture that another network names has "
    "more in it than what would fool one network."
)
READING = (
    "In percent, with 95 % intervals (Wilson's): of top-1 and top-5 as if all images were independent; over paintings, as if "
    "copies told nothing that their painting does not. As painted: of the pictures alone, without their augmented copies."
)


def transfer_page(folder: Path, record: TransferRecord) -> str:
    """The page of the transfer in a folder."""
    options, recipe = record.options, record.options.get("recipe", {})
    counts = [
        counted(len(record.classes), "classes"),
        counted(int(options.get("paintings", 0)), "paintings") + " of each",
        counted(int(options.get("copies", 0)), "images") + " of each painting",
    ]
    overall = Section("How often it is named", tables=[PageTable(ACCURACIES, accuracy_rows(record), READING, named=3)])
    return plain_page(
        PlainPage(
            title="Do other networks name what was painted?",
            provenance=" · ".join([*counts, f"recipe {printable(str(recipe.get('name', '')))}", f"seed {options.get('seed', 0)}"]),
            intro=INTRO,
            kind="results",
            sections=[overall, *(_result(folder, record, result) for result in record.results)],
            command=record.command,
            notes=[f"not painted: {printable(run.painter)}, {printable(line)}" for run in record.runs for line in run.failed],
            making={
                "The recipe": recipe,
                "Versions": record.versions | {"device": record.device},
                "Networks (weights)": record.networks,
            },
            files=[RECORD, TABLE, *(sheet for result in record.results for sheet in result.sheets)],
        )
    )  # fmt: skip


def _result(folder: Path, record: TransferRecord, result: TransferResult) -> Section:
    condition = CONDITIONS.get(result.condition, result.condition)
    tables = [PageTable(BY_CLASS, class_rows(result))]
    tables += [PageTable(CONFUSED, confusion_rows(result), named=2)] if result.confusions else []
    sheet = own_picture(folder, result.sheet)
    run = next((run for run in record.runs if (run.painter, run.condition) == (result.painter, result.condition)), None)
    link = None
    if run is not None and (folder / run.folder / PAGE).is_file():
        link = (f"./{quote(run.folder)}/{PAGE}", "the painted pictures")
    return Section(
        printable(f"{result.painter}, {condition}, judged by {result.judge}"),
        tables=tables,
        picture=None if sheet is None else Tile(data_uri(shrink(sheet, SHEET)), "what was not named rightly"),
        link=link,
    )
