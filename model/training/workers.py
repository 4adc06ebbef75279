"""Several processes on one run: each works on its share of every batch, and together they do what one would."""

import datetime
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.autograd.function import once_differentiable

from model.errors import WorkerError

_PATIENCE = datetime.timedelta(days=2)  # one may wait so long for another; an end of one is noticed at once


@dataclass(frozen=True)
class Workers:
    """Which of how many processes this is; without ``torchrun``, the only one."""

    number: int = 0
    count: int = 1

    def share(self, total: int) -> slice:
        """Return which of so many images are this worker's; the shares differ by one at most.

        >>> [Workers(number, 3).share(64) for number in range(3)]
        [slice(0, 21, None), slice(21, 42, None), slice(42, 64, None)]
        """
        return slice(total * self.number // self.count, total * (self.number + 1) // self.count)

    def add_up(self, tensor: Tensor) -> Tensor:
        """Replace a tensor by its sum over all workers, and return it.

        Raises:
            WorkerError: Another worker has ended.
        """
        if self.count > 1:
            with noticing():
                distributed.all_reduce(tensor)
        return tensor

    def gather(self, thing: Any) -> list[Any]:
        """Return what each worker has brought, in order, to all of them.

        Raises:
            WorkerError: Another worker has ended.
        """
        if self.count == 1:
            return [thing]
        found: list[Any] = [None] * self.count
        with noticing():
            distributed.all_gather_object(found, thing)
        return found

    def add_gradients(self, network: nn.Module) -> None:
        """Replace every gradient by its sum over all workers, in one message."""
        if self.count == 1:
            return
        gradients = [weight.grad for weight in network.parameters() if weight.grad is not None]
        total = self.add_up(torch.cat([gradient.flatten() for gradient in gradients]))
        for gradient, part in zip(gradients, total.split([each.numel() for each in gradients]), strict=True):
            gradient.copy_(part.view(gradient.shape))


@contextmanager
def noticing() -> Iterator[None]:
    """Say in a sentence that another worker has ended, where the backend says so in its own words."""
    try:
        yield
    except RuntimeError as error:
        raise _ended() from error


@contextmanager
def joined(device: str) -> Iterator[Workers]:
    """Join the processes that ``torchrun`` started, if it did; they part when all are done."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Workers()
        return
    distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo", timeout=_PATIENCE)
    earlier = signal.signal(signal.SIGTERM, _end)  # so torchrun ends all others when one has ended
    workers = Workers(distributed.get_rank(), count)
    try:
        yield workers
        # Who parts early breaks the connections of those that still work. One that was interrupted has left already.
        with suppress(WorkerError):
            workers.gather(None)
    finally:
        signal.signal(signal.SIGTERM, earlier)
        distributed.destroy_process_group()


def _end(*_: object) -> None:
    raise _ended()


def _ended() -> WorkerError:
    return WorkerError(
        "Another process of this run has ended, or all were told to.",
        "All of them are needed.",
        "Where there is a checkpoint, start the same command with --resume.",
    )


class SharedBatchNorm(nn.BatchNorm2d):
    """Batch norm whose mean and variance, in training mode, are those of the whole batch, over all workers.

    PyTorch's ``SyncBatchNorm`` does the same on a GPU alone.
    """

    workers: Workers

    @classmethod
    def take_over(cls, norm: nn.BatchNorm2d, workers: Workers) -> "SharedBatchNorm":
        """Return one that has the very parameters and statistics of a batch norm."""
        shared = cls(norm.num_features, norm.eps, norm.momentum)
        shared.weight, shared.bias = norm.weight, norm.bias
        shared.running_mean, shared.running_var = norm.running_mean, norm.running_var
        shared.num_batches_tracked = norm.num_batches_tracked
        shared.workers = workers
        return shared.train(norm.training)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``weight * (x - mean) / sqrt(variance + eps) + bias`` for this worker's images (N, C, H, W)."""
        if not self.training:
            return super().forward(x)
        y, mean, variance, count = _Normalise.apply(x, self.weight, self.bias, self.eps, self.workers)
        self._follow(mean, variance * (count / (count - 1)))
        return y  # type: ignore[no-any-return]

    @torch.no_grad()
    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        assert self.running_mean is not None  # noqa: S101 (it is built so)
        assert self.running_var is not None  # noqa: S101
        assert self.num_batches_tracked is not None  # noqa: S101
        self.num_batches_tracked.add_(1)
        self.running_mean.lerp_(mean, self.momentum or 0.0)
        self.running_var.lerp_(variance, self.momentum or 0.0)


class _Normalise(torch.autograd.Function):
    """Normalise by the sums over all workers, forwards and backwards.

    With ``z = (x - mean) / s``, ``s = sqrt(variance + eps)`` and n values a channel, the gradient of ``y = w z + b``
    is ``dx = w / s * (dy - sum(dy) / n - z * sum(dy * z) / n)``, where the sums run over all workers' values. Those
    for w and b are this worker's part: they are added up with all other gradients.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float, workers: Workers) -> Any:
        values = x.new_full((1,), x.numel() / x.shape[1])
        *sums, count = workers.add_up(torch.cat([x.sum((0, 2, 3)), values])).split(1)
        mean = torch.cat(sums) / count
        centred = x - _by_channel(mean)
        variance = workers.add_up(centred.square().sum((0, 2, 3))) / count
        scale = torch.rsqrt(variance + eps)
        z = centred * _by_channel(scale)
        ctx.save_for_backward(z, weight * scale)
        ctx.workers, ctx.count = workers, count
        ctx.mark_non_differentiable(mean, variance, count)
        return z * _by_channel(weight) + _by_channel(bias), mean, variance, count

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor, *_: Any) -> Any:
        z, slope = ctx.saved_tensors
        bias, weight = dy.sum((0, 2, 3)), (dy * z).sum((0, 2, 3))
        both = ctx.workers.add_up(torch.stack([bias, weight])) / ctx.count
        dx = _by_channel(slope) * (dy - _by_channel(both[0]) - z * _by_channel(both[1]))
        return dx, weight, bias, None, None


def _by_channel(values: Tensor) -> Tensor:
    return values[None, :, None, None]
