"""The library's way in: a network, opened once, and what can be asked of it.

eye = Session("resnet50")
facets = eye.facets("photos", "layer3.5", facets=4)
pictures = eye.paint(facets.target("layer3.5"))
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from torch import nn

from mindseye.errors import UserError
from mindseye.facets.target import Target
from mindseye.layers.stages import choose_layers
from mindseye.optimize.objectives.objective import Objective
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.session import NetworkSession
from mindseye.photos.photo_set import Source, find_photos
from mindseye.report.progress import Progress, Report
from mindseye.workflows.activations import Activations, Layers, layers_of, read_activations
from mindseye.workflows.atlas.atlas import Atlas
from mindseye.workflows.atlas.build import build_atlas
from mindseye.workflows.atlas.choice import CHANNELS, make_choice
from mindseye.workflows.facets.facets import Facets, FacetTarget, all_as_one, find_facets
from mindseye.workflows.facets.job import FacetCount
from mindseye.workflows.pictures import OnStep, Pictures, paint_pictures
from mindseye.workflows.recipe import chosen_recipe
from mindseye.workflows.request import DEFAULT_RECIPE


class Session(NetworkSession):
    """A network that is ready to be looked at and painted from: model, weights, device and seed are said once, here.

    Args:
        model: a name (torchvision's, ``timm/NAME``, ``efficientnet_lite0``...), ``file.py:factory``, or a module,
            which is given back as it was after every call.
        weights: by name, ``none`` for random ones. checkpoint: a file of weights. device: auto, cpu, cuda, cuda:1, mps.
        size: side of pictures and of what the network sees, in px; by default the recipe's, else the network's own.
        precision: what the network computes in while it is painted from: auto, float32 or bfloat16; by default the recipe's.
        seed: of everything random. cache: whether photos' activations are kept in the user's cache.

    Raises:
        UserError: for anything that the caller can mend, in one line.
    """

    def __init__(
        self,
        model: str | nn.Module = "resnet50",
        *,
        weights: str | None = None,
        checkpoint: str | Path | None = None,
        device: str = "auto",
        size: int | None = None,
        precision: str | None = None,
        seed: int = 0,
        cache: bool = True,
    ) -> None:
        if not isinstance(model, str | nn.Module):
            raise UserError(f"model is a name, a module or a Session, not {model!r}")
        super().__init__(model, weights, checkpoint, device, size, precision, seed)
        self.cache = cache

    def __repr__(self) -> str:
        return f"Session({self.model.name!r}, weights={self.model.weights!r}, device={str(self.device)!r})"

    def layers(self) -> Layers:
        """Every layer that fires, in the order of the forward pass: address, kind, shape, channels, share of the cost."""
        return layers_of(self)

    def activations(
        self, photos: Source, layer: str, *, maps: bool = False, recursive: bool = False, progress: Report = None
    ) -> Activations:
        """What a layer answers to photos: the mean over positions of each channel, from the cache where it is there.

        Args:
            photos: a folder, an archive, paths or arrays. layer: an address. maps: also every position's activation,
                which is computed anew and takes memory: [photos, channels, rows, columns] in float32,
                [photos, channels, positions] where a layer has no rows.
            recursive: take sub-folders. progress: None, True for a bar, or a function that is told how far it is.

        Returns:
            ``values`` [photos, channels], ``paths``, and ``maps`` where they were asked for.

        Raises:
            UserError: for an unknown layer, no photos, or activations that are NaN.
        """
        told = Progress.of(progress)
        with self.using() as session:
            return read_activations(session, find_photos(photos, recursive), session.layer(layer), maps, told)

    def facets(
        self,
        photos: Source,
        layer: str | None = None,
        facets: FacetCount = 4,
        *,
        recipe: str | Recipe = DEFAULT_RECIPE,
        recursive: bool = False,
        progress: Report = None,
    ) -> Facets:
        """The groups of photos that a layer treats as alike; nothing is painted.

        Args:
            photos: as ``activations`` takes them. layer: where the facets are found, by default the last before pooling, of a
                plain transformer an earlier block.
            facets: how many, or ``"auto"`` for the best silhouette among 2 to 12.
            recipe: its ``members``, ``weighting`` and ``gamma`` count.

        Returns:
            The facets, largest first, with members, weights, map and silhouette.
        """
        told = Progress.of(progress)
        with self.using(chosen_recipe(recipe)) as session:
            asked = [] if layer is None else [layer]
            chosen = choose_layers(session.model.network, session.network, asked, painted=False)[0]
            return find_facets(session, find_photos(photos, recursive), chosen, facets, told)

    def target(
        self,
        photos: Source,
        layer: str,
        *,
        recipe: str | Recipe = DEFAULT_RECIPE,
        recursive: bool = False,
        progress: Report = None,
    ) -> FacetTarget:
        """The target of some photos at a layer, all of them as one facet whose members count alike."""
        with self.using(chosen_recipe(recipe)) as session:
            return all_as_one(session, find_photos(photos, recursive), session.layer(layer), Progress.of(progress))

    def paint(
        self,
        what: Target | Objective | str | Iterable[Objective | str],
        recipe: str | Recipe = DEFAULT_RECIPE,
        *,
        on_step: OnStep | None = None,
        progress: Report = None,
        batch_size: int = 0,
        **changes: Any,
    ) -> Pictures:
        """Paint in memory: a picture per facet of a target, or per objective.

        Args:
            what: a target, an objective (``Channel("layer3.5", 11) - 0.5 * Channel("layer3.5", 60)``, or one of your own),
                its words (``"layer3.5:11"``, ``"class:zebra"``), or several of these.
            recipe: its name, a TOML file, or a ``Recipe``. changes: single numbers of it, such as ``steps=100`` or
                ``canvas=MyCanvas``.
            on_step: called every few steps with the step and the pictures as they are; returns False to stop there.
            progress: None, True, or a function that is told how far it is, and may stop it. batch_size: pictures painted
                at once, 0 for all.

        Returns:
            The pictures, with ``images`` [n, channels, side, side] in [0, 1], ``losses``, ``measures()`` and ``save(folder)``.

        Raises:
            UserError: for what the network does not have, or a value that makes no sense, naming it.
        """
        chosen = chosen_recipe(recipe, changes)
        return paint_pictures(self, what, chosen, batch_size, on_step, Progress.of(progress))

    def atlas(
        self,
        photos: Source,
        layers: str | Sequence[str] | None = None,
        *,
        channels: int | Literal["all"] | Sequence[int] = CHANNELS,
        facets: int | Literal["auto"] = "auto",
        recipe: str | Recipe = DEFAULT_RECIPE,
        out: str | Path | None = None,
        progress: Report = None,
        batch_size: int = 0,
        title: str = "",
        command: str = "Session.atlas(...)",
        **changes: Any,
    ) -> Atlas:
        """A page for each channel of some layers, in a folder; see ``mindseye.atlas``, which spreads it over processes too.

        Args:
            photos: with their sub-folders, whose names are the classes. layers, channels, facets, title: as ``mindseye.atlas``
                takes them. recipe, changes: as ``paint``. out: the folder, by default ``runs/atlas-FOLDER-MODEL``.
            command: what the pages say that made them.

        Returns:
            The atlas; ``atlas["layer3.5"][320]`` is one channel, with everything as values.
        """
        options = {
            "recipe": chosen_recipe(recipe, changes),
            "out": out,
            "progress": progress,
            "quiet": Progress.of(progress).quiet,
            "batch_size": batch_size,
            "cache": self.cache,
            "command": command,
        }
        return build_atlas(photos, self, make_choice(layers, channels, facets), options, title=title)

    def _repr_html_(self) -> str:
        return self.layers()._repr_html_()
