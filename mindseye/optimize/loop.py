"""One batch of pictures while it is painted: canvas, loss, optimizers, and the step that moves them."""

from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext

import torch
from torch import Tensor

from mindseye.layers.reader import Reader
from mindseye.optimize.canvases.canvas import Canvas
from mindseye.optimize.loss import Loss, Term
from mindseye.optimize.objectives.objective import Activations
from mindseye.optimize.random import RandomKeys
from mindseye.optimize.recipe.recipe import Recipe
from mindseye.optimize.recipe.schedule import progress_of
from mindseye.optimize.regularizers.constraints import Constraints
from mindseye.optimize.regularizers.redirected_relu import redirect_gradients
from mindseye.optimize.transforms.views import Views
from mindseye.preprocessing import Preprocessing

LEARNED_LR = 0.01
COARSEST, FINEST = 0.06, 0.7
RUNAWAY = 1000.0
REDIRECTED_STEPS = 16


class Painting:
    """A batch of pictures on one canvas, and everything that changes while they are painted.

    What changes is the canvas, the optimizers' moments, what the objectives learn, the step, and which pictures are not
    lost; ``state`` and ``load`` carry exactly that, so a painting continues as if it had not stopped.
    """

    def __init__(
        self,
        canvas: Canvas,
        terms: Sequence[Term],
        recipe: Recipe,
        views: Views,
        random: RandomKeys,
        read: Reader,
        preprocessing: Preprocessing,
        photos: Tensor | None = None,
    ) -> None:
        """photos: [pictures, channels, side, side] in [0, 1], seen under the very views that the pictures are seen under."""
        self.canvas = canvas
        self.loss = Loss(terms, read, preprocessing, recipe.precision)
        self.recipe = recipe
        self.views = views
        self.random = random
        self._photos = photos
        self._constraints = Constraints.of(recipe)
        self._lr = recipe.schedule("lr")
        self._optimizers = [_optimizer(recipe, canvas.parameters)]
        if self.loss.parameters:
            self._optimizers.append(torch.optim.Adam(self.loss.parameters, lr=LEARNED_LR))
        self.step = 0
        device = canvas.parameters[0].device
        self.alive = torch.ones(len(random.keys), dtype=torch.bool, device=device)
        self.values = torch.zeros(len(self.terms), len(random.keys), device=device)
        with torch.no_grad():
            activations = self._activations()
            self.loss.check(activations)
            self.start = self.loss.values(activations, self._progress).cpu()

    @property
    def terms(self) -> list[Term]:
        """The terms of the loss that weigh anything."""
        return self.loss.terms

    @property
    def device(self) -> torch.device:
        """Where the pictures are painted."""
        return self.canvas.parameters[0].device

    @property
    def is_done(self) -> bool:
        """Whether all steps are made."""
        return self.step >= self.recipe.steps

    def advance(self) -> None:
        """Make one step. Nothing is asked of the device."""
        progress = progress_of(self.step, self.recipe.steps)
        for optimizer in self._optimizers:
            optimizer.zero_grad(set_to_none=True)
        self._optimizers[0].param_groups[0]["lr"] = self._lr.at(progress)
        # Beside photos all of it: they are held against each other pixel by pixel.
        share = self.views.share(self.step) if self._photos is None else 1.0
        planes = self.canvas.planes_at(share)
        with redirect_gradients(self.loss.network) if self._redirects else nullcontext():
            self.values, gradient = self._gradient(planes.detach(), progress)
        planes.backward(self._constraints.gradient(gradient, self.step, progress, share))  # type: ignore[no-untyped-call]
        self._move(progress)
        self.canvas.tidy()
        self._constraints.apply(self.canvas, self.step, progress)
        self.step += 1

    @torch.no_grad()
    def measure(self) -> Tensor:
        """The weighted terms for the whole pictures as they are now, without transforms, [terms, pictures]."""
        return self.loss.values(self._activations(), self._progress)

    @torch.no_grad()
    def images(self) -> Tensor:
        """The pictures as they are now, [pictures, channels, side, side] in [0, 1], on the CPU."""
        return self.canvas.render().detach().float().cpu().clamp(0, 1)

    def drop_lost(self) -> list[int]:
        """Stop the pictures that turned NaN or whose terms outgrew their start a thousandfold; returns their places."""
        limit = RUNAWAY * self.start.abs().sum(0).clamp_min(1.0)
        size = self.values.abs().sum(0).cpu()
        finite = [parameter.detach().flatten(1).isfinite().all(1) for parameter in self.canvas.parameters]
        sound = torch.stack([rows.expand(len(self.alive)) for rows in finite])
        lost = self.alive.cpu() & ~(sound.all(0).cpu() & size.isfinite() & (size <= limit))
        self.alive = self.alive & ~lost.to(self.alive.device)
        return [int(index) for index in lost.nonzero().flatten()]

    def state(self) -> dict[str, Tensor]:
        """Everything that changes, as named tensors on the CPU."""
        tensors = {"step": torch.tensor(self.step), "alive": self.alive, "start": self.start}
        for index, parameter in enumerate(self.canvas.parameters):
            tensors[f"canvas/{index}"] = parameter.detach()
        for index, parameter in enumerate(self.loss.parameters):
            tensors[f"learned/{index}"] = parameter.detach()
        for number, optimizer in enumerate(self._optimizers):
            for index, moments in optimizer.state_dict()["state"].items():
                for name, value in moments.items():
                    if isinstance(value, Tensor):
                        tensors[f"optimizer/{number}/{index}/{name}"] = value
        return {name: tensor.cpu().contiguous().clone() for name, tensor in tensors.items()}

    @torch.no_grad()
    def load(self, state: dict[str, Tensor]) -> None:
        """Continue from a state."""
        self.step = int(state["step"])
        self.alive = state["alive"].to(self.device)
        self.start = state["start"]
        for index, parameter in enumerate(self.canvas.parameters):
            parameter.copy_(state[f"canvas/{index}"])
        for index, parameter in enumerate(self.loss.parameters):
            parameter.copy_(state[f"learned/{index}"])
        for number, optimizer in enumerate(self._optimizers):
            whole = optimizer.state_dict()
            for name, value in state.items():
                if name.startswith(f"optimizer/{number}/"):
                    _, _, parameter_index, moment = name.split("/")
                    whole["state"].setdefault(int(parameter_index), {})[moment] = value.clone()
            optimizer.load_state_dict(whole)

    @property
    def _redirects(self) -> bool:
        """Whether dead units get a gradient: at first, where a term found nothing at all in its layer at the start."""
        if self.step >= REDIRECTED_STEPS:
            return False
        return self.loss.finds_nothing(self.start)

    @torch.no_grad()
    def _move(self, progress: float) -> None:
        is_coarse = progress < self.recipe.coarse
        before = [parameter.clone() for parameter in self.canvas.parameters] if is_coarse else []
        for optimizer in self._optimizers:
            optimizer.step()
        if not is_coarse:
            return
        # The step is filtered, not the gradient: Adam would scale a filtered gradient up again.
        cutoff = COARSEST * (FINEST / COARSEST) ** (progress / self.recipe.coarse)
        parameters = self.canvas.parameters
        changes = [parameter - was for parameter, was in zip(parameters, before, strict=True)]
        for parameter, was, change in zip(parameters, before, self.canvas.coarsen(changes, cutoff), strict=True):
            parameter.copy_(was + change)

    def _gradient(self, planes: Tensor, progress: float) -> tuple[Tensor, Tensor]:
        """The weighted terms [terms, pictures] and the gradient of the planes, both averaged over the step's views.

        View after view, so that many views take no more memory than one.
        """
        planes.requires_grad_()
        number = self.recipe.views
        values = torch.zeros_like(self.values)
        for view in range(number):
            images = self.canvas.step_images(planes, self.step, self.random)
            random = self.random.view(view)
            views = self.views(images, self.step, random)
            photos = None if self._photos is None else self.views(self._photos, self.step, random)
            alpha = planes[:, -1:] if self.recipe.alpha else None
            weighted = self.loss.gradient_values(self.loss.activations(images, views, photos, alpha), progress)
            # Losses are summed, never averaged: a picture's gradient must not depend on the size of its batch.
            (torch.where(self.alive, weighted.sum(0), 0.0).sum() / number).backward()  # type: ignore[no-untyped-call]
            values += weighted.detach() / number
        return values, torch.zeros_like(planes) if planes.grad is None else planes.grad

    @property
    def _progress(self) -> float:
        return progress_of(min(self.step, max(self.recipe.steps - 1, 0)), self.recipe.steps)

    def _activations(self) -> Activations:
        """What the objectives read for the whole pictures as they are now, without transforms."""
        images = self.canvas.render()
        photos = None if self._photos is None else self.views.plain(self._photos)
        return self.loss.activations(images, self.views.plain(images), photos, self.canvas.alpha())


def run(
    painting: Painting,
    every: int,
    on_check: Callable[[Painting, list[int]], bool | None],
    also: Collection[int] = (),
) -> None:
    """Paint to the end, until every picture has failed, or until ``on_check`` returns False.

    The host looks only every ``every`` steps and after the steps in ``also``, and then calls
    ``on_check(painting, places of the newly lost)``.
    """
    while not painting.is_done:
        painting.advance()
        if painting.step % every == 0 or painting.step in also or painting.is_done:
            goes_on = on_check(painting, painting.drop_lost())
            if goes_on is False or not painting.alive.any():
                return


def _optimizer(recipe: Recipe, parameters: list[Tensor]) -> torch.optim.Optimizer:
    lr = recipe.schedule("lr").start
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(
            parameters, lr=lr, momentum=recipe.momentum, nesterov=recipe.nesterov and recipe.momentum > 0
        )
    return torch.optim.Adam(parameters, lr=lr)
