"""Small networks with the oddities that people's networks have, made from a few words; the truth about each is known.

``Odd`` marks one place in itself and writes down what passes there, without hooks. ``truth`` turns that into channels at
positions by the way the network was made.
"""

from dataclasses import dataclass

import torch
from odd_modules import AddInPlace, Complex, Drawn, Mark, Neighbours, Noise
from torch import Tensor, nn

WIDTH = 6
PATCH = 4


@dataclass(frozen=True)
class Plan:
    """What an odd network is made of.

    form: how the marked place holds its activations. extra: class tokens, and their place among the tokens. stem: behind the
    first convolution. detour: what happens on the way to the marked place. first: the kind of the first parameter. wrapper: the
    module that people put around it. lazy: the first convolution gets its shape from the first image.
    """

    planes: int = 3
    side: int = 16
    form: str = "map"
    extra: int = 0
    place: int = 0
    stem: tuple[str, ...] = ()
    detour: str = "none"
    output: str = "tensor"
    dtype: str = "float32"
    first: str = "none"
    container: str = "sequence"
    misleads: bool = False
    fixed: bool = False
    wrapper: str = "none"
    lazy: bool = False


STEMS = {
    "relu": lambda: nn.Sequential(nn.Conv2d(WIDTH, WIDTH, 1), nn.LeakyReLU(0.1, inplace=True)),
    "gelu": nn.GELU,
    "norm": lambda: nn.BatchNorm2d(WIDTH),
    "group": lambda: nn.GroupNorm(2, WIDTH),
    "dropout": nn.Dropout,
    "add": AddInPlace,
    "normed": lambda: nn.utils.parametrizations.weight_norm(nn.Conv2d(WIDTH, WIDTH, 1)),
    "complex": lambda: Complex(),
    "depth": lambda: nn.Sequential(nn.Unflatten(1, (2, 3)), nn.Conv3d(2, 2, 1), nn.Flatten(1, 2)),
}
DETOURS = (
    *("none", "no_grad", "inference", "numpy", "noise", "neighbours", "input", "eval", "single", "keyword"),
    *("loop", "casts", "asks", "autocast", "numpy noise", "own gradients"),
)
FORMS = ("map", "map_last", "tokens", "tokens_second", "sequence", "windows", "copies", "vector")
DTYPES = {
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float64": torch.float64,
}
WRAPPERS = ("none", "parallel", "averaged", "list")


