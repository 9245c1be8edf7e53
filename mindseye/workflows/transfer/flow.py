"""A transfer from its request to its end: who paints, who judges, and what is kept of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from mindseye.errors import UserError
from mindseye.models.placement import torch_device
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.transforms.augmentations import ALL, NONE, select_augmentations
from mindseye.photos.class_list import ListedClass
from mindseye.report.figure_files import write_sheet
from mindseye.report.markdown import transfer_page
from mindseye.report.page import leave_page
from mindseye.report.transfer import draw_failures, split_failures
from mindseye.runs.entries import device_name, failures, versions
from mindseye.runs.folder import RunFolder, file_name
from mindseye.runs.schema import PictureEntry, TransferRecord, TransferRun
from mindseye.runs.transfers import TransferFolder
from mindseye.workflows.request import Request
from mindseye.workflows.transfer.class_pictures import paint_classes
from mindseye.workflows.transfer.copies import CopySet, judge_copies
from mindseye.workflows.transfer.networks import TransferNetwork, TransferNetworks, painters
from mindseye.workflows.transfer.result import Transfer


@dataclass(frozen=True)
class TransferRequest:
    """Classes that one network paints and others name.

    paintings: of each class. copies: images of each painting. both: whether the judges paint too. conditions: by name, the
    recipe that the pictures are painted with.
    """

    run: Request
    classes: Sequence[ListedClass]
    paintings: int
    copies: int
    both: bool
    conditions: dict[str, Recipe]

    def identity(self) -> dict[str, Any]:
        """What must be the same for an interrupted transfer to be continued."""
        return {
            "classes": [[list(words) for words in listed.labels] for listed in self.classes],
            "paintings": self.paintings,
            "copies": self.copies,
            "recipe": self.run.recipe.as_dict(),
            "size": self.run.opening.get("size"),
            "seed": self.seed,
        }

    @property
    def seed(self) -> int:
        """Of everything random."""
        return self.run.opening.get("seed", 0)


def run_transfer(request: TransferRequest, networks: TransferNetworks) -> Transfer:
    """Paint, judge, and write what is left of it."""
    run = request.run
    device = torch_device(run.opening.get("device", "auto"))
    folder = TransferFolder(run.out or default_folder(networks.all[0].name))
    with folder.locked():
        record = folder.open(_fresh(request, networks, device_name(device)), run.force)
        flow = TransferFlow(request, folder, record, networks.titles, device)
        try:
            for painter, judges in painters(networks, request.both):
                for condition in request.conditions:
                    flow.paint_and_judge(painter, condition, judges)
        except KeyboardInterrupt:
            flow.save("interrupted")
            raise
        flow.save("partial" if any(entry.failed for entry in record.runs) else "done")
        leave_page(folder.path, run.progress)
    run.progress.say(f"done: {folder.path}")
    return Transfer(folder.path)


class TransferFlow:
    """A transfer while it goes on. What is done is not done again."""

    def __init__(
        self,
        request: TransferRequest,
        folder: TransferFolder,
        record: TransferRecord,
        titles: Sequence[str],
        device: torch.device,
    ) -> None:
        """titles: what the classes are called. device: where judges look."""
        self.request, self.folder, self.record, self.titles, self.device = request, folder, record, titles, device
        self.progress = request.run.progress

    def paint_and_judge(self, painter: TransferNetwork, condition: str, judges: Sequence[TransferNetwork]) -> None:
        """One painter's pictures in one condition, and what each judge that has not looked yet says of them."""
        waiting = [judge for judge in judges if self.record.result(painter.name, condition, judge.name) is None]
        if not waiting:
            return
        request = self.request
        folder = self.folder.run(painter.name, condition)
        self.progress.say(f"{painter.name} paints, augmentation: {condition}")
        run = replace(request.run, kind="paint", recipe=request.conditions[condition], progress=self.progress.anew())
        paint_classes(folder, painter, run, request.paintings)
        entries = self.keep_run(painter.name, condition, folder)
        images = CopySet(folder, entries, request.copies, request.run.recipe, request.seed)
        for judge in waiting if len(images) else ():
            self.judge(painter.name, condition, judge, images)

    def save(self, status: str) -> None:
        """Write the record and its page."""
        self.record.status = status
        self.folder.write(self.record, transfer_page(self.record))

    def keep_run(self, painter: str, condition: str, run: RunFolder) -> list[PictureEntry]:
        """Note what was painted; the entries of the pictures that could be."""
        manifest = run.read()
        entry = TransferRun(painter, condition, run.path.name, failures(manifest), manifest.seconds)
        others = [other for other in self.record.runs if other.folder != run.path.name]
        self.record.runs = [*others, entry]
        self.save("running")
        return [picture for picture in manifest.pictures if picture.picture]

    def judge(self, painter: str, condition: str, judge: TransferNetwork, images: CopySet) -> None:
        """Let one judge look, and keep what it says."""
        result = judge_copies(images, judge.judge, judge.labels, self.titles, self.device, self.progress)
        result.painter, result.condition = painter, condition
        style, manifest = self.request.run.figures, images.folder.read()
        sheets = []
        for number, part in enumerate(split_failures(result), 1):
            sheets.append(self.folder.sheet(painter, condition, judge.name, number))
            sheet = draw_failures(manifest, result, images.__getitem__, style.theme, part)
            write_sheet(self.folder.path / sheets[-1], sheet, style)
        result.sheet, result.further_sheets = next(iter(sheets), None), sheets[1:]
        self.record.results.append(result)
        self.save("running")


def check_recipe(recipe: Recipe, copies: int) -> None:
    """Refuse a recipe that paints no classes, or under which every copy would be the picture itself.

    Raises:
        UserError: saying what to set.
    """
    if recipe.schedule("objective").is_zero:
        raise UserError(f"recipe {recipe.name} gives the objective no weight: --set objective=1")
    if recipe.start in ("photo", "weighted"):
        raise UserError(
            f"recipe {recipe.name} starts from {recipe.start}; classes start from noise or grey: --set start=noise"
        )
    if copies > 1:
        select_augmentations(recipe, ALL)


def conditions_of(recipe: Recipe, augmentation: str, compare: bool) -> dict[str, Recipe]:
    """The recipe of each condition: under an augmentation, and, to compare, under none.

    Raises:
        UserError: if both are the same, or the recipe has no such augmentation.
    """
    if compare and augmentation == NONE:
        raise UserError(f"--compare paints without augmentation besides: leave --augmentation {NONE} out")
    names = [augmentation, NONE] if compare else [augmentation]
    return {name: select_augmentations(recipe, name) for name in names}


def default_folder(painter: str) -> Path:
    """``runs/transfer-PAINTER``."""
    return Path("runs") / f"transfer-{file_name(painter.split('/')[-1])}"


def _fresh(request: TransferRequest, networks: TransferNetworks, device: str) -> TransferRecord:
    return TransferRecord(
        command=request.run.command,
        options=request.identity(),
        versions=versions(),
        device=device,
        networks=networks.digests(),
        classes=list(networks.titles),
    )
