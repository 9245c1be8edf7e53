"""A GPU that is not there: tensors on ``cuda:0`` have shape, type and device, but no values; those on the CPU are real.

    with FakeGPU() as gpu:
        painting = ...                  # device("cuda:0"); what is asked of the host gets made-up values
        with gpu.step():
            painting.advance()          # a tensor left on the CPU, or a wait for the GPU, raises

PyTorch's fake tensors know devices on a machine without a GPU, so that an operation on tensors of two devices raises
``FakeTensorDeviceMismatchError``. Three things are added: tensors of the CPU stay real, as a painting draws its random
numbers there; the backward pass is walked here, node by node, as PyTorch's own wants a real device; and within a step
whatever makes the host wait raises ``HostWaitError``.
"""

from collections import defaultdict
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from unittest import mock

import torch
from torch import nn
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensor,
    FakeTensorMode,
    unset_fake_temporarily,
)
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter, tree_map

GPU = torch.device("cuda:0")
CPU = torch.device("cpu")
aten = torch.ops.aten
INDEXING = {aten.index.Tensor, aten.index_put.default, aten.index_put_.default, aten._index_put_impl_.default}
STAGED_AT_ONCE = 64 * 1024
"""Bytes: what is sent to a CUDA device without waiting is first put aside by its driver, which for more may wait."""
NAMED = ("_local_scalar_dense", "equal", "_linalg_check_errors", "bincount")
VALUES = {getattr(aten, name).default for name in NAMED}


class HostWaitError(RuntimeError):
    """Within a step the host would have waited for the GPU."""