class Odd(nn.Module):
    """A network after a plan."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan
        if plan.first == "bytes":
            self.first = nn.Parameter(torch.ones(3, dtype=torch.int8), requires_grad=False)
        elif plan.first == "complex":
            self.first = nn.Parameter(torch.ones(3, dtype=torch.complex64))
        elif plan.first == "sparse":
            self.register_buffer("graph", torch.eye(3).to_sparse())
        if plan.misleads or plan.lazy:
            self.in_channels = plan.planes if plan.lazy else WIDTH  # a lazy convolution takes what it is given first
        self.before = nn.Conv2d(WIDTH, WIDTH, 1) if plan.container == "reversed" else None
        self.cut = nn.LazyConv2d(WIDTH, PATCH, PATCH) if plan.lazy else nn.Conv2d(plan.planes, WIDTH, PATCH, PATCH)
        parts = [STEMS[name]() for name in plan.stem]
        self.stem = nn.ModuleDict({str(i): part for i, part in enumerate(parts)})
        self.act = nn.LeakyReLU(0.2)  # used twice
        self.noise, self.neighbours, self.drawn = Noise(), Neighbours(), Drawn()
        self.tokens = nn.Parameter(torch.randn(1, plan.extra, WIDTH))
        self.mark = Mark()
        self.line, self.norm = nn.Conv1d(WIDTH, WIDTH, 1), nn.LayerNorm(WIDTH)
        count = (plan.side // PATCH) ** 2
        self.head = nn.Linear(WIDTH, 2)
        self.bound = nn.Parameter(torch.randn(1, 1, count)) if plan.fixed else None

    def train(self, mode: bool = True) -> "Odd":
        super().train(mode)
        return None if self.plan.detour == "eval" else self

    def forward(self, x: Tensor, scale: float = 1.0) -> object:
        plan = self.plan
        if plan.detour == "single" and len(x) > 1:
            raise KeyError(len(x))
        if plan.detour == "input":
            x -= 0.1
        if plan.detour == "loop" and len(x) > 1:
            return join([self(image[None]) for image in x])
        if plan.detour == "casts":
            x = x.to(DTYPES[plan.dtype])
        if plan.detour == "asks":
            with torch.inference_mode(False), torch.enable_grad():
                leaf = x.detach().clone().requires_grad_()
                (gradient,) = torch.autograd.grad(self.cut(leaf).square().sum(), leaf)
            x = x + 0.01 * gradient.detach().clone()
        if plan.detour == "no_grad":
            with torch.no_grad():
                features = self.features(x)
        elif plan.detour == "inference":
            with torch.inference_mode():
                features = self.features(x).clone()
            features = features.clone()
        elif plan.detour == "autocast":
            with torch.autocast("cpu", dtype=torch.bfloat16):
                features = self.features(x)
            features = features.to(x.dtype)
        elif plan.detour == "own gradients":
            with torch.enable_grad():
                features = self.features(x)
        else:
            features = self.features(x)
        if plan.detour == "numpy":
            features = torch.from_numpy(features.numpy() * 1)
        batch = len(features)
        marked = self.mark(self.arrange(features))
        scores = self.head(self.finish(marked, batch) * scale)
        if self.bound is not None:
            scores = scores + 0 * (features.flatten(2) * self.bound).sum()
        return {
            "tensor": scores,
            "tuple": (scores, None),
            "dict": {"loss": None, "scores": scores},
            "features first": (marked, scores),
        }[plan.output]

    def features(self, x: Tensor) -> Tensor:
        x = self.act(self.cut(x))
        for part in self.stem.values():
            x = part(x)
        x = self.act(x)
        if self.plan.detour == "noise":
            x = self.noise(x)
        if self.plan.detour == "numpy noise":
            x = self.drawn(x)
        if self.plan.detour == "neighbours":
            x = self.neighbours(x)
        return x if self.before is None else self.before(x)

    def arrange(self, x: Tensor) -> Tensor:
        """The features [B, C, H, W] in the form of the plan."""
        plan = self.plan
        if plan.form == "map":
            return x
        if plan.form == "map_last":
            return x.permute(0, 2, 3, 1)
        if plan.form == "sequence":
            return x.flatten(2)
        if plan.form == "vector":
            return x.mean((2, 3))
        if plan.form == "copies":
            return torch.cat([x, x.flip(-1)])
        tokens = x.flatten(2).transpose(1, 2)
        if plan.form == "windows":
            return tokens.reshape(-1, tokens.shape[1] // 2, WIDTH)
        if plan.extra:
            extra = self.tokens.expand(len(x), -1, -1)
            tokens = torch.cat([tokens[:, : plan.place], extra, tokens[:, plan.place :]], 1)
        return tokens.transpose(0, 1) if plan.form == "tokens_second" else tokens

    def finish(self, marked: Tensor, batch: int) -> Tensor:
        """The marked activations as vectors [B, C]; modules of known kinds follow, as they do in real networks."""
        form = self.plan.form
        if form == "map":
            return marked.mean((2, 3))
        if form == "map_last":
            return self.norm(marked).mean((1, 2))
        if form == "sequence":
            return self.line(marked).mean(2)
        if form == "vector":
            return marked
        if form == "copies":
            return marked.mean((2, 3)).reshape(2, batch, WIDTH).mean(0)
        if form == "windows":
            return self.norm(marked).reshape(batch, -1, WIDTH).mean(1)
        return self.norm(marked).mean(0 if form == "tokens_second" else 1)


def join(outputs: list[object]) -> object:
    """The outputs of single images as that of a batch."""
    first = outputs[0]
    if isinstance(first, Tensor):
        return torch.cat(outputs)
    if isinstance(first, tuple):
        return tuple(join(list(parts)) for parts in zip(*outputs, strict=True))
    if isinstance(first, dict):
        return {name: join([output[name] for output in outputs]) for name in first}
    return first


def truth(plan: Plan, seen: Tensor) -> Tensor:
    """What passed the mark for one image, as [channels, positions]."""
    if plan.form in ("map", "sequence", "vector"):
        return seen[0].flatten(1) if plan.form != "vector" else seen[0][:, None]
    if plan.form == "map_last":
        return seen[0].reshape(-1, WIDTH).T
    if plan.form == "copies":
        return torch.cat([seen[0].flatten(1), seen[1].flatten(1)], 1)
    if plan.form == "windows":
        return seen.reshape(-1, WIDTH).T
    tokens = seen[:, 0] if plan.form == "tokens_second" else seen[0]
    kept = torch.cat([tokens[: plan.place], tokens[plan.place + plan.extra :]])
    return kept.T


def build(plan: Plan) -> nn.Module:
    """The network, with random weights that are the same for a plan."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        network = Odd(plan)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 2)
    return wrap(network.to(DTYPES[plan.dtype]) if plan.dtype != "float32" else network, plan.wrapper)


def wrap(network: nn.Module, wrapper: str) -> nn.Module:
    """The network inside another module, as people wrap it."""
    if wrapper == "parallel":
        return nn.DataParallel(network)
    if wrapper == "averaged":
        return torch.optim.swa_utils.AveragedModel(network)
    if wrapper != "list":
        return network
    outer = nn.Sequential(network)
    outer.in_channels = getattr(network, "in_channels", None)  # a list is a network of its own, and states its own
    return outer


def unwrap(network: nn.Module) -> "Odd":
    """The odd network inside its wrapper."""
    return next(module for module in network.modules() if isinstance(module, Odd))


PREFIX = {"none": "", "parallel": "module.", "averaged": "module.", "list": "0."}
"""What a wrapper puts before the addresses of the network's layers."""
