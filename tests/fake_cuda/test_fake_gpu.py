"""The GPU that is not there, itself: what it must let through, what it must catch, and its backward pass against PyTorch's."""

import pytest
import torch
from fake_gpu import GPU, FakeGPU, HostWaitError
from nets import TinyConv, seeded
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorDeviceMismatchError

from mindseye.facets.sort import sort_values
from mindseye.optimize.regularizers.redirected_relu import redirect_gradients

WAITS = {
    "item": lambda there, here: there.sum().item(),
    "float": lambda there, here: float(there.max()),
    "bool": lambda there, here: bool((there > 0).any()),
    "list": lambda there, here: there.tolist(),
    "to the CPU": lambda there, here: there.cpu(),
    "to the CPU without waiting": lambda there, here: there.to("cpu", non_blocking=True),
    "into a tensor of the CPU": lambda there, here: here.copy_(there),
    "nonzero": lambda there, here: there.nonzero(),
    "by a mask": lambda there, here: there[there > 0],
    "into a mask": lambda there, here: there.index_put_((there > 0,), there.sum()),
    "inverse": lambda there, here: torch.linalg.inv(there.view(2, 2)),
    "counts": lambda there, here: there.long().bincount(),
    "unique": lambda there, here: there.unique(),
    "by places on the CPU": lambda there, here: there[torch.tensor([0, 1])],
    "from the CPU": lambda there, here: here.to(GPU),
    "much from the CPU": lambda there, here: torch.zeros(2**15).to(GPU, non_blocking=True),
    "made of numbers there": lambda there, here: torch.tensor([1.0, 2.0], device=GPU),
    "from a tensor of the CPU": lambda there, here: there.copy_(here),
}


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_what_makes_the_host_wait_is_caught_in_a_step_alone(gpu, wait):
    """Within a step it raises; elsewhere it gives made-up values, as a painting may look at its start and at snapshots."""
    there, here = torch.rand(4, device=GPU), torch.rand(4)
    wait(there, here)
    with pytest.raises(HostWaitError), gpu.step():
        wait(there, here)


def test_a_tensor_that_was_left_on_the_cpu_is_caught_everywhere(gpu):
    there, here = torch.rand(4, device=GPU), torch.rand(4)
    with pytest.raises(FakeTensorDeviceMismatchError):
        there * here
    with pytest.raises(FakeTensorDeviceMismatchError), gpu.step():
        torch.where(here > 0, there, 0.0)


def test_a_step_may_send_a_few_numbers_without_waiting_and_work_on_the_cpu(gpu):
    there, here = torch.rand(4, device=GPU), torch.rand(4)
    with gpu.step():
        sent = here.to(there, non_blocking=True)
        assert (there * sent * torch.tensor(2.0)).device == GPU  # a single number goes with the call
        assert float(here.sum()) > 0
        assert here[here >= 0].equal(here)
    assert not isinstance(here, FakeTensor)


def test_a_wait_in_the_backward_pass_is_caught(gpu):
    class Looks(torch.autograd.Function):
        @staticmethod
        def forward(ctx, values):
            return values * 2

        @staticmethod
        def backward(ctx, gradient):
            return gradient * float(gradient.max())

    leaf = torch.rand(4, device=GPU).requires_grad_()
    loss = Looks.apply(leaf).sum()
    with pytest.raises(HostWaitError), gpu.step():
        loss.backward()


def test_a_gradient_on_the_cpu_is_caught(gpu):
    class Strays(torch.autograd.Function):
        @staticmethod
        def forward(ctx, values):
            return values * 2

        @staticmethod
        def backward(ctx, gradient):
            return torch.ones(4)

    loss = Strays.apply(torch.rand(4, device=GPU).requires_grad_() * 1).sum()
    with pytest.raises(RuntimeError, match="cpu"):
        loss.backward()


@pytest.mark.parametrize("dead", [False, True])
def test_the_walk_backward_is_pytorchs_own(dead):
    """On real tensors of the CPU: in-place modules, sums, a function of one's own, hooks on inner tensors, one leaf twice."""
    walker, network = FakeGPU(), seeded(TinyConv)
    image = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0)).requires_grad_()
    other = torch.rand(3, 1, 1, generator=torch.Generator().manual_seed(1)).requires_grad_()

    def loss():
        sorted_values = sort_values((image * other).flatten(2))
        outputs = network(image + other - 9 * dead)
        return outputs.sum() + (sorted_values * torch.linspace(0, 1, 256)).sum() + image.square().sum()

    with redirect_gradients(network):
        wanted = torch.autograd.grad(loss(), (image, other))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.Tensor, "register_hook", lambda tensor, hook: walker._register_hook(tensor, hook))
        with redirect_gradients(network):
            total = loss()
            found = walker._walk([total], [torch.ones(())])[0]
    torch.testing.assert_close((found[image], found[other]), wanted)


def test_afterwards_everything_is_as_it_was():
    kept = torch.Tensor.backward, torch.autograd.grad, torch.Tensor.register_hook, torch.Generator
    with FakeGPU():
        torch.zeros(1, device=GPU)
    assert (torch.Tensor.backward, torch.autograd.grad, torch.Tensor.register_hook, torch.Generator) == kept
    leaf = torch.ones(2).requires_grad_()
    leaf.sum().backward()
    assert torch.equal(leaf.grad, torch.ones(2))
    if not torch.cuda.is_available():
        with pytest.raises((RuntimeError, AssertionError)):
            torch.zeros(1, device=GPU)