class FakeGPU(TorchDispatchMode):
    """For as long as it is entered, ``cuda:0`` can be had."""

    def __init__(self):
        super().__init__()
        self._fake = FakeTensorMode(allow_non_fake_inputs=True)
        self._strict = False
        self._hooks = defaultdict(list)

    def __enter__(self):
        self._held = ExitStack()
        self._held.enter_context(self._fake)
        for owner, name, own in (
            (torch.Tensor, "backward", self._tensor_backward),
            (torch.autograd, "grad", self._grad),
            (torch.Tensor, "register_hook", self._register_hook),
        ):
            kept = getattr(owner, name)
            self._held.enter_context(mock.patch.object(owner, name, _choose(own, kept)))
        self._held.enter_context(mock.patch.object(torch.cuda, "get_device_name", return_value="not there"))
        # A generator of a device that is not there cannot be made; fake tensors never ask it for a number.
        torch_generator = torch.Generator
        self._held.enter_context(mock.patch.object(torch, "Generator", side_effect=lambda *device: torch_generator()))
        self._held.enter_context(mock.patch.object(nn.Module, "_apply", _convert))
        super().__enter__()
        return self

    def __exit__(self, *error):
        super().__exit__(*error)
        self._held.close()

    @contextmanager
    def step(self):
        """Within it nothing may wait for the GPU: no value is asked for, and no copy made between it and the CPU, but of a
        few numbers to it with ``non_blocking=True``.
        """
        self._strict = True
        try:
            yield
        finally:
            self._strict = False

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        tensors = [leaf for leaf in tree_iter((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        has_fake = any(isinstance(tensor, FakeTensor) for tensor in tensors)
        wanted = torch.device(kwargs.get("device") or CPU)
        if not has_fake and wanted.type == "cpu":
            with unset_fake_temporarily():
                return func(*args, **kwargs)
        self._refuse_waits(func, args, kwargs, tensors)
        if func is aten._to_copy.default and "device" in kwargs and wanted.type == "cpu":
            return self._made_up(args[0], kwargs.get("dtype"))
        if func is aten.copy_.default and not isinstance(args[0], FakeTensor):
            with unset_fake_temporarily():
                return args[0].copy_(self._made_up(args[1]))
        if func is aten.copy_.default and not isinstance(args[1], FakeTensor):
            return func(args[0], self._fake_of(args[1]))
        if func is aten._local_scalar_dense.default:
            with unset_fake_temporarily():
                return self._made_up(args[0]).item()
        try:
            return func(*args, **kwargs)
        except (DataDependentOutputException, DynamicOutputShapeException) as error:
            if self._strict:
                raise HostWaitError(f"{func} asks for values") from error
            return self._by_values(func, args, kwargs)

    def _refuse_waits(self, func, args, kwargs, tensors):
        if not self._strict:
            return
        on_host = [tensor for tensor in tensors if not isinstance(tensor, FakeTensor)]
        if func in VALUES:
            raise HostWaitError(f"{func} asks for a value")
        if func is aten._to_copy.default and "device" in kwargs:
            to_host = torch.device(kwargs["device"]).type == "cpu"
            self._refuse_copy(args[0], to_host, kwargs.get("non_blocking", False))
        if func is aten.copy_.default and on_host:
            self._refuse_copy(args[1], not isinstance(args[0], FakeTensor), len(args) > 2 and args[2])
        if func in INDEXING and any(tensor.ndim for tensor in on_host):
            raise HostWaitError(f"{func} with places on the CPU: they are copied, and waited for")
        if func in INDEXING and any(place is not None and place.dtype == torch.bool for place in args[1]):
            raise HostWaitError(f"{func} by a mask: it is counted on the CPU how many places it has")

    def _refuse_copy(self, source, to_host, does_not_wait):
        if to_host and isinstance(source, FakeTensor):
            raise HostWaitError(f"a copy of {list(source.shape)} from the GPU to the CPU")
        if not to_host and not isinstance(source, FakeTensor) and not does_not_wait:
            raise HostWaitError(f"a copy of {list(source.shape)} from the CPU to the GPU without non_blocking=True")
        if not to_host and source.numel() * source.element_size() > STAGED_AT_ONCE:
            raise HostWaitError(f"a copy of {list(source.shape)} to the GPU, too large to be put aside at once")

    def _made_up(self, fake, dtype=None):
        """A real tensor of the CPU in place of one of the GPU: uniform numbers, zeros where they are whole, or all true."""
        with unset_fake_temporarily():
            if fake.is_floating_point():
                made = torch.rand(fake.shape, generator=torch.Generator().manual_seed(0)).to(fake.dtype)
            else:
                made = torch.full(fake.shape, fake.dtype == torch.bool, dtype=fake.dtype)
            return made.to(dtype or fake.dtype)

    def _by_values(self, func, args, kwargs):
        """Where a shape depends on values, or a value is asked for: by made-up ones."""
        with unset_fake_temporarily():
            real = tree_map(lambda leaf: self._made_up(leaf) if isinstance(leaf, FakeTensor) else leaf, (args, kwargs))
            result = func(*real[0], **real[1])
        return tree_map(lambda leaf: self._fake_of(leaf) if isinstance(leaf, torch.Tensor) else leaf, result)

    def _fake_of(self, real):
        return torch.empty(real.shape, dtype=real.dtype, device=GPU)

    # The backward pass.

    def _register_hook(self, tensor, hook):
        node = tensor.grad_fn
        if node is None:
            raise NotImplementedError("hooks on leaves are not walked")
        entry = (tensor.output_nr, hook)
        self._hooks[node].append(entry)
        return SimpleNamespace(remove=lambda: self._hooks[node].remove(entry))

    def _tensor_backward(self, tensor, gradient=None, **options):
        first = torch.ones_like(tensor) if gradient is None else gradient
        for leaf, value in self._walk([tensor], [first])[0].items():
            leaf.grad = value if leaf.grad is None else leaf.grad + value

    def _grad(self, outputs, inputs, grad_outputs=None, **options):
        roots = [outputs] if isinstance(outputs, torch.Tensor) else list(outputs)
        wanted = [inputs] if isinstance(inputs, torch.Tensor) else list(inputs)
        given = [grad_outputs] if isinstance(grad_outputs, torch.Tensor) else grad_outputs
        firsts = [torch.ones_like(root) for root in roots] if given is None else list(given)
        leaves, inner = self._walk(roots, firsts)
        return tuple(
            leaves.get(tensor) if tensor.grad_fn is None else inner.get((tensor.grad_fn, tensor.output_nr))
            for tensor in wanted
        )

    @torch.no_grad()
    def _walk(self, roots, firsts):
        """The gradients of all leaves, {leaf: gradient}, and of all that lies between, {(node, output): gradient}."""
        arrived, leaves = {}, {}
        for root, first in zip(roots, firsts, strict=True):
            _deliver(arrived, root.grad_fn, root.output_nr, first)
        for node in _in_order([root.grad_fn for root in roots]):
            if hasattr(node, "variable"):
                if (node, 0) in arrived:
                    leaves[node.variable] = arrived[node, 0]
                continue
            count = len(node._input_metadata)
            for place, hook in self._hooks[node]:
                changed = hook(arrived[node, place])
                arrived[node, place] = arrived[node, place] if changed is None else changed
            gradients = [arrived.get((node, place)) for place in range(count)]
            if all(gradient is None for gradient in gradients):
                continue
            given = node.apply(*gradients) if hasattr(node, "apply") else node(*gradients)
            given = given if isinstance(given, tuple) else (given,)
            for (before, place), gradient in zip(node.next_functions, given):
                if before is not None and gradient is not None:
                    _deliver(arrived, before, place, gradient)
        return leaves, arrived


def _convert(module, function, recurse=True):
    """``Module._apply``, which converts a module in place: with new parameters, as a fake one cannot become a real one."""
    for part in module.modules() if recurse else [module]:
        for name, parameter in part._parameters.items():
            if parameter is not None:
                part._parameters[name] = nn.Parameter(function(parameter.detach()), parameter.requires_grad)
        for name, buffer in part._buffers.items():
            part._buffers[name] = None if buffer is None else function(buffer)
    return module


def _choose(own, plain):
    """A function that takes the fake GPU's tensors to ``own`` and all others to ``plain``."""

    def chosen(tensors, *arguments, **options):
        first = tensors if isinstance(tensors, torch.Tensor) else tensors[0]
        return (own if isinstance(first, FakeTensor) else plain)(tensors, *arguments, **options)

    return chosen


def _deliver(arrived, node, place, gradient):
    """Add a gradient to what has arrived at a node, in the shape and type that it wants, as PyTorch's engine does."""
    wanted = node._input_metadata[place]
    if gradient.device != wanted.device:
        raise RuntimeError(f"{node.name()} wants a gradient on {wanted.device}, and one on {gradient.device} arrives")
    gradient = gradient.sum_to_size(tuple(wanted.shape)).to(wanted.dtype)
    arrived[node, place] = arrived[node, place] + gradient if (node, place) in arrived else gradient


def _in_order(roots):
    """All nodes behind some, each before those that it hands gradients on to."""
    order, seen, waiting = [], set(), [(root, False) for root in roots]
    while waiting:
        node, is_done = waiting.pop()
        if is_done:
            order.append(node)
        elif node is not None and node not in seen:
            seen.add(node)
            waiting.append((node, True))
            waiting += [(before, False) for before, _ in node.next_functions]
    return reversed(order)
